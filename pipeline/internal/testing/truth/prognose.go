package truth

import (
	"math/big"
	"slices"
	"time"
)

// maxStands is the number of last stands that the lines are fitted to, minStands the number that a crossing
// needs.
const (
	maxStands = 8
	minStands = 4
)

// Prognose is marts.prognose.
func (w *World) Prognose() *Table {
	t := &Table{
		Name: "prognose", Grain: []string{"categorie"},
		Columns: []string{"categorie", "stappen", "personen_nu", "helling_per_kwartaal", "snijpunt_op"},
	}
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
