package demo

import (
	"math/rand/v2"
	"time"
)

// earlierQuarter is the quarter of the first register, years before the others.
const earlierQuarter = -1

// earlierPeildatum is its peildatum.
var earlierPeildatum = day(2016, 6, 30)

// initialShare is the percentage of the earlier register that was registered on its first day.
const initialShare = 60

// earlierRegister returns the people in the register on the earlier peildatum, the published number for
// each categorie: people of the population who were registered by then, and others, who left before the
// first quarter.
func (p *population) earlierRegister(f figures, rng *rand.Rand) []*person {
	var list []*person
	for _, c := range []struct {
		categorie string
		n         int
		newPerson func(*rand.Rand) *person
	}{
		{categorieWajong, f.inRegister - f.participatiewet - f.wswWiw, formerPerson(wajong)},
		{categorieWsw, f.wswWiw, formerPerson(wswWiw)},
		{categoriePW, f.participatiewet, formerPerson(participatiewet)},
	} {
		found := 0
		for _, q := range p.persons {
			if found == c.n {
				break
			}
			if q.categorieOn(earlierPeildatum) == c.categorie {
				list = append(list, q)
				found++
			}
		}
		for ; found < c.n; found++ {
			q := c.newPerson(rng)
			q.bsn = p.bsns.next()
			home := p.persons[rng.IntN(len(p.persons))].gemeente[0]
			for i := range q.gemeente {
				q.gemeente[i] = home
			}
			list = append(list, q)
		}
	}
	return list
}

// formerPerson makes a person who is in no later delivery.
func formerPerson(newRegistrations func(*rand.Rand, time.Time) []registration) func(*rand.Rand) *person {
	return func(rng *rand.Rand) *person {
		begin := registerBegan
		if rng.IntN(100) >= initialShare {
			begin = drawDay(rng, registerBegan, earlierPeildatum)
		}
		return &person{registered: begin, registrations: newRegistrations(rng, begin)}
	}
}
