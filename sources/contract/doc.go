// Package contract reads what one supplier delivers: where it is found, what its columns mean, and what
// is refused. A reference table is a CSV file that models read as ref.<name>.
package contract
