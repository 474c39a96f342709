// Package records reads the records of a delivered file and returns them as columns of text.
//
// Words:
//
//   - A format is a kind of file: CSV, XLSX, JSON, JSON lines or Parquet. Each is one driver that
//     implements format; format.go says how to add one. A form is how one file is written: its
//     format, encoding, dialect or sheet.
//   - A record is one line of a CSV file (a line end inside quotes does not end it), one row of a
//     sheet or a Parquet file, or one JSON object. Every record is counted, including blank ones,
//     the header and the total line.
//   - The regel of a record is its place: the physical line on which it starts, the row of the
//     sheet, or the number of the object or row, from 1.
//   - The header is the first of the first 50 records with at least half of the required columns of
//     the contract. If there is none, it is the first two consecutive records whose texts, joined
//     with a space, have them.
//   - Niet-data are records recognised as something other than data: everything up to and
//     including the header, records whose fields are all empty, and the total line with everything
//     below it. A file without a header is all niet-data.
//   - A fault makes a complete data record unreadable: undecodable bytes, broken quoting, an
//     overlong record, the wrong number of fields. A faulty record keeps its place as a row without
//     values, so no record disappears.
//   - The balance of a file is records = niet-data + data. It always closes.
//
// The package knows nothing of types, keys or persons.
package records
