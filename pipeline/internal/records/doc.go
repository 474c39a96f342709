// Package records reads the records of a delivered text file and hands them on as columns.
//
// A record is what lies between two line ends; a line end inside a quoted field does not end it.
// Every record of a file is counted, blank lines, header and total line too. Its regel is the
// physical line, from 1, on which it starts.
//
// The header is the first of the first 50 records that holds at least half of the required columns
// of the contract. Where there is none, it is the first two of those records, one below the other, of
// which the texts joined with a space hold that many.
//
// Niet-data are the records that are recognised as something else than data: everything above the
// header and the header itself, records whose fields are all empty, and a total line with all that
// is below it. A file without a header is niet-data altogether.
//
// A fault is what makes a data record unreadable as a whole: bytes that do not decode, broken
// quoting, a record that is too long, another number of fields than the header. A faulty record
// keeps its place as a row without values, so that no record disappears.
//
// The balance of a file is records = niet-data + data, and it always closes.
//
// Types, keys and persons are not known here: every value is text.
package records
