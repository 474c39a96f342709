package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// application is a request for admission to the register. A zero decided is an unknown day.
type application struct {
	id             string
	bsn, gemeente  string
	asked, decided time.Time
	indiener       string
	route          string // "" if unknown
	uitkomst       string // final; "" if unknown
}

const (
	indienerGemeente = "GEMEENTE"
	indienerInwoner  = "INWONER"

	routeAanvraag     = "AANVRAAG"
	routePraktijk     = "PRAKTIJKROUTE"
	routeAutomatisch  = "AUTOMATISCH"
	uitkomstToegekend = "TOEGEKEND"
	uitkomstLopend    = "IN_BEHANDELING"
)

// applicationYear is the year for which the number of applications was published.
const applicationYear = 2016

// laterApplications are fictitious: gemeenten submit slightly more every year.
var laterApplications = []struct{ year, byGemeente, byInwoner int }{
	{2017, 9, 71}, {2018, 12, 68}, {2019, 15, 75}, {2020, 16, 64},
}

// everyForgotten is the number of grants of the praktijkroute for each one that never reached the register.
const everyForgotten = 4

// registrar makes applications.
type registrar struct {
	rng      *rand.Rand
	people   *population
	granted  map[string][]application // by year and route: those that led to a registration
	praktijk int                      // grants of the praktijkroute so far
	list     []application
}

// newApplications makes the published number of applications for one year, and some for later years, in
// order of id. People with a grant in the last years are in the register with the grondslag of the route,
// with a few exceptions.
func newApplications(people *population, f figures, rng *rand.Rand) []application {
	r := &registrar{rng: rng, people: people, granted: map[string][]application{}}
	r.lookBack()
	years := append([]struct{ year, byGemeente, byInwoner int }{{applicationYear, f.byGemeente, f.byInwoner}}, laterApplications...)
	for _, y := range years {
		for range y.byGemeente {
			r.apply(y.year, indienerGemeente)
		}
		for range y.byInwoner {
			r.apply(y.year, indienerInwoner)
		}
	}
	slices.SortStableFunc(r.list, func(a, b application) int {
		return cmp.Or(a.asked.Compare(b.asked), cmp.Compare(a.bsn, b.bsn))
	})
	for i := range r.list {
		r.list[i].id = fmt.Sprintf("AV%d-%04d", r.list[i].asked.Year(), i+1)
	}
	return r.list
}

func yearAndRoute(year int, route string) string { return fmt.Sprint(year, route) }

// lookBack derives when people in the register must have applied.
func (r *registrar) lookBack() {
	routes := map[string]string{"PW_INDICATIE": routeAanvraag, "PW_PRAKTIJKROUTE": routePraktijk, "VSO_PRO": routeAutomatisch, "WAJ_AFGEWEZEN": routeAanvraag}
	for _, p := range r.people.persons {
		if len(p.registrations) == 0 || !p.registeredUntil.IsZero() || p.registerTo < quarters {
			continue
		}
		route := routes[p.registrations[0].grondslag]
		decided := p.registered.AddDate(0, 0, -r.rng.IntN(8))
		a := application{
			bsn: p.bsn, gemeente: p.gemeente[0], uitkomst: uitkomstToegekend, route: route,
			asked: decided.AddDate(0, 0, -20-r.rng.IntN(56)), decided: decided,
		}
		key := yearAndRoute(a.asked.Year(), route)
		r.granted[key] = append(r.granted[key], a)
	}
}

// apply makes one application.
func (r *registrar) apply(year int, indiener string) {
	route := r.route(year, indiener)
	a := r.outcome(year, route)
	a.indiener, a.route = indiener, route
	r.list = append(r.list, a)
}

// route draws a route. Only a gemeente uses the praktijkroute, from the second year on. People from
// special schools are registered without an assessment.
func (r *registrar) route(year int, indiener string) string {
	roll := r.rng.IntN(100)
	switch {
	case roll < 3:
		return ""
	case year == applicationYear:
		return routeAanvraag
	case indiener == indienerGemeente && roll < 60:
		return routePraktijk
	case indiener == indienerInwoner && roll < 15:
		return routeAutomatisch
	}
	return routeAanvraag
}

// outcome draws the outcome of an application, and the applicant.
func (r *registrar) outcome(year int, route string) application {
	roll := r.rng.IntN(100)
	if route == routePraktijk || route == routeAutomatisch {
		roll = roll * 3 / 4 // few refusals
	}
	if roll < 60 {
		if route == routePraktijk {
			r.praktijk++
		}
		key := yearAndRoute(year, route)
		if known := r.granted[key]; len(known) > 0 && (route != routePraktijk || r.praktijk%everyForgotten != 0) {
			r.granted[key] = known[1:]
			return known[0]
		}
		if year > applicationYear && route != routePraktijk && r.rng.IntN(4) > 0 {
			roll = 60 + roll*2/3 // nobody was registered by that route then
		}
	}
	someone := r.people.persons[r.rng.IntN(len(r.people.persons))]
	a := application{
		bsn: r.people.bsns.next(), gemeente: someone.gemeente[0],
		asked: drawDay(r.rng, day(year-1, 12, 31), day(year, 12, 28)),
	}
	a.decided = a.asked.AddDate(0, 0, 18+r.rng.IntN(70))
	switch {
	case roll < 60:
		a.uitkomst = uitkomstToegekend
	case roll < 86:
		a.uitkomst = "AFGEWEZEN"
	case roll < 98:
		a.uitkomst = "INGETROKKEN"
	default:
		a.decided = time.Time{}
	}
	return a
}

var aanvragenHeader = []string{
	"AanvraagId", columnBSN, columnGemeente, "DatAanvraag", "Indiener", "Route", "Uitkomst", "DatBeslissing",
}

// aanvragenTable returns one row for each application up to the peildatum of the quarter, with its
// decision at that time.
func aanvragenTable(applications []application, q int, s *speller) table {
	t := table{header: aanvragenHeader, free: columnGemeente, dated: "DatAanvraag", key: "AanvraagId"}
	peildatum := quarterEnds[q]
	for _, a := range applications {
		if a.asked.After(peildatum) {
			continue
		}
		if a.decided.After(peildatum) {
			a.uitkomst, a.decided = uitkomstLopend, time.Time{}
		}
		t.rows = append(t.rows, []string{
			a.id, a.bsn, s.gemeente(a.gemeente), s.dateOf(a.asked), s.codeOf(a.indiener), s.codeOf(a.route),
			s.codeOf(a.uitkomst), s.dateOf(a.decided),
		})
	}
	return t
}
