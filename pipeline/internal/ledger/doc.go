// Package ledger stores what runs did, one file per run, and the lock that lets only one run at a time
// work on a data directory.
//
// Words:
//
//   - A run has stages, and a stage has counts. The outcome is how the run ended.
//   - A window is a moment at which a schedule is due. It is stored as a run as soon as it is due,
//     even if it is then skipped.
//   - An attempt is a run of a window that decided nothing; another may follow.
//   - A window is decided once nothing more will be done for it.
//   - An event is something that no run can report, such as a missed deadline.
package ledger
