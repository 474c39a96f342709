package truth

import (
	"math/big"
	"slices"
)

// AchterstandRegistratie is marts.achterstand_registratie.
func (w *World) AchterstandRegistratie() *Table {
	t := &Table{
		Name: "achterstand_registratie", Grain: []string{"peildatum", "uitvoeringsdienst"},
		Columns: []string{
			"peildatum", "uitvoeringsdienst", "gemeenteklanten", "zonder_profiel", "zonder_profiel_30_dagen",
			"uren_per_week", "zonder_profiel_per_uur",
		},
	}
	uren := map[string]*big.Rat{}
	for _, r := range w.reference["capaciteit_uitvoeringsdiensten_2017"] {
		uren[r["uitvoeringsdienst"]] = number(r["uren_per_week"])
	}
	for _, date := range w.peildata(sonar, register) {
		klanten, personen := w.klanten(date), w.doelgroep(date)
		for _, dienst := range append(w.alleDiensten(), "Onbekend") {
			klant, zonder, lang := 0, 0, 0
			for _, k := range klanten {
				if k.van != "GEMEENTE" || k.gemeente.dienst != dienst {
					continue
				}
				klant++
				if k.profiel {
					continue
				}
				zonder++
				if p, in := personen[k.persoon]; in && p.sinds < plus(date, -30) {
					lang++
				}
			}
			if klant > 0 || slices.Contains(w.diensten(date), dienst) {
				t.add(date, dienst, integer(klant), integer(zonder), integer(lang),
					amount(uren[dienst]), amount(quotient(count(zonder), uren[dienst])))
			}
		}
	}
	return t
}

// Screening is marts.screening.
func (w *World) Screening() *Table {
	t := &Table{
		Name: "screening", Grain: []string{"peildatum", "gemeentecode"},
		Columns: []string{"peildatum", "gemeentecode", "gemeente", "clienten", "al_in_register", "al_in_register_zonder_profiel"},
	}
	for _, date := range w.peildata(clients, register, sonar) {
		profiel := map[string]bool{}
		for _, k := range w.klanten(date) {
			profiel[k.persoon] = k.profiel
		}
		personen := w.doelgroep(date)
		type telling struct{ clienten, al, zonder int }
		tel := map[*gemeente]*telling{}
		for _, g := range w.inRegion(date) {
			tel[g] = &telling{}
		}
		for _, r := range w.on(clients, date).Rows {
			g := w.resolve(r["gemeente_bron"], "")
			if tel[g] == nil {
				tel[g] = &telling{}
			}
			tel[g].clienten++
			if _, in := personen[r["persoon_id"]]; in {
				tel[g].al++
				if !profiel[r["persoon_id"]] {
					tel[g].zonder++
				}
			}
		}
		for g, n := range tel {
			t.add(date, g.code, g.naam, integer(n.clienten), integer(n.al), integer(n.zonder))
		}
	}
	return t
}
