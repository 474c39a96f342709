package checks_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
)

func mustParse(t *testing.T, path, text string) []rule.Rule {
	t.Helper()
	rules, faults := rule.ParseFile(path, []byte(text))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return rules
}

func ratOf(t *testing.T, text string) *big.Rat {
	t.Helper()
	if text == "" {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("not a number: %q", text)
	}
	return r
}

func TestJudge(t *testing.T) {
	const share = "- {check: share, condition: a, explain: x, per: g, min_denominator: 20, "
	const below = "- {check: coverage, numerator: a, denominator: b, explain: x, per: g, "
	const three = below + "warn: {below: 50}, alarm: {below: 25}, block: {below: 10}, overrides: {Weesp: {alarm: {below: 12.5}}}}"
	const bad = "- {check: not_null, column: a, explain: x, "
	for _, c := range []struct {
		name, rule            string
		group                 string
		value, teller, noemer string
		ernst                 rule.Ernst
		limit                 string
	}{
		{"well above", three, "Laren", "60", "6", "10", rule.OK, "50"},
		{"on the warn limit", three, "Laren", "50", "5", "10", rule.OK, "50"},
		{"a hair below the warn limit", three, "Laren", "49999999999999999999/1000000000000000000", "1", "2", rule.Waarschuwing, "50"},
		{"rounds to the alarm limit", three, "Laren", "24.99", "2499", "10000", rule.Alarm, "25"},
		{"on the alarm limit", three, "Laren", "25", "1", "4", rule.Waarschuwing, "50"},
		{"block goes before alarm", three, "Laren", "9", "9", "100", rule.Blokkerend, "10"},
		{"nothing at all", three, "Laren", "0", "0", "100", rule.Blokkerend, "10"},
		{"override: on its limit", three, "Weesp", "12.5", "4", "32", rule.Waarschuwing, "50"},
		{"override: below its limit", three, "Weesp", "12.4", "4", "32", rule.Alarm, "12.5"},
		{"override: keeps block", three, "Weesp", "1", "1", "100", rule.Blokkerend, "10"},
		{"zero denominator", three, "Laren", "", "0", "0", rule.GeenOordeel, "50"},
		{"a third is more than 33.33", share + "warn: {above: 33.33}}", "g", "100/3", "10", "30", rule.Waarschuwing, "33.33"},
		{"a third is not more than 33.34", share + "warn: {above: 33.34}}", "g", "100/3", "10", "30", rule.OK, "33.34"},
		{"at min_denominator", share + "alarm: {above: 1}}", "g", "100", "20", "20", rule.Alarm, "1"},
		{"below min_denominator", share + "alarm: {above: 1}}", "g", "100", "19", "19", rule.GeenOordeel, "1"},
		{"mildest is alarm", share + "alarm: {above: 10}, block: {above: 20}}", "g", "0", "0", "20", rule.OK, "10"},
		{"only block", share + "block: {above: 10}}", "g", "0", "0", "20", rule.OK, "10"},
		{"default severity", bad + "}", "alle", "1", "1", "2", rule.Alarm, ""},
		{"severity block", bad + "severity: block}", "alle", "1", "1", "2", rule.Blokkerend, ""},
		{"severity warn", bad + "severity: warn}", "alle", "1", "1", "2", rule.Waarschuwing, ""},
		{"severity info", bad + "severity: info}", "alle", "1", "1", "2", rule.Info, ""},
		{"no bad rows", bad + "severity: block}", "alle", "0", "0", "2", rule.OK, ""},
		{"bad rows within limits", bad + "warn: {above: 3}}", "alle", "3", "3", "9", rule.OK, "3"},
		{"bad rows beyond limits", bad + "warn: {above: 3}}", "alle", "4", "4", "9", rule.Waarschuwing, "3"},
		{"few rows", "- {check: row_count, explain: x, alarm: {below: 1}}", "alle", "0", "0", "", rule.Alarm, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule := mustParse(t, yamlFile, c.rule)[0]
			v := judge.Judge(rule, judge.Measure{
				Group: c.group, Value: ratOf(t, c.value), Teller: ratOf(t, c.teller), Noemer: ratOf(t, c.noemer),
			})
			if v.Ernst != c.ernst {
				t.Errorf("ernst %s, want %s", v.Ernst, c.ernst)
			}
			if got, want := rat(v.Limit), rat(ratOf(t, c.limit)); got != want {
				t.Errorf("limit %s, want %s", got, want)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	r := mustParse(t, yamlFile, `
- check: share
  name: werkfit
  condition: a
  per: [gemeente, klant_van]
  warn: {above: 0.25}
  notify: [sturing]
  explain: '{gemeente}/{klant_van} ({groep}) op {peildatum}: {waarde}, {aantal} = {teller} van {noemer}, {drempel}'
`)[0]
	got := judge.Judge(r, judge.Measure{
		Check: r.ID(), Group: "{waarde} / UWV", GroupValues: map[string]string{"gemeente": "{waarde}", "klant_van": "UWV"},
		Value: big.NewRat(25, 2), Teller: big.NewRat(1250, 1), Noemer: big.NewRat(10000, 1),
	})
	want := judge.Verdict{
		Check: "marts.t.werkfit", Table: "marts.t", Group: "{waarde} / UWV", Ernst: rule.Waarschuwing,
		Value: big.NewRat(25, 2), Limit: big.NewRat(1, 4), Teller: big.NewRat(1250, 1), Noemer: big.NewRat(10000, 1),
		Percentage:  true,
		Explanation: "{waarde}/UWV ({waarde} / UWV) op onbekend: 12,5%, 1.250 = 1.250 van 10.000, 0,25%",
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *big.Rat) bool { return rat(a) == rat(b) })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The JSON of a rule is its definition: comments and place do not change it, a limit does.
func TestDefinition(t *testing.T) {
	const rule = "- {check: row_count, warn: {below: 10}, explain: x}"
	define := func(text string) string {
		b, err := json.Marshal(mustParse(t, yamlFile, text)[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if a, b := define(rule), define("# voorbeeld\n\n"+strings.Replace(rule, "10", "10.0", 1)); a != b {
		t.Errorf("the same rule differs:\n%s\n%s", a, b)
	}
	if a, b := define(rule), define(strings.Replace(rule, "10", "11", 1)); a == b {
		t.Errorf("another limit does not show: %s", a)
	}
}
