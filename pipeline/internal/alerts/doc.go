// Package alerts composes messages from the verdicts of a run and sends them.
//
// Words:
//
//   - A condition is what a message can be about: a check of a group, a delivery, a schedule, the run itself.
//     [inbeeld/pipeline/internal/notify] decides which conditions are news, and for whom.
//   - The situation is the conditions of the checks of one run, as the ledger keeps them.
//   - The audience of a rule is its roles, resolved to recipients.
//   - A bounce report is the workbook for a supplier with the records that were not loaded.
//   - Composing writes messages to the outbox, under the lock; sending happens after it is released.
package alerts
