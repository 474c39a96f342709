package demo

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// placement is one job of a person. A zero end is open; a planned end is known from the start.
type placement struct {
	id         string
	person     *person
	begin, end time.Time
	planned    bool
	reden      string
	uren       float64 // a week
	verloond   float64 // a month; 0 if unknown
	soort      string
	sector     string
	door       string // who mediated; "" if unknown

	loonkostensubsidie, jobcoach, noRisk, proef bool
}

// endOn returns the end as known on the peildatum of quarter q.
func (j *placement) endOn(q int) time.Time {
	if j.planned || !j.end.After(quarterEnds[q]) {
		return j.end
	}
	return time.Time{}
}

var (
	firstBegin = day(2016, 1, 1)
	lastBegin  = day(2020, 12, 20)
)

// newPlacements gives some of the people in the register one or more consecutive jobs, in order of id. They
// begin during the registration; about one in fifty begins earlier.
func newPlacements(persons []*person, rng *rand.Rand) []*placement {
	g := &matcher{rng: rng}
	for _, p := range persons {
		gone := p.registerTo < quarters
		if p.registered.IsZero() || gone || !g.chance(willingness(p)) {
			continue
		}
		g.career(p)
	}
	slices.SortStableFunc(g.placements, func(a, b *placement) int {
		return cmp.Or(a.begin.Compare(b.begin), cmp.Compare(a.person.bsn, b.person.bsn))
	})
	for i, j := range g.placements {
		j.id = fmt.Sprintf("PL%d-%04d", j.begin.Year(), i+1)
	}
	return g.placements
}

// willingness returns the percentage that finds work: higher with a profile, highest in the Wsw.
func willingness(p *person) int {
	switch p.registrations[0].grondslag {
	case "WSW_DET", "WSW_BW":
		return 92
	}
	if p.profielFrom < never {
		return 74
	}
	return 47
}

// matcher makes placements.
type matcher struct {
	rng        *rand.Rand
	placements []*placement
}

func (g *matcher) career(p *person) {
	last := lastBegin
	if !p.registeredUntil.IsZero() && p.registeredUntil.Before(last) {
		last = p.registeredUntil
	}
	from := laterDay(p.registered, firstBegin)
	if !from.Before(last) {
		return
	}
	begin := drawDay(g.rng, from, last)
	if other := drawDay(g.rng, from, last); other.Before(begin) {
		begin = other // keeps the growth below a tenth per quarter
	}
	if p.registered.Year() >= 2018 && g.chance(8) {
		begin = p.registered.AddDate(0, 0, -10-g.rng.IntN(50))
	}
	for !begin.After(last) {
		j := g.placement(p, begin)
		if j.uren <= 28 && g.chance(3) {
			side := g.placement(p, begin)
			side.uren, side.verloond = 8, 34.5
		}
		if j.end.IsZero() || g.chance(45) {
			return
		}
		begin = j.end.AddDate(0, 0, 14+g.rng.IntN(160))
	}
}

func (g *matcher) placement(p *person, begin time.Time) *placement {
	j := &placement{
		person: p, begin: begin,
		uren:     uren[g.rng.IntN(len(uren))],
		soort:    g.soort(p),
		sector:   "MARKT",
		door:     g.pick("WSP", "WSP", "WSP", "GEMEENTE", "UWV", "UWV", "TOMIN", "ZELF", "ZELF", ""),
		jobcoach: g.chance(35),
		noRisk:   g.chance(60),
		proef:    g.chance(20),
	}
	if g.chance(18) {
		j.sector = "OVERHEID"
	}
	if p.klantVan == klantVanGemeente && p.registrations[0].loonwaarde > 0 {
		j.loonkostensubsidie = g.chance(80)
	}
	if g.chance(90) {
		j.verloond = math.Round(j.uren*52/12*(0.9+g.rng.Float64()/10)*10) / 10
	}
	switch roll := g.rng.IntN(100); {
	case roll < 50:
		months := []int{6, 7, 7, 12, 12, 12, 23}
		j.planned = true
		j.end = begin.AddDate(0, months[g.rng.IntN(len(months))], -1)
		j.reden = g.pick("EINDE_CONTRACT", "EINDE_CONTRACT", "EINDE_CONTRACT", "PROEFTIJD", "ANDER_WERK")
	case roll < 68:
		j.end = begin.AddDate(0, 2+g.rng.IntN(28), g.rng.IntN(28))
		j.reden = g.pick("EIGEN_VERZOEK", "ONTSLAG", "ZIEKTE", "ANDER_WERK", "")
	}
	g.placements = append(g.placements, j)
	return j
}

func (g *matcher) soort(p *person) string {
	switch p.registrations[0].grondslag {
	case "WSW_BW":
		return "WSW_BW"
	case "WSW_DET":
		return "DETACHERING"
	case "PW_INDICATIE", "PW_PRAKTIJKROUTE":
		if g.chance(14) {
			return "BESCHUT"
		}
	}
	return g.pick("REGULIER", "REGULIER", "REGULIER", "REGULIER", "UITZEND", "DETACHERING", "PAYROLL")
}

func (g *matcher) chance(pct int) bool { return g.rng.IntN(100) < pct }

func (g *matcher) pick(values ...string) string { return values[g.rng.IntN(len(values))] }

var plaatsingenHeader = []string{
	"PlaatsingId", columnBSN, columnGemeente, "DatBDienstverband", "DatEDienstverband", "CdRedenEinde",
	"AantContracturenPerWeek", "AantVerloondeUrenMaand", "SoortDienstverband", "Sector", "BemiddeldDoor",
	"IndLoonkostensubsidie", "IndJobcoach", "IndNoRiskpolis", "IndProefplaatsing",
}

// trialDays is the maximum length of a proefplaatsing: two months.
const trialDays = 61

// plaatsingenTable returns one row for each placement that began by the peildatum of the quarter, with
// its end as known then.
func plaatsingenTable(placements []*placement, q int, s *speller) table {
	t := table{header: plaatsingenHeader, free: "CdRedenEinde", dated: "DatBDienstverband", key: "PlaatsingId"}
	peildatum := quarterEnds[q]
	for _, j := range placements {
		if j.begin.After(peildatum) {
			continue
		}
		end, reden := j.endOn(q), ""
		if !end.IsZero() && !end.After(peildatum) {
			reden = j.reden
		}
		t.rows = append(t.rows, []string{
			j.id, j.person.bsn, s.gemeente(j.person.gemeente[q]), s.dateOf(j.begin), s.dateOf(end), reden,
			s.decimal(j.uren), s.decimal(j.verloond), s.codeOf(j.soort), s.codeOf(j.sector), s.codeOf(j.door),
			s.janee(j.loonkostensubsidie), s.janee(j.jobcoach), s.janee(j.noRisk),
			s.janee(j.proef && j.begin.AddDate(0, 0, trialDays).After(peildatum)),
		})
	}
	return t
}
