// Package serve keeps the schedules: it is the service that runs by day and by night.
//
// Words: an order is a window whose turn it is; a child is the process that carries it out, the same
// binary again, so that the memory of a run goes back to the system and a crash of a run is an outcome.
// A tick is one look at clock, ledger and child; everything that the service does, it does in a tick,
// and everything that must survive it stands in the ledger first.
package serve
