package demo

const sourceRegister = "doelgroepregister"

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
				p.bsn,
				s.codeOf(r.grondslag),
				s.dateOf(r.begin),
				s.dateOf(r.endOn(peildatum)),
				s.gemeente(p.home(q)),
				s.gemeentecode(p.home(q)),
				s.decimal(r.loonwaarde),
			})
		}
	}
	return t
}
