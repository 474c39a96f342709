package truth

import (
	"slices"
	"strings"
)

// deliveryRules returns the rules on the last accepted delivery of each source, judged once, on the last
// peildatum of all.
func (w *World) deliveryRules() []rule {
	const mart = "marts.kwaliteit_leveringen"
	dates := w.alleAccepted()
	dates = dates[max(0, len(dates)-1):]
	each := func(tell func(tally, *Delivery)) func(string) map[string]deel {
		return func(string) map[string]deel {
			t := tally{}
			for _, source := range []string{register, sonar, placement, requests, clients, trend} {
				if d := w.on(source, w.last(source)); d != nil {
					tell(t, d)
				}
			}
			return t
		}
	}
	of := func(part func(*Delivery) deel) func(string) map[string]deel {
		return each(func(t tally, d *Delivery) {
			if n := part(d); n.noemer > 0 {
				t[d.Source] = n
			}
		})
	}
	counted := func(check string, names func(*Delivery) []string) rule {
		return rule{check: mart + "." + check, tabel: mart, dates: dates, counts: true, severity: ernstInfo, of: each(func(t tally, d *Delivery) {
			if kolommen := names(d); len(kolommen) > 0 {
				t.add(d.Source+" / "+masked(strings.Join(kolommen, "; ")), true)
			}
		})}
	}
	return []rule{
		counted("kolommen_afwezig", func(d *Delivery) []string { return d.KolommenAfwezig }),
		counted("kolommen_nieuw", func(d *Delivery) []string { return d.KolommenNieuw }),
		counted("kolommen_aandelen", func(d *Delivery) []string { return w.aandelenAnders(d, false) }),
		{check: mart + ".quarantaine", tabel: mart, dates: dates, warn: limit{1, 2}, of: of(func(d *Delivery) deel {
			return deel{d.InQuarantaine, d.Geladen + d.InQuarantaine}
		})},
		{check: mart + ".elfproef", tabel: mart, dates: dates, warn: limitAbove(0), of: of(func(d *Delivery) deel {
			return deel{d.Elfproef, d.Geladen + d.InQuarantaine}
		})},
		{check: mart + ".voorloopnul", tabel: mart, dates: dates, warn: limit{1, 5}, of: of(func(d *Delivery) deel {
			return deel{d.Voorloopnul, d.Geladen}
		})},
		{check: mart + ".dubbele_sleutels", tabel: mart, dates: dates, alarm: limitAbove(0), of: of(func(d *Delivery) deel {
			return deel{d.DubbeleSleutels, d.Geladen + d.InQuarantaine}
		})},
		{check: mart + ".totaalregel", tabel: mart, dates: dates, alarm: limitAbove(0), of: of(func(d *Delivery) deel {
			switch {
			case d.TotaalRegel == nil:
				return deel{}
			case *d.TotaalRegel != d.Geladen+d.InQuarantaine:
				return deel{1, 1}
			}
			return deel{0, 1}
		})},
	}
}

// countedRules returns the rules that count what should not exist.
func (w *World) countedRules() []rule {
	rules := []rule{
		{
			check: "core.plaatsingen.te_veel_uren", tabel: "core.plaatsingen", dates: w.peildata(placement), counts: true, severity: ernstWaarschuwing,
			of: func(date string) map[string]deel {
				lopend := map[string][]plaatsing{}
				for _, p := range w.plaatsingen(date) {
					if p.loopt(date) {
						lopend[p.persoon] = append(lopend[p.persoon], p)
					}
				}
				t := tallyOfAll()
				for _, plaatsingen := range lopend {
					uren := count(0)
					for _, p := range plaatsingen {
						uren.Add(uren, p.uren)
					}
					if len(plaatsingen) > 1 && uren.Cmp(count(48)) > 0 {
						t.add(everything, true)
					}
				}
				return t
			},
		},
		{
			check: "core.doelgroep_in_beeld.subsidie_bij_wajong", tabel: "core.doelgroep_in_beeld",
			dates:  w.peildata(register, placement), // what the rule reads: not Sonar
			counts: true, severity: ernstWaarschuwing,
			of: func(date string) map[string]deel {
				groepen := map[string][]string{}
				for _, r := range w.registraties(date) {
					if r.actief(date) {
						groepen[r.persoon] = append(groepen[r.persoon], r.groep)
					}
				}
				t := tallyOfAll()
				for _, p := range w.plaatsingen(date) {
					anders := slices.ContainsFunc(groepen[p.persoon], func(g string) bool { return g != groepWajong })
					if p.loopt(date) && p.row["loonkostensubsidie"] == "true" && len(groepen[p.persoon]) > 0 && !anders {
						t.add(everything, true)
					}
				}
				return t
			},
		},
		w.gone("core.klanten", w.peildata(sonar), func(date string, row func(*gemeente)) {
			for _, k := range w.klanten(date) {
				row(k.gemeente)
			}
		}),
		w.gone("core.registraties", w.peildata(register), func(date string, row func(*gemeente)) {
			for _, r := range w.registraties(date) {
				if r.actief(date) {
					row(r.gemeente)
				}
			}
		}),
		w.gone("core.plaatsingen", w.peildata(placement), func(date string, row func(*gemeente)) {
			for _, p := range w.plaatsingen(date) {
				if p.loopt(date) {
					row(p.gemeente)
				}
			}
		}),
	}
	for _, source := range []string{register, sonar} {
		rules = append(rules, rule{
			check: "staging." + source + ".gemeente_ontbreekt", tabel: "staging." + source, dates: w.peildata(source), counts: true, severity: ernstAlarm,
			of: func(date string) map[string]deel {
				there := map[*gemeente]bool{}
				for _, r := range w.rows(source, date) {
					there[w.resolve(r["gemeente_bron"], r["gemeentecode_bron"])] = true
				}
				t := tally{}
				for _, g := range w.inRegion(date) {
					if !there[g] {
						t.add(g.naam, true)
					}
				}
				return t
			},
		})
	}
	return rules
}

// gone counts rows in a gemeente that does not exist on the date. For Weesp that is accepted for a while.
func (w *World) gone(tabel string, dates []string, each func(date string, row func(*gemeente))) rule {
	return rule{
		check: tabel + ".gemeente_bestaat_niet", tabel: tabel, dates: dates, counts: true, severity: ernstWaarschuwing,
		accepted: "Weesp", until: "2022-12-31",
		of: func(date string) map[string]deel {
			t := tally{}
			each(date, func(g *gemeente) {
				if !g.bestaat(date) {
					t.add(g.naam, true)
				}
			})
			return t
		},
	}
}

// lastPlacementRule returns the rule on the placements of the last delivery.
func (w *World) lastPlacementRule() rule {
	const mart = "marts.plaatsingen"
	dates := w.peildata(placement)
	return rule{
		check: mart + ".niet_in_register_bij_begin", tabel: mart, dates: dates[max(0, len(dates)-1):], warn: limitAbove(5),
		of: func(string) map[string]deel {
			t, table := tallyOfAll(), w.Plaatsingen()
			for _, row := range table.Rows {
				if in := row[slices.Index(table.Columns, "in_register_bij_begin")]; in != Null {
					t.add(everything, in == "false")
				}
			}
			return t
		},
	}
}

// municipalRule returns the rule on who submitted the applications of the last twelve months.
func (w *World) municipalRule() rule {
	const staging = "staging.aanvragen"
	return rule{
		check: staging + ".aandeel_gemeente", tabel: staging, dates: w.peildata(requests), minimum: minTotal, warn: limitBelow(25),
		of: func(date string) map[string]deel {
			t := tallyOfAll()
			for _, r := range w.rows(requests, date) {
				if r["aangevraagd_op"] > yearBefore(date) {
					t.add(everything, r["indiener"] == "GEMEENTE")
				}
			}
			return t
		},
	}
}
