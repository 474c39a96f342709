// Package duck is the only place that talks to DuckDB.
//
// Words:
//
//   - An instance is one in-process DuckDB with its own memory limit and spill directory.
//   - A session is one connection to an instance.
//   - A stream is a sequence of record batches that SQL can read once, as a table.
package duck
