// Package dictionary explains a project to the readers of its tables: as one HTML page, as Markdown, and
// as lists of definitions and recipients, all in Dutch.
//
// Words:
//
//   - A Dictionary is the content of these documents. The same project gives the same bytes.
//   - A Drawing shows which table reads which, as SVG: a box for each table, a line for each read.
//   - A band is the part of the drawing with one layer, or the sources. It has one or more columns.
//   - A bend is the place where a line passes a column.
package dictionary
