// Package audit judges: what the checks found, what is overdue, and whether a BSN would be published.
//
// Words:
//
//   - A verdict is what a check says of a group on a peildatum; see [inbeeld/checks/judge.Verdict].
//   - A finding (bevinding) is a verdict as the ledger records it, with the texts that readers may see.
//   - A block is a reason not to publish.
//   - Ages are the verdicts that depend on the clock: freshness, and retention periods.
//   - A backtest judges a check file on stored stands, as if it had always been in the project.
package audit
