package demo

const sourcePlaatsingen = "plaatsingen"

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
			j.id,
			j.person.bsn,
			s.gemeente(j.person.gemeente[q]),
			s.dateOf(j.begin),
			s.dateOf(end),
			reden,
			s.decimal(j.uren),
			s.decimal(j.verloond),
			s.codeOf(j.soort),
			s.codeOf(j.sector),
			s.codeOf(j.door),
			s.janee(j.loonkostensubsidie),
			s.janee(j.jobcoach),
			s.janee(j.noRisk),
			s.janee(j.proef && j.begin.AddDate(0, 0, trialDays).After(peildatum)),
		})
	}
	return t
}
