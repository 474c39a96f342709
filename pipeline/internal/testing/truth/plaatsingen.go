package truth

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
)

// A plaatsing is a row of the placements.
type plaatsing struct {
	id, persoon, begin, eind, soort, sector string
	uren                                    *big.Rat
	gemeente                                *gemeente
	row                                     Row
}

func (p plaatsing) loopt(date string) bool { return between(p.begin, p.eind, date) }

// banen returns the number of jobs that a placement counts as.
func (p plaatsing) banen() *big.Rat {
	if p.soort == "BESCHUT" {
		return new(big.Rat)
	}
	return quotient(p.uren, hoursPerJob)
}

// plaatsingen returns the placements of the delivery in force on a date.
func (w *World) plaatsingen(date string) []plaatsing {
	var out []plaatsing
	for _, r := range w.rows(placement, date) {
		out = append(out, plaatsing{
			id: r["plaatsing_id"], persoon: r["persoon_id"], begin: r["begindatum"], eind: r["einddatum"],
			soort: r["soort_dienstverband"], sector: r["sector"], uren: number(r["uren_per_week"]),
			gemeente: w.resolve(r["gemeente_bron"], ""), row: r,
		})
	}
	return out
}

// Plaatsingen is marts.plaatsingen.
func (w *World) Plaatsingen() *Table {
	t := newTable("plaatsingen", "plaatsing_id", `
		plaatsing_id peildatum persoon_id gemeentecode gemeente gemeente_bron begindatum einddatum
		reden_einde uren_per_week verloonde_uren_maand soort_dienstverband sector bemiddeld_door
		loonkostensubsidie jobcoach no_riskpolis proefplaatsing lopend duur_dagen in_register_bij_begin`)
	date := w.last(placement)
	if date == "" {
		return t
	}
	registraties, delivered := map[string][]registratie{}, w.on(register, date) != nil
	for _, r := range w.registraties(date) {
		registraties[r.persoon] = append(registraties[r.persoon], r)
	}
	for _, p := range w.plaatsingen(date) {
		bijBegin := Null
		if delivered {
			actief := func(r registratie) bool { return r.actief(p.begin) }
			bijBegin = strconv.FormatBool(slices.ContainsFunc(registraties[p.persoon], actief))
		}
		t.add(p.id, date, p.persoon, p.gemeente.code, p.gemeente.naam, p.row["gemeente_bron"], p.begin, orNull(p.eind),
			orNull(p.row["reden_einde"]), amount(p.uren), amount(number(p.row["verloonde_uren_maand"])),
			p.soort, p.sector, orNull(p.row["bemiddeld_door"]),
			orNull(p.row["loonkostensubsidie"]), orNull(p.row["jobcoach"]), orNull(p.row["no_riskpolis"]), orNull(p.row["proefplaatsing"]),
			strconv.FormatBool(p.loopt(date)), p.duur(date), bijBegin)
	}
	return t
}

// duur returns how many days a placement lasted, its last day included, or has lasted on a date.
func (p plaatsing) duur(date string) string {
	switch {
	case p.begin > date, p.eind != "" && p.eind < p.begin:
		return Null
	case p.loopt(date):
		return integer(daysBetween(p.begin, date) + 1)
	}
	return integer(daysBetween(p.begin, p.eind) + 1)
}

// PlaatsingenStand is marts.plaatsingen_stand.
func (w *World) PlaatsingenStand() *Table {
	t := newTable("plaatsingen_stand", "peildatum gemeentecode sector soort_dienstverband", `
		peildatum gemeentecode gemeente sector soort_dienstverband lopende_plaatsingen personen
		uren_per_week banen met_loonkostensubsidie met_jobcoach met_no_riskpolis op_proef`)
	for _, date := range w.peildata(placement) {
		type vak struct {
			gemeente      *gemeente
			sector, soort string
		}
		groepen := map[vak][]plaatsing{}
		for _, p := range w.plaatsingen(date) {
			if v := (vak{p.gemeente, p.sector, p.soort}); p.loopt(date) {
				groepen[v] = append(groepen[v], p)
			}
		}
		for v, groep := range groepen {
			personen := map[string]bool{}
			uren, banen := new(big.Rat), new(big.Rat)
			ja := map[string]int{}
			for _, p := range groep {
				personen[p.persoon] = true
				uren.Add(uren, p.uren)
				banen.Add(banen, p.banen())
				for _, what := range []string{"loonkostensubsidie", "jobcoach", "no_riskpolis", "proefplaatsing"} {
					if p.row[what] == "true" {
						ja[what]++
					}
				}
			}
			t.add(date, v.gemeente.code, v.gemeente.naam, v.sector, v.soort, integer(len(groep)), integer(len(personen)),
				amount(uren), amount(banen),
				integer(ja["loonkostensubsidie"]), integer(ja["jobcoach"]), integer(ja["no_riskpolis"]), integer(ja["proefplaatsing"]))
		}
	}
	return t
}

// lasting is the number of days after its start that a placement must still run to be duurzaam.
const lasting = 183

// PlaatsingenVerloop is marts.plaatsingen_verloop.
func (w *World) PlaatsingenVerloop() *Table {
	t := newTable("plaatsingen_verloop", "kwartaal gemeentecode soort_dienstverband", `
		kwartaal gemeentecode gemeente soort_dienstverband begonnen beeindigd duurzaam_6m`)
	date := w.last(placement)
	type vak struct {
		kwartaal, einde string // the quarter and its last day
		gemeente        *gemeente
		soort           string
	}
	type telling struct{ begonnen, beeindigd, duurzaam int }
	tel := map[vak]*telling{}
	of := func(day string, p plaatsing) *telling {
		v := vak{quarter(day), quarterEnd(day), p.gemeente, p.soort}
		tel[v] = cmp.Or(tel[v], &telling{})
		return tel[v]
	}
	for _, p := range w.plaatsingen(date) {
		if p.begin > date {
			continue // not begun
		}
		of(p.begin, p).begonnen++
		if p.loopt(plus(p.begin, lasting)) {
			of(p.begin, p).duurzaam++
		}
		if p.eind != "" && p.eind < date { // on the peildatum itself it still runs
			of(p.eind, p).beeindigd++
		}
	}
	for v, n := range tel {
		duurzaam := Null
		if daysBetween(v.einde, date) >= lasting {
			duurzaam = integer(n.duurzaam)
		}
		t.add(v.kwartaal, v.gemeente.code, v.gemeente.naam, v.soort, integer(n.begonnen), integer(n.beeindigd), duurzaam)
	}
	return t
}
