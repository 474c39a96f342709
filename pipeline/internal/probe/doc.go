// Package probe proposes a contract for a delivered file that has none.
//
// Words:
//
//   - A Proposal is the contract, for a person to read and change. It contains names and types, but no
//     values.
//   - A survey counts, per column, how many values could be of each type. It stores no values, only
//     hashes.
//   - The envelope of a file is its compression, archive or encryption.
package probe
