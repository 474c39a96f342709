// Package report writes two documents that leave the organisation.
//
// Words:
//
//   - A bounce report tells a supplier which records of a delivery were not loaded: an Excel file with
//     totals and, for every fault, the line, the column, the reason and the value. The caller has
//     removed everything personal from it.
//   - The answer to a person is a page with everything that is stored about that person.
package report
