package demo

const sourceSonar = "sonar"

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
			p.bsn,
			s.gemeente(p.gemeente[q]),
			s.gemeentecode(p.gemeente[q]),
			s.codeOf(p.klantVan),
			s.janee(met),
			s.dateOf(p.profielDate(q)),
			s.janee(f.zichtbaar),
			s.janee(f.zichtbaar || f.consentUnseen),
			s.janee(f.werkfit),
			s.integer(f.ladder),
			f.opleiding,
			f.beroep,
			s.integer(f.reisafstandKm),
			s.decimal(f.urenBeschikbaar),
			f.sector,
		})
	}
	return t
}
