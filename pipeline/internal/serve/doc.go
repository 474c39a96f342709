// Package serve runs the schedules: it is the service that works day and night.
//
// Words:
//
//   - An order is a window whose turn it is.
//   - A child is the process that carries out an order: the same binary, so that the memory of a run
//     returns to the system and a crash of a run is just an outcome.
//   - A tick is one look at clock, ledger and child. The service acts only in ticks, and writes to the
//     ledger first what must survive it.
package serve
