package checks_test

import (
	"math/big"
	"testing"
	"time"

	"inbeeld/checks"
)

// TestTell: no message gives away how many persons there are when they are fewer than five.
func TestTell(t *testing.T) {
	const coverage = "- {check: coverage, name: profieldekking_gemeente, numerator: a, denominator: b, per: gemeente, warn: {below: 50}, alarm: {below: 25}, explain: '{gemeente}: {teller} van {noemer}, {waarde}, grens {drempel}'}"
	const drop = "- {check: coverage, name: daling, numerator: a, denominator: b, per: gemeente, warn: {drop: {points: 3}}, explain: '{waarde}, was {vorige}'}"
	const bad = "- {check: not_null, name: gevuld, column: a, severity: alarm, explain: '{aantal} van {noemer} regels'}"
	const volume = "- {check: volume_change, name: omvang, warn: {beyond: 10}, explain: '{teller} tegen {noemer}, {waarde}'}"
	const shares = "- {check: share, name: bsn_klopt, condition: a, alarm: {above: 0}, explain: 'bij {teller} van {noemer}'}"
	const words = "- {check: not_null, name: gevuld, column: a, severity: alarm, explain: 'Er {staat|staan} {aantal} {regel|regels} zonder a'}"
	for _, c := range []struct {
		name, rule                     string
		value, teller, noemer, earlier string
		persons                        bool
		title, text, shown, limit      string
	}{
		{"enough of each", coverage, "22.9166", "55", "240", "", true, "profieldekking onder 25%", "Weesp: 55 van 240, 22,9%, grens 25,0%", "22,9%", "25%"},
		{"few with a profile", coverage, "12.5", "4", "32", "", true, "profieldekking onder 25%", "Weesp: minder dan 5 van 32, minder dan 15,6%, grens 25,0%", "minder dan 15,6%", "25%"},
		{"nobody with a profile", coverage, "0", "0", "32", "", true, "profieldekking onder 25%", "Weesp: minder dan 5 van 32, minder dan 15,6%, grens 25,0%", "minder dan 15,6%", "25%"},
		{"few without one", coverage, "95", "38", "40", "", true, "profieldekking onder 50%", "Weesp: meer dan 35 van 40, meer dan 87,5%, grens 50,0%", "meer dan 87,5%", "50%"},
		{"few at all", coverage, "50", "2", "4", "", true, "profieldekking onder 50%", "Weesp: minder dan 5 van minder dan 5, niet getoond, grens 50,0%", "niet getoond", "50%"},
		{"five is enough", coverage, "20", "5", "25", "", true, "profieldekking onder 25%", "Weesp: 5 van 25, 20,0%, grens 25,0%", "20,0%", "25%"},
		{"rows that are no persons", coverage, "12.5", "4", "32", "", false, "profieldekking onder 25%", "Weesp: 4 van 32, 12,5%, grens 25,0%", "12,5%", "25%"},
		{"few before", drop, "30", "30", "100", "5", true, "daling", "30,0%, was niet getoond", "30,0%", "2%"},
		{"enough before", drop, "30", "30", "100", "40", true, "daling", "30,0%, was 40,0%", "30,0%", "37%"},
		{"bad rows", bad, "3", "3", "900", "", true, "gevuld", "minder dan 5 van 900 regels", "", ""},
		{"words for one", words, "1", "1", "900", "", false, "gevuld", "Er staat 1 regel zonder a", "", ""},
		{"words for more", words, "7", "7", "900", "", true, "gevuld", "Er staan 7 regels zonder a", "", ""},
		{"one that is hidden", words, "1", "1", "900", "", true, "gevuld", "Er staan minder dan 5 regels zonder a", "", ""},
		{"volume", volume, "-25", "3", "4", "", true, "omvang", "minder dan 5 tegen minder dan 5, niet getoond", "niet getoond", "10%"},
		{"a limit of nothing", shares, "1", "7", "700", "", true, "BSN klopt", "bij 7 van 700", "1,0%", "0%"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule := mustParse(t, "checks/marts.x.yaml", c.rule)[0]
			m := checks.Measure{
				Check: rule.ID(), Group: "Weesp", GroupValues: map[string]string{"gemeente": "Weesp"}, Peildatum: time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC),
				Value: ratOf(t, c.value), Teller: ratOf(t, c.teller), Noemer: ratOf(t, c.noemer),
			}
			if c.earlier != "" {
				m.Earlier = map[checks.Stand]*big.Rat{checks.Previous: ratOf(t, c.earlier)}
			}
			got := rule.Tell(m, rule.Judge(m), c.persons)
			want := checks.Telling{Title: c.title, Text: c.text, Value: c.shown, Limit: c.limit}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}
