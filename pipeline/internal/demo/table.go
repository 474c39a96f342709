package demo

import (
	"cmp"
	"slices"
)

// Columns of more than one source.
const (
	columnBSN      = "Burgerservicenr"
	columnGemeente = "NaamGemeente"
	columnCode     = "CdGemeenteGba"
)

// A table is the content of an extract before it becomes text.
type table struct {
	header []string
	rows   [][]string
	free   string // a text column
	dated  string // a date column that is required or often filled
	key    string // the key, or "" if it has several columns
	number string // a column of large numbers, or ""
}

// at returns the index of a column, or -1.
func (t table) at(column string) int { return slices.Index(t.header, column) }

// byPerson sorts persons by BSN, as suppliers do, which hides their order in the population.
func byPerson(persons []*person) []*person {
	return slices.SortedFunc(slices.Values(persons), func(a, b *person) int { return cmp.Compare(a.bsn, b.bsn) })
}
