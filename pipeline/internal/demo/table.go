package demo

import (
	"cmp"
	"slices"
)

// Columns that more than one source has.
const (
	columnBSN      = "Burgerservicenr"
	columnGemeente = "NaamGemeente"
	columnCode     = "CdGemeenteGba"
)

// A table is the content of an extract before it becomes text.
type table struct {
	header []string
	rows   [][]string
	free   string // a column of text
	dated  string // a required column of dates, or one that is often filled
	key    string // the column that is the key by itself, "" when the key is made of more
	number string // a column of large numbers, "" when there is none
}

// at is the place of a column.
func (t table) at(column string) int { return slices.Index(t.header, column) }

// byPerson gives the persons in the order of their BSN, as suppliers do, so that who came first in
// the population does not show.
func byPerson(persons []*person) []*person {
	return slices.SortedFunc(slices.Values(persons), func(a, b *person) int { return cmp.Compare(a.bsn, b.bsn) })
}
