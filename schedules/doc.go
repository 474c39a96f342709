// Package schedules decides when a run is due. Its functions depend only on a schedule, records and the time.
//
// Words:
//
//   - A schedule is a list of wall-clock times in a time zone, with rules for missed ones.
//   - A window is one instant at which a schedule is due.
//   - A record is the state of a window in the ledger.
//   - A missed window was due while the service was down. Catching up is running it afterwards.
//   - A deadline is the wall-clock time by which a window must have led to a publication.
package schedules
