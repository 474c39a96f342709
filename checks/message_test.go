package checks_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
)

// TestMessage: no message reveals a number of persons below five.
func TestMessage(t *testing.T) {
	const coverage = "- {check: coverage, name: profieldekking_gemeente, numerator: a, denominator: b, per: gemeente, warn: {below: 50}, alarm: {below: 25}, explain: '{gemeente}: {teller} van {noemer}, {waarde}, grens {drempel}'}"
	const drop = "- {check: coverage, name: daling, numerator: a, denominator: b, per: gemeente, warn: {drop: {points: 3}}, explain: '{waarde}, was {vorige}'}"
	const bad = "- {check: not_null, name: gevuld, column: a, severity: alarm, explain: '{aantal} van {noemer} regels'}"
	const volume = "- {check: volume_change, name: omvang, warn: {beyond: 10}, explain: '{teller} tegen {noemer}, {waarde}'}"
	const shares = "- {check: share, name: bsn_klopt, condition: a, alarm: {above: 0}, explain: 'bij {teller} van {noemer}'}"
	const words = "- {check: not_null, name: gevuld, column: a, severity: alarm, explain: 'Er {staat|staan} {aantal} {regel|regels} zonder a'}"
	const rows = "- {check: row_count, name: rijen, warn: {drop: {percent: 10}}, explain: '{waarde}, was {vorige}, grens {drempel}'}"
	const rise = "- {check: not_null, name: gevuld, column: a, warn: {rise: {points: 10}}, explain: '{waarde}, was {vorige}, grens {drempel}'}"
	const ofRows = "- {check: not_null, name: gevuld, column: a, warn: {above: 1%}, explain: '{waarde}, grens {drempel}'}"
	const sums = "- {check: sum_matches, name: som, columns: [a, b], equals: c, severity: alarm, explain: '{aantal} van {noemer}'}"
	for _, c := range []struct {
		name, rule                     string
		value, teller, noemer, earlier string
		persons                        bool
		title, text, shown, limit      string
		parts                          string // teller/noemer
	}{
		{"enough of each", coverage, "22.9166", "55", "240", "", true, "profieldekking onder 25%", "Weesp: 55 van 240, 22,9%, grens 25,0%", "22,9%", "25%", "55/240"},
		{"few with a profile", coverage, "12.5", "4", "32", "", true, "profieldekking onder 25%", "Weesp: minder dan 5 van 32, minder dan 15,6%, grens 25,0%", "minder dan 15,6%", "25%", "minder dan 5/32"},
		{"nobody with a profile", coverage, "0", "0", "32", "", true, "profieldekking onder 25%", "Weesp: minder dan 5 van 32, minder dan 15,6%, grens 25,0%", "minder dan 15,6%", "25%", "minder dan 5/32"},
		{"few without one", coverage, "95", "38", "40", "", true, "profieldekking onder 50%", "Weesp: meer dan 35 van 40, meer dan 87,5%, grens 50,0%", "meer dan 87,5%", "50%", "meer dan 35/40"},
		{"few at all", coverage, "50", "2", "4", "", true, "profieldekking onder 50%", "Weesp: minder dan 5 van minder dan 5, niet getoond, grens 50,0%", "niet getoond", "50%", "minder dan 5/minder dan 5"},
		{"five is enough", coverage, "20", "5", "25", "", true, "profieldekking onder 25%", "Weesp: 5 van 25, 20,0%, grens 25,0%", "20,0%", "25%", "5/25"},
		{"rows that are no persons", coverage, "12.5", "4", "32", "", false, "profieldekking onder 25%", "Weesp: 4 van 32, 12,5%, grens 25,0%", "12,5%", "25%", "4/32"},
		{"few before", drop, "30", "30", "100", "5", true, "daling", "30,0%, was niet getoond", "30,0%", "niet getoond", "30/100"},
		{"enough before", drop, "30", "30", "100", "40", true, "daling", "30,0%, was 40,0%", "30,0%", "37%", "30/100"},
		{"bad rows", bad, "3", "3", "900", "", true, "gevuld", "minder dan 5 van 900 regels", "", "", "minder dan 5/900"},
		{"words for one", words, "1", "1", "900", "", false, "gevuld", "Er staat 1 regel zonder a", "", "", "1/900"},
		{"words for more", words, "7", "7", "900", "", true, "gevuld", "Er staan 7 regels zonder a", "", "", "7/900"},
		{"one that is hidden", words, "1", "1", "900", "", true, "gevuld", "Er staan minder dan 5 regels zonder a", "", "", "minder dan 5/900"},
		{"volume", volume, "-25", "3", "4", "", true, "omvang", "minder dan 5 tegen minder dan 5, niet getoond", "niet getoond", "10%", "minder dan 5/minder dan 5"},
		{"few without one of many", coverage, "99.1666", "238", "240", "", true, "profieldekking onder 50%", "Weesp: meer dan 235 van 240, meer dan 97,9%, grens 50,0%", "meer dan 97,9%", "50%", "meer dan 235/240"},
		{"rows before", rows, "9", "9", "", "3", true, "rijen", "9, was niet getoond, grens niet getoond", "9", "niet getoond", "9/"},
		{"enough rows before", rows, "9", "9", "", "20", true, "rijen", "9, was 20, grens 18", "9", "18", "9/"},
		{"bad rows before", rise, "30", "30", "900", "3", true, "gevuld", "30, was niet getoond, grens niet getoond", "30", "niet getoond", "30/900"},
		{"bad rows but few before", rise, "500", "500", "900", "892", true, "gevuld", "500, was niet getoond, grens niet getoond", "500", "niet getoond", "500/900"},
		{"a limit made of few rows", ofRows, "2", "2", "4", "", true, "gevuld", "minder dan 5, grens niet getoond", "minder dan 5", "niet getoond", "minder dan 5/minder dan 5"},
		{"sums but for a few rows", sums, "238", "238", "240", "", true, "som", "meer dan 235 van 240", "", "", "meer dan 235/240"},
		{"a limit of nothing", shares, "1", "7", "700", "", true, "BSN klopt", "bij 7 van 700", "1,0%", "0%", "7/700"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mustParse(t, "checks/marts.x.yaml", c.rule)[0]
			m := judge.Measure{
				Check: r.ID(), Group: "Weesp", GroupValues: map[string]string{"gemeente": "Weesp"}, Peildatum: time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC),
				Value: ratOf(t, c.value), Teller: ratOf(t, c.teller), Noemer: ratOf(t, c.noemer),
			}
			if c.earlier != "" {
				m.Earlier = map[rule.Stand]*big.Rat{rule.Previous: ratOf(t, c.earlier)}
			}
			got := judge.NewMessage(r, m, judge.Judge(r, m), c.persons)
			want := judge.Message{Title: c.title, Text: c.text, Value: c.shown, Limit: c.limit}
			want.Teller, want.Noemer, _ = strings.Cut(c.parts, "/")
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestMessageOfShares: the share of a category and the figure of an outlier are hidden if they are based on
// few rows.
func TestMessageOfShares(t *testing.T) {
	const rules = `
- {check: distribution, name: verdeling, column: a, per: g, min_denominator: 1, versus: previous, warn: {above: 10}, explain: '{categorie} {waarde} {teller} {noemer}'}
- {check: outlier, name: uitschieter, numerator: n, denominator: m, per: g, min_denominator: 1, warn: {beyond: 10}, explain: '{waarde} {teller} {noemer}'}
`
	for _, c := range []struct {
		rule int
		rows []string
		want string
	}{
		{0, []string{"0,Weesp,0,50,20,x", "0,Weesp,0,50,80,y"}, "x 30 50 20"},
		{0, []string{"0,Weesp,0,50,4,x", "0,Weesp,0,50,80,y"}, "x niet getoond niet getoond niet getoond"},
		{0, []string{"0,Weesp,0,97,20,x", "0,Weesp,0,3,80,y"}, "x niet getoond niet getoond niet getoond"},
		{1, []string{"Huizen,50,100", "Laren,60,100", "Weesp,20,100"}, "-63,6% 0,20 0,55"},
		{1, []string{"Huizen,50,100", "Laren,60,100", "Weesp,4,100"}, "niet getoond niet getoond niet getoond"},
	} {
		r := mustParse(t, "checks/marts.x.yaml", rules)[c.rule]
		var rows [][]*string
		for _, line := range c.rows {
			var row []*string
			for _, cell := range strings.Split(line, ",") {
				row = append(row, &cell)
			}
			rows = append(rows, row)
		}
		measures, err := judge.Compile(rule.Table{Schema: "marts", Name: "x"}, []rule.Rule{r})[0].Measures(rows)
		if err != nil {
			t.Fatal(err)
		}
		m := measures[len(measures)-1]
		if got := judge.NewMessage(r, m, judge.Judge(r, m), true).Text; got != c.want {
			t.Errorf("%s of %v: %s, want %s", r.Name, c.rows, got, c.want)
		}
	}
}
