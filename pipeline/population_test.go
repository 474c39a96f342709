package pipeline

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A population is made-up inhabitants of the region, with what every source knows about them. Chance
// decides everything, so the same seed gives the same one.
type population struct {
	*rand.Rand
	places  []popPlace
	persons []*popPerson
	begin   time.Time // the first peildatum that may occur
	used    map[string]bool
	shift   bool // from Wajong to the Participatiewet, so that their lines cross
}

// A popPlace is a gemeente of the reference.
type popPlace struct{ code, name string }

// A popStay is where somebody lives from a day on.
type popStay struct {
	from  time.Time
	place popPlace
}

type popRegistration struct {
	ground     string
	begin, end time.Time // end is zero while there is none
	place      popPlace  // where the person lived when it was written down
}

type popPlacement struct {
	id               string
	begin, end       time.Time
	hours            string
	kind, sector     string
	place            popPlace
	reason, by, paid string
	ind              [4]string
}

type popRequest struct {
	id                 string
	asked, decided     time.Time
	by, route, outcome string
	place              popPlace
}

type popPerson struct {
	bsn           string
	stays         []popStay
	registrations []popRegistration
	placements    []popPlacement
	requests      []popRequest
	client        bool
	inSonar       bool
	klantVan      string
	profileFrom   time.Time // zero is never
	visible, fit  string
	consent       string
	fields        [5]string // of the profile: opleiding, beroep, reisafstand, uren, sector
}

var popGrounds = []string{
	"WSW_DET", "WSW_BW", "WSW_BW", "WIW_ID", "WAJ_OUD", "WAJ_OUD", "WAJ_NIEUW", "WAJ_NIEUW", "PW_INDICATIE", "PW_INDICATIE", "PW_INDICATIE",
	"PW_PRAKTIJKROUTE", "VSO_PRO", "WAJ_AFGEWEZEN", "TIJDELIJK",
}

var popStrange = []string{"ONBEKEND", "WAJ", "XYZ_1", "WSW"}

func newPopulation(rnd *rand.Rand, places []popPlace, size int, begin time.Time) *population {
	p := &population{Rand: rnd, places: places, begin: begin, used: map[string]bool{}, shift: rnd.IntN(2) == 0}
	for range size {
		p.persons = append(p.persons, p.person())
	}
	return p
}

func (p *population) one(of ...string) string { return of[p.IntN(len(of))] }

// in tells whether something happens that does so once in n times.
func (p *population) in(n int) bool { return p.IntN(n) == 0 }

// day is a day around the first peildatum; some are the day itself, or days at its edges.
func (p *population) day(before, after int) time.Time {
	if p.in(8) {
		return p.begin.AddDate(0, 0, []int{0, 1, -1, 30, 90, 91, 92, -30, -31}[p.IntN(9)])
	}
	return p.begin.AddDate(0, 0, p.IntN(before+after)-before)
}

// place is a gemeente: mostly one of the eight, by size.
func (p *population) place() popPlace {
	if p.in(60) {
		return p.places[p.IntN(len(p.places))]
	}
	for _, often := range []string{"Hilversum", "Gooise Meren", "Huizen", "Weesp", "Wijdemeren", "Blaricum", "Eemnes"} {
		if p.in(4) {
			return p.named(often)
		}
	}
	return p.named("Laren")
}

func (p *population) named(name string) popPlace {
	return p.places[slices.IndexFunc(p.places, func(x popPlace) bool { return x.name == name })]
}

func (p *population) bsn() string {
	for {
		n := fmt.Sprintf("9%08d", p.IntN(100000000))
		if p.in(40) {
			n = fmt.Sprintf("01%07d", p.IntN(10000000))
		}
		if refElfproef(n) && !p.used[n] {
			p.used[n] = true
			return n
		}
	}
}

func (p *population) person() *popPerson {
	i := &popPerson{bsn: p.bsn(), stays: []popStay{{place: p.place()}}}
	for p.in(8) {
		i.stays = append(i.stays, popStay{p.day(0, 500), p.place()})
	}
	slices.SortStableFunc(i.stays, func(a, b popStay) int { return a.from.Compare(b.from) })
	for n := p.IntN(20); n > 0; n /= 4 { // none, one or two, now and then three
		i.registrations = append(i.registrations, p.registration(i))
	}
	// The key of a registration is its person, ground and begin.
	slices.SortStableFunc(i.registrations, func(a, b popRegistration) int { return a.begin.Compare(b.begin) })
	i.registrations = slices.CompactFunc(i.registrations, func(a, b popRegistration) bool { return a.begin.Equal(b.begin) && a.ground == b.ground })
	for range p.IntN(3) / 2 * (1 + p.IntN(3)) {
		i.placements = append(i.placements, p.placement(i))
	}
	if p.in(5) {
		i.requests = append(i.requests, p.request(i))
	}
	i.client, i.inSonar = p.in(3), !p.in(7)
	i.klantVan = p.one("GEMEENTE", "UWV", "UWV")
	if !p.in(3) {
		i.profileFrom = p.day(700, 500)
	}
	i.visible, i.fit, i.consent = p.one("J", "N", ""), p.one("J", "N", "N", ""), p.one("J", "J", "N", "")
	for f, of := range [][]string{
		{"VMBO", "MBO", "HBO", "MBO"},
		{"Kok", "Schoonmaker", "Chauffeur; lange ritten", "Caféhouder", "Timmer\"man\"", "Hovenier\nen boswachter"},
		{"5", "10", "25", "40,0"},
		{"8", "16,5", "24.0", "32", "36,25"},
		{"ZORG", "BOUW", "HORECA"},
	} {
		if !p.in(7) {
			i.fields[f] = p.one(of...)
		}
	}
	return i
}

// at is where somebody lives on a day.
func (i *popPerson) at(day time.Time) popPlace {
	place := i.stays[0].place
	for _, s := range i.stays {
		if !s.from.After(day) {
			place = s.place
		}
	}
	return place
}

func (p *population) registration(i *popPerson) popRegistration {
	r := popRegistration{ground: p.one(popGrounds...), begin: p.day(1500, 400)}
	switch {
	case p.in(80):
		r.ground = p.one(popStrange...)
	case p.shift && r.begin.Before(p.begin) && !p.in(4):
		r.ground = p.one("WAJ_OUD", "WAJ_NIEUW")
	case p.shift && !p.in(4):
		r.ground = p.one("PW_INDICATIE", "PW_PRAKTIJKROUTE")
	}
	switch p.IntN(10) {
	case 0:
		r.end = r.begin // a single day
	case 1, 2:
		r.end = p.day(400, 500)
	case 3:
		r.end = r.begin.AddDate(0, 0, 1+p.IntN(900))
	case 4:
		r.end = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	r.place = i.at(r.begin)
	if p.in(4) {
		r.place = p.place()
	}
	return r
}

func (p *population) placement(i *popPerson) popPlacement {
	x := popPlacement{
		id: fmt.Sprintf("PL-%d", len(p.used)*1000000+p.IntN(1000000)), begin: p.day(900, 450), hours: p.one("8", "12", "16,5", "20", "24,25", "25,5", "32", "36", "40", "0,333333", "12.75"),
		kind: p.one("REGULIER", "REGULIER", "UITZEND", "DETACHERING", "PAYROLL", "WSW_BW", "BESCHUT"), sector: p.one("OVERHEID", "MARKT", "MARKT"),
		place: i.stays[len(i.stays)-1].place, reason: p.one("", "EINDE_CONTRACT", "Eigen verzoek"), by: p.one("WSP", "GEMEENTE", "UWV", "TOMIN", "ZELF", ""),
		paid: p.one("", "", "80", "104,5", "33,333333"),
	}
	if p.in(500) {
		x.hours = p.one("0", "-4", "60", "99999999999,5") // which cannot be
	}
	switch p.IntN(6) {
	case 0, 1:
		x.end = x.begin.AddDate(0, 0, p.IntN(400))
	case 2:
		x.end = p.day(200, 500)
	case 3:
		x.end = x.begin.AddDate(0, 0, 181+p.IntN(5)) // at the edge of lasting
	}
	for n := range x.ind {
		x.ind[n] = p.one("J", "N", "", "ja", "Nee")
	}
	return x
}

func (p *population) request(i *popPerson) popRequest {
	r := popRequest{
		id: fmt.Sprintf("A%d", len(p.used)*1000000+p.IntN(1000000)), asked: p.day(700, 400), by: p.one("GEMEENTE", "INWONER", "INWONER"),
		route: p.one("AANVRAAG", "AANVRAAG", "PRAKTIJKROUTE", "AUTOMATISCH", ""), outcome: p.one("TOEGEKEND", "AFGEWEZEN", "IN_BEHANDELING", "INGETROKKEN", ""),
		place: i.at(p.begin),
	}
	if !p.in(3) {
		r.decided = r.asked.AddDate(0, 0, p.IntN(120)-1)
	}
	return r
}
