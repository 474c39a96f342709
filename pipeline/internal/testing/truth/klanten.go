package truth

import (
	"math/big"
	"slices"
)

// A sonarKlant is a row of Sonar.
type sonarKlant struct {
	persoon, van                          string
	gemeente                              *gemeente
	profiel, zichtbaar, werkfit, vindbaar bool
	row                                   Row
}

// klanten returns the rows of Sonar in force on a date.
func (w *World) klanten(date string) []sonarKlant {
	var out []sonarKlant
	for _, r := range w.rows(sonar, date) {
		k := sonarKlant{
			persoon: r["persoon_id"], van: r["klant_van"], gemeente: w.resolve(r["gemeente_bron"], r["gemeentecode_bron"]),
			profiel: r["heeft_klantprofiel"] == "true", zichtbaar: r["is_zichtbaar"] == "true", werkfit: r["is_werkfit"] == "true", row: r,
		}
		k.vindbaar = k.profiel && r["opleidingsniveau"] != "" && r["bemiddelingsberoep"] != "" &&
			r["max_reisafstand_km"] != "" && r["uren_beschikbaar"] != "" && r["sector"] != ""
		out = append(out, k)
	}
	return out
}

// klantOf returns the row of each person in Sonar on a date.
func (w *World) klantOf(date string) map[string]sonarKlant {
	out := map[string]sonarKlant{}
	for _, k := range w.klanten(date) {
		out[k.persoon] = k
	}
	return out
}

// A transparantie counts klanten.
type transparantie struct{ met, zonder, zichtbaar, vindbaar int }

func (n *transparantie) tel(k sonarKlant) {
	if k.profiel {
		n.met++
	} else {
		n.zonder++
	}
	if k.zichtbaar {
		n.zichtbaar++
	}
	if k.vindbaar {
		n.vindbaar++
	}
}

func (n transparantie) totaal() int { return n.met + n.zonder }

// cells returns the measures of both marts of transparantie.
func (n transparantie) cells() []string {
	dekking := percentCell(percentage(count(n.met), count(n.totaal())))
	return []string{integer(n.met), integer(n.zonder), integer(n.totaal()), dekking, integer(n.zichtbaar), integer(n.vindbaar)}
}

const transparantieMeasures = "met_profiel zonder_profiel totaal dekking_pct zichtbaar vindbaar"

// The organisations whose klant a person may be; ALLE is the sum.
var klantVan = []string{"GEMEENTE", "UWV"}

const alle = "ALLE"

// TransparantieKlantprofielen is marts.transparantie_klantprofielen.
func (w *World) TransparantieKlantprofielen() *Table {
	t := newTable("transparantie_klantprofielen", "peildatum gemeentecode klant_van",
		"peildatum gemeentecode gemeente klant_van "+transparantieMeasures)
	for _, date := range w.peildata(sonar) {
		klanten, region := w.klanten(date), w.inRegion(date)
		for _, g := range w.overal() {
			for _, van := range klantVan {
				var n transparantie
				for _, k := range klanten {
					if k.gemeente == g && k.van == van {
						n.tel(k)
					}
				}
				if n.totaal() > 0 || slices.Contains(region, g) {
					t.add(append([]string{date, g.code, g.naam, van}, n.cells()...)...)
				}
			}
		}
	}
	return t
}

// TransparantieRegio is marts.transparantie_regio.
func (w *World) TransparantieRegio() *Table {
	t := newTable("transparantie_regio", "peildatum gebied klant_van",
		"peildatum gebied klant_van "+transparantieMeasures)
	region := w.region()
	for _, date := range w.peildata(sonar) {
		klanten, diensten := w.klanten(date), w.diensten(date)
		for _, gebied := range append(w.alleDiensten(), "Onbekend", region) {
			for _, van := range append(slices.Clone(klantVan), alle) {
				var n transparantie
				for _, k := range klanten {
					if (gebied == region || k.gemeente.dienst == gebied) && (van == alle || k.van == van) {
						n.tel(k)
					}
				}
				if n.totaal() > 0 || gebied == region || slices.Contains(diensten, gebied) {
					t.add(append([]string{date, gebied, van}, n.cells()...)...)
				}
			}
		}
	}
	return t
}

// region is the name of the labour-market region.
func (w *World) region() string { return w.reference["regio"][0]["gebied"] }

// AchterstandRegistratie is marts.achterstand_registratie.
func (w *World) AchterstandRegistratie() *Table {
	t := newTable("achterstand_registratie", "peildatum uitvoeringsdienst", `
		peildatum uitvoeringsdienst gemeenteklanten zonder_profiel zonder_profiel_30_dagen uren_per_week
		zonder_profiel_per_uur`)
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
	t := newTable("screening", "peildatum gemeentecode", `
		peildatum gemeentecode gemeente clienten al_in_register al_in_register_zonder_profiel`)
	for _, date := range w.peildata(clients, register, sonar) {
		klanten, personen := w.klantOf(date), w.doelgroep(date)
		type telling struct{ clienten, al, zonder int }
		tel := map[*gemeente]*telling{}
		for _, g := range w.inRegion(date) {
			tel[g] = &telling{}
		}
		for _, r := range w.rows(clients, date) {
			g := w.resolve(r["gemeente_bron"], "")
			if tel[g] == nil {
				tel[g] = &telling{}
			}
			tel[g].clienten++
			if _, in := personen[r["persoon_id"]]; in {
				tel[g].al++
				if !klanten[r["persoon_id"]].profiel {
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
