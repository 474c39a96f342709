// Package report writes the two documents that go outside the organisation.
//
// Words:
//
//   - A bounce report lists for a supplier the records of a delivery that were not loaded: an Excel
//     file with totals and, for every fault, the line, the column, the reason and the value. The
//     caller removes all personal data first.
//   - The answer to a person is a page with everything that is stored about that person.
package report
