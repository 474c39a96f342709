package truth

import (
	"math/big"
	"testing"
)

// These tests check the functions that all marts use against results worked out by hand.

func TestRounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number string
		digits int
		want   string
	}{
		{"0.05", 1, "0.1"},
		{"-0.05", 1, "-0.1"},
		{"-0.04", 1, "0.0"},
		{"2.345", 2, "2.35"},
		{"68.5", 0, "69"},
		{"1/16", 2, "0.06"},
		{"5/6", 1, "0.8"},
		{"", 1, Null},
	} {
		if got := rounded(number(c.number), c.digits); got != c.want {
			t.Errorf("%q with %d digits is %s, not %s", c.number, c.digits, got, c.want)
		}
	}
	if got := percentCell(count(10000)) + amount(number("-9999999999.99")) + amount(number("9999999999.995")); got != Null+"-9999999999.99"+Null {
		t.Errorf("what does not fit: %s", got)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		plus("2020-01-15", lasting):                      "2020-07-16", // a leap year
		plus("2021-01-15", lasting):                      "2021-07-17",
		quarter("2020-10-01"):                            "2020-Q4",
		quarterEnd("2024-02-01"):                         "2024-03-31",
		quarterBegin("2024-12-31"):                       "2024-10-01",
		yearBefore("2024-02-29"):                         "2023-02-28",
		yearBefore("2021-02-28"):                         "2020-02-28",
		integer(daysBetween("2020-02-28", "2020-03-01")): "2",
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	// The last day of a quarter is a whole number; 15 February is day 46 of 90.
	base := inQuarters("2020-12-31")
	for date, want := range map[string]*big.Rat{
		"2021-03-31": big.NewRat(1, 1), "2021-02-15": big.NewRat(46, 90), "2022-12-31": big.NewRat(8, 1), "2020-12-30": big.NewRat(-1, 92),
	} {
		if got := new(big.Rat).Sub(inQuarters(date), base); got.Cmp(want) != 0 {
			t.Errorf("%s is %s quarters after the end of 2020, not %s", date, got, want)
		}
	}
	xs := []*big.Rat{count(1), count(2), count(3), count(4)}
	up, flat := fit(xs, []int{10, 20, 30, 40}), fit(xs, []int{100, 100, 100, 100})
	if up.slope.Cmp(count(10)) != 0 || up.begin.Sign() != 0 || flat.slope.Sign() != 0 || flat.begin.Cmp(count(100)) != 0 {
		t.Errorf("lines %v %v", up, flat)
	}
	through := func(x *big.Rat, y, slope int) line {
		return line{begin: new(big.Rat).Sub(count(y), new(big.Rat).Mul(count(slope), x)), slope: count(slope)}
	}
	last := inQuarters("2020-12-31")
	for _, c := range []struct {
		name         string
		lower, upper line
		want         string
	}{
		{"10 behind, 10 a quarter", through(last, 90, 10), through(last, 100, 0), "2021-03-31"},
		{"5 behind, 10 a quarter: halfway, day 45 of 90", through(last, 95, 10), through(last, 100, 0), "2021-02-14"},
		{"3 behind, 7 a quarter: day 38,57 of 90", through(last, 97, 7), through(last, 100, 0), "2021-02-08"},
		{"ahead already", through(last, 101, 10), through(last, 100, 0), Null},
		{"on the last stand itself", through(last, 100, 10), through(last, 100, 0), Null},
		{"falling behind", through(last, 90, 1), through(last, 100, 2), Null},
		{"side by side", through(last, 90, 2), through(last, 100, 2), Null},
		{"after the year 9999", through(last, 0, 1), through(last, 40000, 0), Null},
	} {
		if got := crossing(c.lower, c.upper, last); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

func TestGemeente(t *testing.T) {
	t.Parallel()
	w := NewWorld(map[string][]Row{
		"gemeenten": {
			{"gemeentecode": "GM0402", "gemeente": "Hilversum", "in_regio": "ja", "uitvoeringsdienst": "Hilversum"},
			{"gemeentecode": "GM1696", "gemeente": "Wijdemeren", "in_regio": "ja", "uitvoeringsdienst": "Wijdemeren", "geldig_tot": "2027-01-01", "opvolger": "GM0402"},
		},
		"gemeente_aliassen": {{"alias": "Wijdmeren", "gemeentecode": "GM1696"}},
	})
	for _, c := range [][3]string{
		{"hilversum", "", "GM0402"},
		{"Gem. Hilversum", "1696", "GM0402"},
		{"GEMEENTE  WIJDMEREN", "", "GM1696"},
		{"Hilversm", "402", "GM0402"},
		{"Hilversm", "gm0402", "GM0402"},
		{"Elders", "0518", "GM9998"},
		{"Elders", "GM9999", "GM9998"},
		{"Elders", "12", "GM9999"},
		{"Elders", "", "GM9999"},
		{"Onbekend", "0402", "GM0402"},
	} {
		if got := w.resolve(c[0], c[1]).code; got != c[2] {
			t.Errorf("%s with code %q is %s, not %s", c[0], c[1], got, c[2])
		}
	}
	if w.disagree("Hilversum", "0402") || !w.disagree("Hilversum", "1696") || w.disagree("Hilversum", "0518") || w.disagree("Hilversm", "1696") {
		t.Error("name and code disagree when both mean a gemeente, and not the same one")
	}
	if len(w.inRegion("2026-12-31")) != 2 || len(w.inRegion("2027-01-01")) != 1 {
		t.Error("Wijdemeren is there until 1 January 2027")
	}
	if w.huidig(w.gemeenten[1], "2027-01-01").code != "GM0402" || w.huidig(w.gemeenten[1], "2026-12-31").code != "GM1696" {
		t.Error("Wijdemeren goes to Hilversum")
	}
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	w := NewWorld(nil)
	stand := func() (text string) {
		for _, d := range w.Deliveries() {
			status, _ := w.StatusOf(d)
			text += d.ID + " " + string(status) + " "
		}
		return text
	}
	give := func(id string, accepted bool) {
		w.Receive(Delivery{Source: sonar, ID: id, Peildatum: "2020-12-31", Accepted: accepted})
	}
	w.Pull()
	give("a", true)
	give("b", true)
	if got := stand(); got != "a vervangen b aanvaard " {
		t.Error(got)
	}
	w.Pull()
	give("c", false)
	if got := stand(); got != "a vervangen b aanvaard c geweigerd " {
		t.Error(got)
	}
	w.Withdraw(sonar, "b", "verkeerd")
	if got := stand(); got != "a aanvaard b ingetrokken c geweigerd " {
		t.Error(got)
	}
	w.Pull()
	give("b", true)
	if got := stand(); got != "a vervangen b aanvaard c geweigerd " {
		t.Error(got)
	}
	if w.on(sonar, "2020-12-30") != nil || w.on(sonar, "2021-01-01").ID != "b" {
		t.Error("the delivery on a date")
	}
}
