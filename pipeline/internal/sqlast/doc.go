// Package sqlast finds the tables and columns that a SELECT reads, and orders models by them.
//
// Words:
//
//   - A query is one SELECT, read from the syntax tree that DuckDB's own parser returns.
//   - A reference is a place in a query that names a table, a function or a column.
//   - A problem is the reason why a query is refused, such as a table whose schema is unknown.
//   - A graph has models as nodes and references to other models as edges.
//   - An origin is a column of a table that a query reads; a lineage is the origins of each column of
//     its result, read from DuckDB's logical plan.
package sqlast
