// Package publish writes the marts of a run as a new version, compares it with the published one, and
// makes it current.
//
// Words:
//
//   - A Site is the data directory as a place to publish: its marts, its warehouse and who may read
//     them.
//   - A staged version is written and verified, but not published.
//   - The gate compares a staged version with the published one. A publication that changes published
//     figures more than a mart's budget allows is held until somebody approves it.
//   - A redefinition is a published mart that this project defines differently.
//   - A pin makes an earlier version current, after a rollback, until it is released. A pin blames the
//     deliveries that it leaves out; withdrawing one of them releases it.
//   - The copy is the published version, without person-level marts, in another folder or an object
//     store.
//   - The warehouse is one DuckDB file with all marts of the published version.
package publish
