// Package contract reads the contracts of sources and the reference tables of a project.
//
// Words:
//
//   - A contract, sources/<name>.yaml, is the agreement with the supplier of one source: the place, format
//     and columns of its files, and when one is refused.
//   - A place (from) is where files come from: a folder, an SFTP or HTTPS server, an object store or a
//     query.
//   - The As name of a column is our name for it; the supplier's names are Name and Aliases.
//   - Drift is a difference from the contract or from the preceding delivery with which a delivery can
//     still be loaded.
//   - A pakbon is a file or trailer in which the supplier states what a delivery contains.
//   - A reference table is a CSV file in the project that models read as ref.<name>.
package contract
