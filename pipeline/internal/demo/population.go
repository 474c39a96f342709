package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// quarters is the number of peildata.
const quarters = 8

// never is the quarter of an event that does not happen.
const never = quarters

// registerBegan is the first day of the register.
var registerBegan = day(2015, 1, 1)

// quarterEnds are the peildata.
var quarterEnds = [quarters]time.Time{
	day(2019, 3, 31), day(2019, 6, 30), day(2019, 9, 30), day(2019, 12, 31),
	day(2020, 3, 31), day(2020, 6, 30), day(2020, 9, 30), day(2020, 12, 31),
}

// The proportions of the population.
const (
	registerPerClient = 1.0845 // people in the register for each one in Sonar
	entrantsPct       = 28     // of the clients of the last quarter: came after the first
	leaversPct        = 14     // of that number: former clients
	moversPct         = 2      // lived in another gemeente of the region before
	lateProfilePct    = 35     // of the profiles: made after the person became a client

	everyZeroBSN     = 60  // one in so many has a BSN with a leading zero
	everyUnlisted    = 140 // … of the clients is not in the register
	everyEnded       = 310 // … of the clients has a registration that ended
	everyMismatch    = 350 // … is the client of another organisation than the register makes responsible
	reserveBSNs      = 64
	municipalExtra   = 35 // percentage, of those in the register and not in Sonar
	vanishedPct      = 15 // of the leavers: also gone from the register
	automaticInitial = 30 // percentage registered on the day the register began
	settledPct       = 22 // of the clients of the last quarter: so many with a Wajong are in the register only, from its first years on
	settledLeavers   = 60 // percentage of these whose registration ends in one of the quarters
)

// person is the history of a person over the quarters. Ranges are half-open: From is included, To is not.
type person struct {
	bsn                string
	klantVan           string
	gemeente           [quarters]string // where the person lives on each peildatum
	sonarFrom, sonarTo int
	profielFrom        int
	profielDates       []time.Time // changes of the profile, oldest first
	profiel            profiel

	registrations   []registration
	registered      time.Time // first day of the registration that counts; zero if never registered
	registeredUntil time.Time // its last day; zero if it continues
	registerTo      int       // the first quarter in which the register omits the person
}

func (p *person) inSonar(q int) bool    { return p.sonarFrom <= q && q < p.sonarTo }
func (p *person) hasProfiel(q int) bool { return p.profielFrom <= q }

// home returns where p lives on the peildatum of quarter q, which may be earlierQuarter.
func (p *person) home(q int) string { return p.gemeente[max(q, 0)] }

// peildatumOf returns the peildatum of quarter q, which may be earlierQuarter.
func peildatumOf(q int) time.Time {
	if q == earlierQuarter {
		return earlierPeildatum
	}
	return quarterEnds[q]
}

// profielDate returns the last change of the profile by the peildatum of q.
func (p *person) profielDate(q int) time.Time {
	var last time.Time
	for _, d := range p.profielDates {
		if !d.After(quarterEnds[q]) {
			last = d
		}
	}
	return last
}

// population is all people, with unused BSNs for failing records.
type population struct {
	persons []*person
	reserve []string
	bsns    issuer
}

// newPopulation makes the clients of the letter, in the last quarter, and works back from there: when each
// of them came, who left before, and who is in the register only.
func newPopulation(letter []clientCount, rng *rand.Rand) *population {
	b := &births{rng: rng, bsns: issuer{rng: rng, used: map[int]bool{}}}
	for _, cell := range letter {
		b.gemeenten = append(b.gemeenten, cell.gemeente)
	}
	previous := ""
	for _, cell := range letter {
		for range cell.n {
			b.client(cell, cell.gemeente != previous)
			previous = cell.gemeente
		}
	}
	clients := b.persons
	listed := 0
	for _, p := range clients {
		if p.registeredUntil.IsZero() && !p.registered.IsZero() {
			listed++
		}
	}
	for range len(clients) * leaversPct / 100 {
		b.leaver(clients[rng.IntN(len(clients))])
	}
	extra := int(math.Round(registerPerClient*float64(len(clients)))) - listed
	for range extra {
		b.registerOnly(clients[rng.IntN(len(clients))])
	}
	reserve := make([]string, reserveBSNs)
	for i := range reserve {
		reserve[i] = b.bsns.next()
	}
	for range len(clients) * settledPct / 100 {
		b.settled(clients[rng.IntN(len(clients))])
	}
	return &population{persons: b.persons, reserve: reserve, bsns: b.bsns}
}

// births makes people.
type births struct {
	rng       *rand.Rand
	bsns      issuer
	gemeenten []string
	persons   []*person
}

// client makes a client of the last quarter. A settled one was there from the first quarter and never
// moved, so that every gemeente has a client on every peildatum.
func (b *births) client(cell clientCount, settled bool) {
	serial := len(b.persons)
	p := b.person(cell.klantVan, cell.gemeente)
	p.sonarTo = quarters
	if !settled && b.chance(entrantsPct) {
		p.sonarFrom = 1 + b.rng.IntN(quarters-1)
	}
	if !settled && b.chance(moversPct) {
		b.moved(p)
	}
	b.makeProfiel(p, cell.metProfiel)
	switch {
	case serial%everyUnlisted == everyUnlisted/2:
	case serial%everyEnded == everyEnded/2:
		b.register(p, b.registrationDay(p.sonarFrom))
		b.end(p, laterDay(p.registered.AddDate(0, 0, 5), day(2020, 1, 15+serial%60)))
	default:
		b.register(p, b.registrationDay(p.sonarFrom))
	}
}

// leaver makes a person similar to a client who left Sonar before the last quarter.
func (b *births) leaver(like *person) {
	p := b.person(like.klantVan, like.gemeente[quarters-1])
	p.sonarTo = 1 + b.rng.IntN(quarters-1)
	if b.chance(entrantsPct / 2) {
		p.sonarFrom = b.rng.IntN(p.sonarTo)
	}
	b.makeProfiel(p, like.hasProfiel(quarters-1) || b.chance(10))
	b.register(p, b.registrationDay(p.sonarFrom))
	if b.chance(vanishedPct) {
		p.registerTo = p.sonarTo
		return
	}
	b.end(p, drawDay(b.rng, quarterEnds[p.sonarTo-1], quarterEnds[p.sonarTo]))
}

// registerOnly makes a person who lives where a client lives and is not in Sonar.
func (b *births) registerOnly(like *person) {
	klantVan := klantVanUWV
	if b.chance(municipalExtra) {
		klantVan = klantVanGemeente
	}
	p := b.person(klantVan, like.gemeente[quarters-1])
	p.sonarFrom, p.sonarTo, p.profielFrom = never, never, never
	from := 0
	if b.chance(2 * entrantsPct) {
		from = 1 + b.rng.IntN(quarters-1)
	}
	b.register(p, b.registrationDay(from))
}

// settled makes a person with a Wajong who has been in the register since its first years and never in
// Sonar. Many of these registrations end: the Wajong is closed to newcomers.
func (b *births) settled(like *person) {
	p := b.person(klantVanUWV, like.gemeente[quarters-1])
	p.sonarFrom, p.sonarTo, p.profielFrom = never, never, never
	p.registered = registerBegan
	if !b.chance(initialShare) {
		p.registered = drawDay(b.rng, registerBegan, earlierPeildatum)
	}
	p.registrations = wajong(b.rng, p.registered)
	if b.chance(settledLeavers) {
		q := 1 + b.rng.IntN(quarters-1)
		b.end(p, drawDay(b.rng, quarterEnds[q-1], quarterEnds[q]))
	}
}

// person makes a person who never moved.
func (b *births) person(klantVan, gemeente string) *person {
	p := &person{klantVan: klantVan, registerTo: quarters, profielFrom: never}
	if len(b.persons)%everyZeroBSN == everyZeroBSN/2 {
		p.bsn = b.bsns.nextWithZero()
	} else {
		p.bsn = b.bsns.next()
	}
	for q := range p.gemeente {
		p.gemeente[q] = gemeente
	}
	b.persons = append(b.persons, p)
	return p
}

// moved gives p another gemeente before a move.
func (b *births) moved(p *person) {
	before := b.gemeenten[b.rng.IntN(len(b.gemeenten))]
	for q := range 1 + b.rng.IntN(quarters-1) {
		p.gemeente[q] = before
	}
}

// register gives p registrations that make its klantVan responsible, with few exceptions.
func (b *births) register(p *person, begin time.Time) {
	responsible := p.klantVan
	if len(b.persons)%everyMismatch == everyMismatch/2 {
		responsible = otherThan(responsible)
	}
	p.registered = begin
	p.registrations = drawRegistrations(b.rng, responsible, begin)
}

// end ends the open registrations of p and removes later ones.
func (b *births) end(p *person, last time.Time) {
	p.registeredUntil = last
	p.registrations = slices.DeleteFunc(p.registrations, func(r registration) bool {
		return !r.begin.Before(last)
	})
	for i := range p.registrations {
		if r := &p.registrations[i]; r.end.IsZero() {
			r.end = last
		}
	}
}

// registrationDay draws the day of registration of a person who becomes a client in quarter from.
func (b *births) registrationDay(from int) time.Time {
	if from > 0 {
		return drawDay(b.rng, quarterEnds[from-1].AddDate(0, 0, -75), quarterEnds[from].AddDate(0, 0, -10))
	}
	if b.chance(automaticInitial) {
		return registerBegan
	}
	return drawDay(b.rng, registerBegan, day(2019, 2, 28))
}

func (b *births) chance(pct int) bool { return b.rng.IntN(100) < pct }

// drawDay draws a day after after, up to and including last.
func drawDay(rng *rand.Rand, after, last time.Time) time.Time {
	span := int(last.Sub(after) / (24 * time.Hour))
	return after.AddDate(0, 0, 1+rng.IntN(span))
}

func otherThan(klantVan string) string {
	if klantVan == klantVanUWV {
		return klantVanGemeente
	}
	return klantVanUWV
}

func laterDay(a, b time.Time) time.Time {
	return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare)
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// issuer issues synthetic BSNs, each only once.
type issuer struct {
	rng  *rand.Rand
	used map[int]bool
}

// next issues a BSN from 999…… .
func (i *issuer) next() string { return i.from(999_000_000, 1_000_000) }

// nextWithZero issues a BSN from 01000…., which a spreadsheet writes with eight digits. There are
// about 900 of them.
func (i *issuer) nextWithZero() string { return i.from(10_000_000, 10_000) }

func (i *issuer) from(start, span int) string {
	for {
		n := start + i.rng.IntN(span)
		if !i.used[n] && elfproef(n) {
			i.used[n] = true
			return fmt.Sprintf("%09d", n)
		}
	}
}

// elfproef reports whether n is a valid BSN: weights 9 to 2 and −1 give a sum divisible by 11.
func elfproef(n int) bool {
	sum := -(n % 10)
	for weight := 2; weight <= 9; weight++ {
		n /= 10
		sum += weight * (n % 10)
	}
	return sum%11 == 0
}
