// Package intake tells which deliveries exist and which are in force. It takes new ones in, records
// decisions about them, and removes them when their retention ends.
//
// Words:
//
//   - A Book is everything known about the deliveries of a data directory: what landed, the decisions,
//     and the loads.
//   - A Scope says what to read: a data directory, a project, and up to which moment (Asof).
//   - A delivery is in scope if its source has a contract, the Asof includes it, and it has not expired.
//   - An original is a delivered file in landing. A load is what the lake stores of a delivery.
//   - Retention is how long originals and loads stay. A load expires by a decision, which is announced
//     one run earlier.
//   - An expectation is when the next delivery of a source is due.
package intake
