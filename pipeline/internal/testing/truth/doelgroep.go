package truth

import (
	"cmp"
	"slices"
)

// A registratie is a row of the doelgroepregister.
type registratie struct {
	persoon, grondslag, begin, eind string
	groep                           string // "" if the grondslag is not in the list
	gemeente                        *gemeente
}

// actief reports whether the registration counts on a date. One of a single day never does.
func (r registratie) actief(date string) bool {
	return between(r.begin, r.eind, date) && r.begin != r.eind
}

// registraties returns the rows of the register in force on a date.
func (w *World) registraties(date string) []registratie {
	groep := map[string]string{}
	for _, g := range w.reference["grondslagen"] {
		groep[g["grondslag"]] = g["groep"]
	}
	var out []registratie
	for _, r := range w.rows(register, date) {
		out = append(out, registratie{
			persoon: r["persoon_id"], grondslag: r["grondslag"], begin: r["begindatum"], eind: r["einddatum"],
			groep: groep[r["grondslag"]], gemeente: w.resolve(r["gemeente_bron"], r["gemeentecode_bron"]),
		})
	}
	return out
}

// A persoon is a person in the register on a date.
type persoon struct {
	id, categorie string
	gemeente      *gemeente
	sinds         string // the first begin of an active registration
}

// doelgroep returns everyone in the register on a date.
func (w *World) doelgroep(date string) map[string]persoon {
	out := map[string]persoon{}
	actief := map[string][]registratie{}
	for _, r := range w.registraties(date) {
		if r.actief(date) {
			actief[r.persoon] = append(actief[r.persoon], r)
		}
	}
	for id, all := range actief {
		p := persoon{id: id, categorie: categorieVan(all), gemeente: all[0].gemeente, sinds: all[0].begin}
		latest := all[0].begin
		for _, r := range all[1:] {
			p.sinds = min(p.sinds, r.begin)
			if r.begin > latest || r.begin == latest && r.gemeente.code < p.gemeente.code {
				latest, p.gemeente = r.begin, r.gemeente
			}
		}
		out[id] = p
	}
	return out
}

// Categorieën.
const (
	wajong            = "WAJONG"
	wsw               = "WSW_WIW_ID"
	participatiewet   = "PARTICIPATIEWET"
	geenCategorie     = "ONBEKEND"
	groepWajong       = "WAJONG"
	groepParticipatie = "PARTICIPATIEWET"
)

var categorieen = []string{wajong, wsw, participatiewet}

// categorieVan returns the categorie of a person with these active grondslagen: the first rule that holds.
func categorieVan(actief []registratie) string {
	grondslag := func(g string) bool {
		return slices.ContainsFunc(actief, func(r registratie) bool { return r.grondslag == g })
	}
	groep := func(g string) bool {
		return slices.ContainsFunc(actief, func(r registratie) bool { return r.groep == g })
	}
	switch {
	case grondslag("WSW_DET"):
		return wsw
	case groep(groepWajong):
		return wajong
	case grondslag("WSW_BW"), grondslag("WIW_ID"):
		return wsw
	case groep(groepParticipatie):
		return participatiewet
	}
	return geenCategorie
}

func verantwoordelijke(categorie string) string {
	switch categorie {
	case wajong:
		return "UWV"
	case wsw, participatiewet:
		return "GEMEENTE"
	}
	return "ONBEKEND"
}

// A gemeenteCategorie is a gemeente and a categorie.
type gemeenteCategorie struct {
	gemeente  *gemeente
	categorie string
}

func (p persoon) vak() gemeenteCategorie { return gemeenteCategorie{p.gemeente, p.categorie} }

// DoelgroepStand is marts.doelgroep_stand.
func (w *World) DoelgroepStand() *Table {
	t := newTable("doelgroep_stand", "peildatum gemeentecode categorie", `
		peildatum gemeentecode gemeente categorie verantwoordelijke personen`)
	for _, date := range w.peildata(register) {
		personen := map[gemeenteCategorie]int{}
		for _, p := range w.doelgroep(date) {
			personen[p.vak()]++
		}
		for _, v := range w.vakken(date, func(v gemeenteCategorie) bool { return personen[v] > 0 }) {
			t.add(date, v.gemeente.code, v.gemeente.naam, v.categorie, verantwoordelijke(v.categorie), integer(personen[v]))
		}
	}
	return t
}

// vakken returns the pairs that have a row on a date: all categorieën of the gemeenten of the region, and
// every pair with a person.
func (w *World) vakken(date string, holding func(gemeenteCategorie) bool) []gemeenteCategorie {
	region := w.inRegion(date)
	var out []gemeenteCategorie
	for _, g := range w.overal() {
		for _, c := range append(slices.Clone(categorieen), geenCategorie) {
			always := slices.Contains(region, g) && c != geenCategorie
			if v := (gemeenteCategorie{g, c}); always || holding(v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// DoelgroepMutaties is marts.doelgroep_mutaties.
func (w *World) DoelgroepMutaties() *Table {
	t := newTable("doelgroep_mutaties", "peildatum gemeentecode categorie", `
		peildatum gemeentecode gemeente categorie vorige_stand instroom uitstroom wissel_in wissel_uit stand`)
	dates := w.peildata(register)
	for i, date := range dates {
		if i == 0 {
			continue
		}
		before, now := w.doelgroep(dates[i-1]), w.doelgroep(date)
		type telling struct{ vorige, in, uit, wisselIn, wisselUit, stand int }
		tel := map[gemeenteCategorie]*telling{}
		of := func(v gemeenteCategorie) *telling {
			tel[v] = cmp.Or(tel[v], &telling{})
			return tel[v]
		}
		for id, p := range before {
			of(p.vak()).vorige++
			switch q, stays := now[id]; {
			case !stays:
				of(p.vak()).uit++
			case q.vak() != p.vak():
				of(p.vak()).wisselUit++
			}
		}
		for id, p := range now {
			of(p.vak()).stand++
			switch q, was := before[id]; {
			case !was:
				of(p.vak()).in++
			case q.vak() != p.vak():
				of(p.vak()).wisselIn++
			}
		}
		for _, v := range w.vakken(date, func(v gemeenteCategorie) bool { return tel[v] != nil }) {
			n := of(v)
			t.add(date, v.gemeente.code, v.gemeente.naam, v.categorie,
				integer(n.vorige), integer(n.in), integer(n.uit), integer(n.wisselIn), integer(n.wisselUit), integer(n.stand))
		}
	}
	return t
}

// The steps of the trechter, in order.
var stappen = [...]string{"in_register", "in_sonar", "met_klantprofiel", "zichtbaar", "werkfit", "geplaatst"}

// Trechter is marts.trechter.
func (w *World) Trechter() *Table {
	t := newTable("trechter", "peildatum gemeentecode stap", `
		peildatum gemeentecode gemeente stap volgorde personen personen_cumulatief`)
	for _, date := range w.peildata(register, sonar, placement) {
		klanten, geplaatst := w.klantOf(date), map[string]bool{}
		for _, p := range w.plaatsingen(date) {
			if p.loopt(date) {
				geplaatst[p.persoon] = true
			}
		}
		type telling struct{ personen, cumulatief [len(stappen)]int }
		tel := map[*gemeente]*telling{}
		for _, g := range w.inRegion(date) {
			tel[g] = &telling{}
		}
		for id, p := range w.doelgroep(date) {
			n := cmp.Or(tel[p.gemeente], &telling{})
			tel[p.gemeente] = n
			k, inSonar := klanten[id]
			all := true
			for i, gezet := range []bool{true, inSonar, k.profiel, k.zichtbaar, k.werkfit, geplaatst[id]} {
				all = all && gezet
				if gezet {
					n.personen[i]++
				}
				if all {
					n.cumulatief[i]++
				}
			}
		}
		for g, n := range tel {
			for i, stap := range stappen {
				t.add(date, g.code, g.naam, stap, integer(i+1), integer(n.personen[i]), integer(n.cumulatief[i]))
			}
		}
	}
	return t
}
