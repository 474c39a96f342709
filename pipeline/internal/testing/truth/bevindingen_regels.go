package truth

import (
	"slices"
	"strings"
	"time"
)

// minTotal is the smallest total for which a percentage is meaningful.
const minTotal = 20

// sonarRules returns the rules on klanten.
func (w *World) sonarRules() []rule {
	dates := w.peildata(sonar)
	dekking := func(van string) func(string) map[string]deel {
		return func(date string) map[string]deel {
			t := tally{}
			for _, g := range w.inRegion(date) {
				t[g.naam] = deel{}
			}
			for _, k := range w.klanten(date) {
				if k.van == van {
					t.add(k.gemeente.naam, k.profiel)
				}
			}
			return t
		}
	}
	gebied := func(date string) map[string]deel {
		t := tally{w.region(): {}}
		for _, d := range w.diensten(date) {
			t[d] = deel{}
		}
		for _, k := range w.klanten(date) {
			if _, counted := t[k.gemeente.dienst]; !counted {
				t[k.gemeente.dienst] = deel{} // a dienst with klanten of other organisations only has an empty row
			}
			if k.van == "GEMEENTE" {
				t.add(k.gemeente.dienst, k.profiel)
				t.add(w.region(), k.profiel)
			}
		}
		for g, d := range t {
			if d.noemer == 0 && g != w.region() && !slices.Contains(w.diensten(date), g) {
				delete(t, g)
			}
		}
		return t
	}
	const mart, regio, staging = "marts.transparantie_klantprofielen", "marts.transparantie_regio", "staging.sonar"
	rules := []rule{
		{check: mart + ".profieldekking_gemeente", tabel: mart, dates: dates, of: dekking("GEMEENTE"), minimum: minTotal, warn: limitBelow(50), alarm: limitBelow(25)},
		{check: mart + ".profieldekking_uwv", tabel: mart, dates: dates, of: dekking("UWV"), minimum: minTotal, warn: limitBelow(70)},
		{check: mart + ".profieldekking_daling", tabel: mart, dates: dates, of: dekking("GEMEENTE"), minimum: minTotal, drop: 3},
		{check: regio + ".profieldekking_gemeente", tabel: regio, dates: dates, of: gebied, minimum: minTotal, warn: limitBelow(50), alarm: limitBelow(25)},
		{
			check: staging + ".zichtbaar_zonder_toestemming", tabel: staging, dates: dates, alarm: limitAbove(0),
			of: w.overKlanten(func(t tally, k sonarKlant, _ string) {
				if k.zichtbaar {
					t.add(everything, k.row["heeft_toestemming"] != "true")
				}
			}, tallyOfAll),
		},
		{
			check: staging + ".werkfit_zonder_profiel", tabel: staging, dates: dates, warn: limitAbove(0),
			of: w.overKlanten(func(t tally, k sonarKlant, _ string) {
				if k.werkfit {
					t.add(k.gemeente.naam, !k.profiel)
				}
			}, none),
		},
		{
			check: staging + ".profiel_ouder_dan_een_jaar", tabel: staging, dates: dates, minimum: minTotal, warn: limitAbove(25),
			of: w.overKlanten(func(t tally, k sonarKlant, date string) {
				if changed := k.row["profiel_gewijzigd_op"]; k.profiel {
					t.add(k.gemeente.naam, changed != "" && changed < yearBefore(date))
				}
			}, none),
		},
		{
			check: staging + ".naam_en_code_verschillen", tabel: staging, dates: dates, warn: limitAbove(0),
			of: w.overKlanten(func(t tally, k sonarKlant, _ string) {
				t.add(everything, w.disagree(k.row["gemeente_bron"], k.row["gemeentecode_bron"]))
			}, tallyOfAll),
		},
	}
	for _, field := range []string{"opleidingsniveau", "bemiddelingsberoep", "max_reisafstand_km", "uren_beschikbaar", "sector"} {
		rules = append(rules, rule{
			check: staging + ".ingevuld_" + field, tabel: staging, dates: dates, warn: limitBelow(80),
			of: w.overKlanten(func(t tally, k sonarKlant, _ string) {
				if k.profiel {
					t.add(everything, k.row[field] != "")
				}
			}, tallyOfAll),
		})
	}
	return rules
}

func none() tally { return tally{} }

func (w *World) overKlanten(each func(tally, sonarKlant, string), begin func() tally) func(string) map[string]deel {
	return func(date string) map[string]deel {
		t := begin()
		for _, k := range w.klanten(date) {
			each(t, k, date)
		}
		return t
	}
}

// yearBefore returns the same day twelve months earlier, or the last of that month if it has no such day.
func yearBefore(date string) string {
	t := parseDate(date)
	if t.Month() == time.February && t.Day() == 29 {
		t = t.AddDate(0, 0, -1)
	}
	return t.AddDate(-1, 0, 0).Format(time.DateOnly)
}

// disagree reports whether the name and the code mean different gemeenten.
func (w *World) disagree(naam, code string) bool {
	byName, byCode := w.byName(naam), w.resolve("", code)
	return byName != nil && slices.Contains(w.gemeenten, byCode) && byName != byCode
}

// registerRules returns the rules on the register, and on the register with Sonar.
func (w *World) registerRules() []rule {
	const staging, beeld, both = "staging.doelgroepregister", "core.doelgroep_in_beeld", "core.klanten_en_register"
	overDoelgroep := func(each func(t tally, p persoon, k sonarKlant, in bool, date string)) func(string) map[string]deel {
		return func(date string) map[string]deel {
			klanten, t := w.klantOf(date), tally{}
			for id, p := range w.doelgroep(date) {
				k, in := klanten[id]
				each(t, p, k, in, date)
			}
			return t
		}
	}
	all3, sonarAndRegister := w.peildata(register, sonar, placement), w.peildata(sonar, register)
	return []rule{
		{
			check: beeld + ".niet_in_sonar", tabel: beeld, dates: all3, minimum: minTotal, warn: limitAbove(10),
			of: overDoelgroep(func(t tally, p persoon, _ sonarKlant, in bool, _ string) {
				if verantwoordelijke(p.categorie) == "GEMEENTE" {
					t.add(p.gemeente.naam, !in)
				}
			}),
		},
		{
			check: beeld + ".andere_verantwoordelijke", tabel: beeld, dates: all3, minimum: minTotal, warn: limitAbove(1),
			of: overDoelgroep(func(t tally, p persoon, k sonarKlant, in bool, _ string) {
				if v := verantwoordelijke(p.categorie); in && v != "ONBEKEND" {
					t.add(p.gemeente.naam, k.van != v)
				}
			}),
		},
		{
			check: beeld + ".lang_zonder_profiel", tabel: beeld, dates: all3, minimum: minTotal, warn: limitAbove(50),
			of: overDoelgroep(func(t tally, p persoon, k sonarKlant, _ bool, date string) {
				if verantwoordelijke(p.categorie) == "GEMEENTE" {
					t.add(p.gemeente.naam, !k.profiel && p.sinds < plus(date, -30))
				}
			}),
		},
		{
			check: both + ".niet_in_register", tabel: both, dates: sonarAndRegister, minimum: minTotal, warn: limitAbove(2),
			of: func(date string) map[string]deel {
				personen, t := w.doelgroep(date), tally{}
				for _, k := range w.klanten(date) {
					_, in := personen[k.persoon]
					t.add(k.gemeente.naam, !in)
				}
				return t
			},
		},
		{
			check: both + ".uit_register_nog_in_sonar", tabel: both, dates: sonarAndRegister, minimum: minTotal, warn: limitAbove(1),
			of: func(date string) map[string]deel {
				personen, ended, t := w.doelgroep(date), map[string]bool{}, tally{}
				for _, r := range w.registraties(date) {
					if r.eind < date && r.begin < r.eind { // it counted once
						ended[r.persoon] = true
					}
				}
				for _, k := range w.klanten(date) {
					_, in := personen[k.persoon]
					t.add(k.gemeente.naam, !in && ended[k.persoon])
				}
				return t
			},
		},
		{
			check: staging + ".einde_voor_begin", tabel: staging, dates: w.peildata(register), alarm: limitAbove(0),
			of: w.overRows(register, func(t tally, r Row) { t.add(everything, r["einddatum"] != "" && r["einddatum"] < r["begindatum"]) }),
		},
		{
			check: staging + ".naam_en_code_verschillen", tabel: staging, dates: w.peildata(register), warn: limitAbove(0),
			of: w.overRows(register, func(t tally, r Row) { t.add(everything, w.disagree(r["gemeente_bron"], r["gemeentecode_bron"])) }),
		},
		{
			check: staging + ".grondslag_onbekend", tabel: staging, dates: w.peildata(register), counts: true, severity: ernstAlarm,
			of: func(date string) map[string]deel {
				t := tally{}
				for _, r := range w.registraties(date) {
					if r.groep == "" {
						t.add(masked(r.grondslag), true)
					}
				}
				return t
			},
		},
	}
}

// overRows counts the rows of the delivery in force on a date.
func (w *World) overRows(source string, each func(tally, Row)) func(string) map[string]deel {
	return func(date string) map[string]deel {
		t := tallyOfAll()
		for _, r := range w.rows(source, date) {
			each(t, r)
		}
		return t
	}
}

// masked returns a text as findings may show it, without digits.
func masked(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, text)
}

func (w *World) placementRules() []rule {
	const staging = "staging.plaatsingen"
	dates := w.peildata(placement)
	return []rule{
		{
			check: staging + ".einde_voor_begin", tabel: staging, dates: dates, alarm: limitAbove(0),
			of: w.overRows(placement, func(t tally, r Row) { t.add(everything, r["einddatum"] != "" && r["einddatum"] < r["begindatum"]) }),
		},
		{
			check: staging + ".uren_buiten_grens", tabel: staging, dates: dates, alarm: limitAbove(0),
			of: w.overRows(placement, func(t tally, r Row) {
				uren := number(r["uren_per_week"])
				t.add(everything, uren.Sign() <= 0 || uren.Cmp(count(48)) > 0)
			}),
		},
	}
}

// gemeenteRules returns the rules on names of no gemeente, or of one outside the region. Each unknown name
// is a group.
func (w *World) gemeenteRules() []rule {
	var rules []rule
	for _, source := range []string{register, sonar, placement, requests, clients} {
		staging, dates := "staging."+source, w.peildata(source)
		counted := func(name func(*gemeente, Row) string) func(string) map[string]deel {
			return func(date string) map[string]deel {
				t := tally{}
				for _, r := range w.rows(source, date) {
					if groep := name(w.resolve(r["gemeente_bron"], r["gemeentecode_bron"]), r); groep != "" {
						t.add(groep, true)
					}
				}
				return t
			}
		}
		rules = append(
			rules,
			rule{check: staging + ".gemeente_onbekend", tabel: staging, dates: dates, counts: true, severity: ernstAlarm, of: counted(func(g *gemeente, r Row) string {
				if g != onbekend {
					return ""
				}
				return masked(r["gemeente_bron"])
			})},
			rule{check: staging + ".gemeente_buiten_regio", tabel: staging, dates: dates, counts: true, severity: ernstWaarschuwing, of: counted(func(g *gemeente, r Row) string {
				switch {
				case g == buitenDeRegio:
					return masked(r["gemeente_bron"])
				case g.inRegio || g == onbekend:
					return ""
				}
				return g.naam
			})},
		)
	}
	return rules
}
