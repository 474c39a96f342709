package demo

import "time"

const sourceAanvragen = "aanvragen"

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
