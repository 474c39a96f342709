package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// The proportions of the caseload.
const (
	caseloadPct     = 65   // of the municipal people of the Participatiewet: also on benefit
	othersPerKnown  = 2    // people on benefit outside the population, for each one in it
	maxOthers       = 1500 // their maximum number
	newInQuarterPct = 4    // came in the last quarter
	goneInQuarter   = 3    // percentage that left in the last quarter
)

// client is a person on benefit. A zero until means that the benefit continues.
type client struct {
	bsn         string
	gemeente    string
	from, until time.Time
}

// newClients makes the Participatiewet caseload: some of the people for whom a gemeente is responsible,
// and others, who may or may not belong in the register.
func newClients(people *population, rng *rand.Rand) []client {
	var list []client
	on := func(bsn, gemeente string) {
		last := quarterEnds[quarters-1]
		c := client{bsn: bsn, gemeente: gemeente, from: drawDay(rng, day(2008, 1, 1), quarterEnds[quarters-2])}
		switch roll := rng.IntN(100); {
		case roll < newInQuarterPct:
			c.from = drawDay(rng, quarterEnds[quarters-2], last)
		case roll < newInQuarterPct+goneInQuarter:
			c.until = drawDay(rng, quarterEnds[quarters-2], last)
		}
		list = append(list, c)
	}
	for _, p := range people.persons {
		c := p.categorieOn(quarterEnds[quarters-1])
		if p.klantVan != klantVanGemeente || c != categoriePW && c != "" {
			continue
		}
		if rng.IntN(100) < caseloadPct {
			on(p.bsn, p.gemeente[quarters-1])
		}
	}
	for range min(othersPerKnown*len(list), maxOthers) {
		home := people.persons[rng.IntN(len(people.persons))].gemeente[quarters-1]
		bsn := people.bsns.next()
		if rng.IntN(everyZeroBSN) == 0 {
			bsn = people.bsns.nextWithZero()
		}
		on(bsn, home)
	}
	slices.SortFunc(list, func(a, b client) int { return cmp.Compare(a.bsn, b.bsn) })
	return list
}

// clientenTable returns one row for each client on the peildatum of the quarter.
func clientenTable(clients []client, q int, s *speller) table {
	t := table{header: []string{columnBSN, columnGemeente, "DatInstroom"}, free: columnGemeente, dated: "DatInstroom"}
	peildatum := quarterEnds[q]
	for _, c := range clients {
		if c.from.After(peildatum) || !c.until.IsZero() && !c.until.After(peildatum) {
			continue
		}
		t.rows = append(t.rows, []string{c.bsn, s.gemeente(c.gemeente), s.dateOf(c.from)})
	}
	return t
}
