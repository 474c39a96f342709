package demo

import (
	"math/rand/v2"
	"time"
)

// registration is one grondslag of a person in the register.
type registration struct {
	grondslag  string
	begin, end time.Time // a zero end is open
	loonwaarde float64   // percentage; 0 if not measured
}

// endOn returns the end as known on peildatum.
func (r registration) endOn(peildatum time.Time) time.Time {
	if r.end.After(peildatum) {
		return time.Time{}
	}
	return r.end
}

// drawRegistrations draws registrations that make responsible (GEMEENTE or UWV) responsible for a person
// from begin on, the deciding one first. The others do not change that: they ended earlier, last one day,
// or rank lower in the order WSW_DET, Wajong, WSW_BW, WIW_ID, Participatiewet.
func drawRegistrations(rng *rand.Rand, responsible string, begin time.Time) []registration {
	switch {
	case responsible == klantVanUWV:
		return wajong(rng, begin)
	case rng.IntN(100) < 28:
		return wswWiw(rng, begin)
	default:
		return participatiewet(rng, begin)
	}
}

func wajong(rng *rand.Rand, begin time.Time) []registration {
	main := registration{grondslag: "WAJ_NIEUW", begin: begin}
	if rng.IntN(100) < 48 {
		main.grondslag = "WAJ_OUD"
	}
	switch roll := rng.IntN(100); {
	case roll < 2:
		return []registration{main, {grondslag: "WSW_BW", begin: begin.AddDate(0, 0, 20)}}
	case roll < 5:
		return []registration{main, endedBefore("TIJDELIJK", begin)}
	case roll < 6:
		return []registration{main, oneDay("PW_INDICATIE", begin)}
	default:
		return []registration{main}
	}
}

func wswWiw(rng *rand.Rand, begin time.Time) []registration {
	switch roll := rng.IntN(100); {
	case roll < 8:
		return []registration{{grondslag: "WSW_DET", begin: begin}, {grondslag: "WAJ_OUD", begin: begin}}
	case roll < 55:
		return []registration{{grondslag: "WSW_DET", begin: begin}}
	case roll < 80:
		return []registration{{grondslag: "WSW_BW", begin: begin}}
	default:
		return []registration{{grondslag: "WIW_ID", begin: begin}}
	}
}

func participatiewet(rng *rand.Rand, begin time.Time) []registration {
	main := registration{grondslag: "PW_INDICATIE", begin: begin}
	measured := 20
	switch roll := rng.IntN(100); {
	case roll < 44:
	case roll < 70:
		main.grondslag, measured = "PW_PRAKTIJKROUTE", 85
	case roll < 90:
		main.grondslag = "VSO_PRO"
	case roll < 97:
		main.grondslag = "WAJ_AFGEWEZEN"
	default:
		main.grondslag = "TIJDELIJK"
	}
	if rng.IntN(100) < measured {
		main.loonwaarde = 30 + float64(rng.IntN(121))/2
	}
	if main.grondslag == "TIJDELIJK" {
		return []registration{main}
	}
	switch roll := rng.IntN(100); {
	case roll < 6:
		return []registration{main, endedBefore("TIJDELIJK", begin)}
	case roll < 9:
		return []registration{main, oneDay("WAJ_NIEUW", begin)}
	case roll < 12:
		return []registration{main, endedBefore("WAJ_NIEUW", begin)}
	case roll < 15 && main.grondslag != "VSO_PRO":
		return []registration{main, {grondslag: "VSO_PRO", begin: begin}}
	default:
		return []registration{main}
	}
}

// endedBefore returns a registration that ended on the day before begin.
func endedBefore(grondslag string, begin time.Time) registration {
	return registration{grondslag: grondslag, begin: begin.AddDate(0, -4, 0), end: begin.AddDate(0, 0, -1)}
}

// oneDay returns a registration that was withdrawn on the same day, so it does not count.
func oneDay(grondslag string, begin time.Time) registration {
	d := begin.AddDate(0, 0, 17)
	return registration{grondslag: grondslag, begin: d, end: d}
}

var registerHeader = []string{
	columnBSN, "CdGrondslag", "DatBRegistratie", "DatERegistratie", columnGemeente, columnCode, "PercLoonwaarde",
}

// registerTable returns one row for each registration that began by the peildatum of the quarter.
func registerTable(persons []*person, q int, s *speller) table {
	t := table{header: registerHeader, free: columnGemeente, dated: "DatBRegistratie"}
	peildatum := peildatumOf(q)
	for _, p := range byPerson(persons) {
		if q != earlierQuarter && p.registerTo <= q {
			continue
		}
		for _, r := range p.registrations {
			if r.begin.After(peildatum) {
				continue
			}
			t.rows = append(t.rows, []string{
				p.bsn, s.codeOf(r.grondslag), s.dateOf(r.begin), s.dateOf(r.endOn(peildatum)),
				s.gemeente(p.home(q)), s.gemeentecode(p.home(q)), s.decimal(r.loonwaarde),
			})
		}
	}
	return t
}

// The categorieën of the register.
const (
	categorieWajong = "WAJONG"
	categorieWsw    = "WSW_WIW_ID"
	categoriePW     = "PARTICIPATIEWET"
)

// categorieRank is the rank of the deciding grondslagen; that of others is 1.
var categorieRank = map[string]int{"WSW_DET": 4, "WAJ_OUD": 3, "WAJ_NIEUW": 3, "WSW_BW": 2, "WIW_ID": 2}

// categorieOn returns the categorie of p on a day, in order of precedence: WSW_DET, Wajong, others, the
// Participatiewet. It is "" without an active registration; one of a single day never counts.
func (p *person) categorieOn(on time.Time) string {
	best := 0
	for _, r := range p.registrations {
		if r.begin.After(on) || r.begin.Equal(r.end) || !r.end.IsZero() && r.end.Before(on) {
			continue
		}
		best = max(best, categorieRank[r.grondslag], 1)
	}
	return [...]string{"", categoriePW, categorieWsw, categorieWajong, categorieWsw}[best]
}

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
