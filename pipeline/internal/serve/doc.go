// Package serve is the service that runs the schedules.
//
// Words:
//
//   - A window is a moment at which a schedule asks for a run. An order is a window that is due.
//   - A child is the process that carries out an order: the same binary, so that the memory of a run
//     returns to the system and a crash of a run is just an outcome.
//   - A tick is one look at clock, ledger and child. The service acts only in ticks, and first writes
//     to the ledger what must survive a crash.
package serve
