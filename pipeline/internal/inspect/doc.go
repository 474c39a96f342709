// Package inspect looks at a data directory without changing it.
//
// Words:
//
//   - A Plan says what a run would do now, if every delivery that it loads is accepted.
//   - A Trace says what a table or column is made from, down to the deliveries.
//   - A Shell is a database in memory with the tables of a project on one peildatum.
//   - A DeliveryView is everything known about one delivery.
package inspect
