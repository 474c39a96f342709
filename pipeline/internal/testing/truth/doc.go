// Package truth computes the marts a second time, in plain Go, from their definitions in words. It uses
// no database, no SQL and no code of the product. It is deliberately slow and simple. Only tests import
// it, to compare its tables with what a run publishes.
//
// Words:
//
//   - A World is what a region knows: the reference tables and all deliveries with their status.
//   - A Row is a record of a delivery as loaded.
//   - A Table is a mart as it should be. Its cells have one notation: counts as integers, decimals with
//     the digits of their column, dates as yyyy-mm-dd, NULL for an empty value.
//   - A difference is a cell or row in which a published table deviates from a Table.
//
// Dates are texts in the form yyyy-mm-dd throughout, so they compare as dates do.
package truth
