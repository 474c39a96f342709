package demo

import "time"

// profiel is the data of Sonar about a person, besides identity. Zero values are empty.
type profiel struct {
	zichtbaar       bool // in the kandidatenverkenner, which requires consent
	consentUnseen   bool // consents without being visible
	werkfit         bool
	ladder          int // 1–6
	opleiding       string
	beroep          string
	reisafstandKm   int
	urenBeschikbaar float64
	sector          string
}

var (
	opleidingen = []string{"PRO", "VSO", "VSO", "VMBO", "VMBO", "MBO1", "MBO1", "MBO2", "MBO2", "MBO3", "MBO4", "HBO"}
	beroepen    = []string{
		"medewerker groenvoorziening", "vakkenvuller", "caissière", "inpakker", "schoonmaker",
		"magazijnmedewerker", "baliemedewerker", "keukenhulp", "assistent verzorging",
		"medewerker lunchcafé", "conciërge", "orderpicker", "medewerker bediening; keuken",
		"fietsenmaker", "productiemedewerker", "receptionist", "postbezorger", "chauffeur; rijbewijs B",
	}
	sectoren = []string{"Detailhandel", "Groen", "Zorg", "Logistiek", "Schoonmaak", "Horeca", "Techniek", "Overheid"}
	uren     = []float64{8, 12, 16, 18, 20, 20, 22.75, 24, 24, 25.5, 27.5, 28, 30, 32, 32, 36, 38, 40}
)

// A few people typed more than a word.
const (
	everyLineBreak = 211
	beroepTwoLines = "assistent magazijn\nook: heftruck"
	everyQuote     = 307
	beroepQuoted   = `medewerker "de Plantage"`
)

// makeProfiel draws the data of Sonar about p, and when the profile was made and changed. Most profiles are
// nearly complete; without a profile little is known.
func (b *births) makeProfiel(p *person, met bool) {
	p.profiel.ladder = 1 + b.rng.IntN(6)
	if b.chance(10) {
		p.profiel.ladder = 0
	}
	p.profiel.consentUnseen = b.chance(30)
	if !met {
		p.profiel.zichtbaar = b.rng.IntN(150) == 0
		p.profiel.werkfit = b.rng.IntN(400) == 0
		if b.chance(25) {
			p.profiel.opleiding = pick(b, opleidingen, 100)
		}
		return
	}
	p.profiel = profiel{
		zichtbaar:       b.chance(88),
		consentUnseen:   p.profiel.consentUnseen,
		werkfit:         b.chance(62),
		ladder:          p.profiel.ladder,
		opleiding:       pick(b, opleidingen, 97),
		beroep:          pick(b, beroepen, 95),
		reisafstandKm:   pick(b, []int{5, 10, 10, 15, 15, 20, 25, 30, 50}, 95),
		urenBeschikbaar: pick(b, uren, 96),
		sector:          pick(b, sectoren, 96),
	}
	switch serial := len(b.persons); {
	case serial%everyLineBreak == 0:
		p.profiel.beroep = beroepTwoLines
	case serial%everyQuote == 0:
		p.profiel.beroep = beroepQuoted
	}
	p.profielFrom = p.sonarFrom
	if last := p.sonarTo - 1; p.sonarFrom < last && b.chance(lateProfilePct) {
		p.profielFrom += 1 + b.rng.IntN(last-p.sonarFrom)
	}
	made := day(2018, 1, 15)
	if p.profielFrom > 0 {
		made = quarterEnds[p.profielFrom-1]
	}
	p.profielDates = []time.Time{drawDay(b.rng, made, quarterEnds[p.profielFrom])}
	for q := p.profielFrom + 1; q < quarters; q++ {
		if b.chance(30) {
			p.profielDates = append(p.profielDates, drawDay(b.rng, quarterEnds[q-1], quarterEnds[q]))
		}
	}
}

// pick draws one of values, or the zero value for all but pct percent of people.
func pick[T any](b *births, values []T, pct int) T {
	v := values[b.rng.IntN(len(values))]
	if !b.chance(pct) {
		return *new(T)
	}
	return v
}

var sonarHeader = []string{
	columnBSN, columnGemeente, columnCode, "KlantVan", "IndKlantprofiel", "DatLaatsteWijzigingProfiel",
	"IndZichtbaar", columnConsent, "IndWerkfit", "Participatieladder", "CdOpleidingsniveau",
	"Bemiddelingsberoep", "MaxReisafstandKm", "AantUrenBeschikbaar", "Sector",
}

// sonarTable returns one row for each client of the quarter. Without a profile its fields are empty; only
// people who consented are visible.
func sonarTable(persons []*person, q int, s *speller) table {
	t := table{header: sonarHeader, free: "Bemiddelingsberoep", dated: "DatLaatsteWijzigingProfiel"}
	for _, p := range byPerson(persons) {
		if !p.inSonar(q) {
			continue
		}
		f, met := p.profiel, p.hasProfiel(q)
		if !met {
			seen := f.zichtbaar && p.profielFrom == never
			f = profiel{zichtbaar: seen, ladder: f.ladder, opleiding: f.opleiding, werkfit: f.werkfit && p.profielFrom == never}
		}
		t.rows = append(t.rows, []string{
			p.bsn, s.gemeente(p.gemeente[q]), s.gemeentecode(p.gemeente[q]), s.codeOf(p.klantVan),
			s.janee(met), s.dateOf(p.profielDate(q)),
			s.janee(f.zichtbaar), s.janee(f.zichtbaar || f.consentUnseen), s.janee(f.werkfit),
			s.integer(f.ladder), f.opleiding, f.beroep,
			s.integer(f.reisafstandKm), s.decimal(f.urenBeschikbaar), f.sector,
		})
	}
	return t
}
