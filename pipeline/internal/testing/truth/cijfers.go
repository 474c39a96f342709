package truth

import (
	"cmp"
	"math/big"
	"slices"
	"time"
)

// Realisatie is marts.realisatie.
func (w *World) Realisatie() *Table {
	t := newTable("realisatie", "kwartaal gebied", `
		kwartaal gebied extra_banen norm realisatie_pct tekort nulmeting personen_doelgroepregister
		banen_eigen_telling`)
	type vak struct{ kwartaal, gebied string }
	cijfers := map[vak]map[string]*big.Rat{}
	for _, r := range w.rows(trend, w.last(trend)) {
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
	t := newTable("aanvragen", "kwartaal gemeentecode indiener route", `
		kwartaal gemeentecode gemeente indiener route aanvragen toegekend afgewezen in_behandeling
		ingetrokken uitkomst_onbekend doorlooptijd_mediaan_dagen`)
	type vak struct {
		kwartaal        string
		gemeente        *gemeente
		indiener, route string
	}
	groepen := map[vak][]Row{}
	for _, r := range w.rows(requests, w.last(requests)) {
		route := cmp.Or(r["route"], "ONBEKEND")
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
	t := newTable("capaciteit_kosten", "partij", "partij bedrag_gepubliceerd bedrag_naar_rato afwijking_pct")
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

// maxStands is the number of last stands that the lines are fitted to, minStands the number that a crossing
// needs.
const (
	maxStands = 8
	minStands = 4
)

// Prognose is marts.prognose.
func (w *World) Prognose() *Table {
	t := newTable("prognose", "categorie", "categorie stappen personen_nu helling_per_kwartaal snijpunt_op")
	dates := w.peildata(register)
	dates = dates[max(0, len(dates)-maxStands):]
	if len(dates) == 0 {
		return t
	}
	var xs []*big.Rat
	personen := map[string][]int{}
	for i, date := range dates {
		xs = append(xs, inQuarters(date))
		for _, c := range append(slices.Clone(categorieen), geenCategorie) {
			personen[c] = append(personen[c], 0)
		}
		for _, p := range w.doelgroep(date) {
			personen[p.categorie][i]++
		}
	}
	pw, waj := fit(xs, personen[participatiewet]), fit(xs, personen[wajong])
	snijpunt := Null
	if len(dates) >= minStands {
		snijpunt = crossing(pw, waj, xs[len(xs)-1])
	}
	for _, c := range append(slices.Clone(categorieen), geenCategorie) {
		if c == geenCategorie && slices.Max(personen[c]) == 0 {
			continue
		}
		op := Null
		if c == participatiewet || c == wajong {
			op = snijpunt
		}
		l := fit(xs, personen[c])
		t.add(c, integer(len(dates)), integer(personen[c][len(dates)-1]), amount(l.slope), op)
	}
	return t
}

// inQuarters returns a date as a number of quarters: an integer on the last day of one, proportional to the
// days in between.
func inQuarters(date string) *big.Rat {
	t := parseDate(date)
	before := t.Year()*4 + (int(t.Month())-1)/3
	day := daysBetween(quarterBegin(date), date) + 1
	days := daysBetween(quarterBegin(date), quarterEnd(date)) + 1
	return new(big.Rat).Add(count(before), big.NewRat(int64(day), int64(days)))
}

// A line is begin + slope × x; slope is nil if there is only one point.
type line struct{ begin, slope *big.Rat }

// fit returns the least-squares line.
func fit(xs []*big.Rat, ys []int) line {
	n := count(len(xs))
	meanX, meanY := new(big.Rat), new(big.Rat)
	for i, x := range xs {
		meanX.Add(meanX, quotient(x, n))
		meanY.Add(meanY, quotient(count(ys[i]), n))
	}
	above, below := new(big.Rat), new(big.Rat)
	for i, x := range xs {
		dx := new(big.Rat).Sub(x, meanX)
		dy := new(big.Rat).Sub(count(ys[i]), meanY)
		above.Add(above, new(big.Rat).Mul(dx, dy))
		below.Add(below, new(big.Rat).Mul(dx, dx))
	}
	slope := quotient(above, below)
	if slope == nil {
		return line{begin: meanY}
	}
	return line{begin: new(big.Rat).Sub(meanY, new(big.Rat).Mul(slope, meanX)), slope: slope}
}

// crossing returns the first day on which the line that is lower on the last stand no longer is, or NULL.
func crossing(lower, upper line, last *big.Rat) string {
	apart := new(big.Rat).Sub(lower.slope, upper.slope)
	if apart.Sign() <= 0 {
		return Null
	}
	at := quotient(new(big.Rat).Sub(upper.begin, lower.begin), apart)
	if at.Cmp(last) <= 0 {
		return Null
	}
	// The quarter of the crossing: at exceeds its number by at most one.
	quarters := new(big.Int).Div(at.Num(), at.Denom()).Int64()
	if at.IsInt() {
		quarters--
	}
	if quarters/4 > 9999 {
		return Null
	}
	begin := time.Date(int(quarters/4), time.Month(quarters%4*3+1), 1, 0, 0, 0, 0, time.UTC)
	for day := begin.Format(time.DateOnly); ; day = plus(day, 1) {
		if inQuarters(day).Cmp(at) >= 0 {
			return day
		}
	}
}
