package truth

import (
	"math/big"
	"slices"
)

// Realisatie is marts.realisatie.
func (w *World) Realisatie() *Table {
	t := &Table{
		Name: "realisatie", Grain: []string{"kwartaal", "gebied"},
		Columns: []string{
			"kwartaal", "gebied", "extra_banen", "norm", "realisatie_pct", "tekort", "nulmeting",
			"personen_doelgroepregister", "banen_eigen_telling",
		},
	}
	d := w.on(trend, w.last(trend))
	if d == nil {
		return t
	}
	type vak struct{ kwartaal, gebied string }
	cijfers := map[vak]map[string]*big.Rat{}
	for _, r := range d.Rows {
		v := vak{r["kwartaal"], r["gebied"]}
		if cijfers[v] == nil {
			cijfers[v] = map[string]*big.Rat{}
		}
		cijfers[v][r["indicator"]] = number(r["waarde"])
	}
	for v, is := range cijfers {
		extra, norm := is["EXTRA_BANEN"], is["NORM_EXTRA_BANEN"]
		var tekort *big.Rat
		if extra != nil && norm != nil {
			tekort = new(big.Rat).Sub(norm, extra)
		}
		eigen := Null
		if v.gebied == w.region() {
			eigen = amount(w.banenIn(v.kwartaal))
		}
		t.add(v.kwartaal, v.gebied, amount(extra), amount(norm), percentCell(percentage(extra, norm)), amount(tekort),
			amount(is["NULMETING"]), rounded(is["PERSONEN_DOELGROEPREGISTER"], 0), eigen)
	}
	return t
}

// banenIn returns all jobs on the last stand of the placements in a quarter, or nil if it has no stand.
func (w *World) banenIn(kwartaal string) *big.Rat {
	var sum *big.Rat
	for _, date := range w.peildata(placement) {
		if quarter(date) != kwartaal {
			continue
		}
		sum = new(big.Rat)
		for _, p := range w.plaatsingen(date) {
			if p.loopt(date) {
				sum.Add(sum, p.banen())
			}
		}
	}
	return sum
}

// Aanvragen is marts.aanvragen.
func (w *World) Aanvragen() *Table {
	t := &Table{
		Name: "aanvragen", Grain: []string{"kwartaal", "gemeentecode", "indiener", "route"},
		Columns: []string{
			"kwartaal", "gemeentecode", "gemeente", "indiener", "route", "aanvragen", "toegekend", "afgewezen",
			"in_behandeling", "ingetrokken", "uitkomst_onbekend", "doorlooptijd_mediaan_dagen",
		},
	}
	d := w.on(requests, w.last(requests))
	if d == nil {
		return t
	}
	type vak struct {
		kwartaal        string
		gemeente        *gemeente
		indiener, route string
	}
	groepen := map[vak][]Row{}
	for _, r := range d.Rows {
		route := r["route"]
		if route == "" {
			route = "ONBEKEND"
		}
		v := vak{quarter(r["aangevraagd_op"]), w.resolve(r["gemeente_bron"], ""), r["indiener"], route}
		groepen[v] = append(groepen[v], r)
	}
	for v, groep := range groepen {
		uitkomst := map[string]int{}
		var dagen []int
		for _, r := range groep {
			uitkomst[r["uitkomst"]]++
			if r["beslist_op"] != "" {
				dagen = append(dagen, daysBetween(r["aangevraagd_op"], r["beslist_op"]))
			}
		}
		t.add(v.kwartaal, v.gemeente.code, v.gemeente.naam, v.indiener, v.route, integer(len(groep)),
			integer(uitkomst["TOEGEKEND"]), integer(uitkomst["AFGEWEZEN"]), integer(uitkomst["IN_BEHANDELING"]), integer(uitkomst["INGETROKKEN"]),
			integer(uitkomst[""]), rounded(median(dagen), 1))
	}
	return t
}

// median returns the middle value, or the mean of the middle two, or nil.
func median(numbers []int) *big.Rat {
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	n := len(numbers)
	return big.NewRat(int64(numbers[(n-1)/2]+numbers[n/2]), 2)
}

// CapaciteitKosten is marts.capaciteit_kosten.
func (w *World) CapaciteitKosten() *Table {
	t := &Table{
		Name: "capaciteit_kosten", Grain: []string{"partij"},
		Columns: []string{"partij", "bedrag_gepubliceerd", "bedrag_naar_rato", "afwijking_pct"},
	}
	inwoners := map[string]*big.Rat{}
	for _, g := range w.gemeenten {
		if n := number(g.row["inwoners_2016"]); n != nil {
			inwoners[g.naam] = n
		}
	}
	var subtotaal *big.Rat
	for _, r := range w.reference["bijdragen_2017_totalen"] {
		if r["totaal"] == "gemeenten" {
			subtotaal = number(r["gepubliceerd_eur"])
		}
	}
	samen := new(big.Rat)
	for _, r := range w.reference["bijdragen_2017"] {
		if n := inwoners[r["partij"]]; n != nil {
			samen.Add(samen, n)
		}
	}
	for _, r := range w.reference["bijdragen_2017"] {
		bedrag := number(r["bedrag_eur"])
		var rato, afwijking *big.Rat
		if n := inwoners[r["partij"]]; n != nil {
			rato = quotient(new(big.Rat).Mul(subtotaal, n), samen)
			afwijking = percentage(new(big.Rat).Sub(bedrag, rato), rato)
		}
		t.add(r["partij"], amount(bedrag), amount(rato), percentCell(afwijking))
	}
	return t
}
