// Package truth computes the marts a second time, in plain Go, from the definitions in words: no
// database, no SQL, and nothing of what the product computes with. It is slow and plain on purpose,
// and is there for tests only, which hold what a run publishes against it.
//
// Words: a World is what a region knows: the reference tables and all deliveries, each with where it
// stands. A Row is a record of a delivery as it was loaded. A Table is a mart as it should be, its
// cells in one notation: counts as they are, decimals with the digits of their column, dates as
// jjjj-mm-dd, NULL for what is empty. A difference is a cell or a row in which a published table is
// not that Table.
//
// Dates are texts in the notation jjjj-mm-dd throughout: they compare as dates do.
package truth
