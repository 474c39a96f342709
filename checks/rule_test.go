package checks_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/projectfile"
)

func messages(faults projectfile.Faults) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.Error())
	}
	return out
}

func TestBind(t *testing.T) {
	table := rule.Table{Schema: "marts", Name: "t", PerPeildatum: true, Columns: []rule.Column{
		{Name: "peildatum", Type: "DATE"},
		{Name: "gemeente", Type: "VARCHAR"},
		{Name: "is_werkfit", Type: "BOOLEAN"},
		{Name: "totaal", Type: "BIGINT"},
		{Name: "uren", Type: "DECIMAL(12,2)"},
		{Name: "ruw", Type: "DOUBLE"},
		{Name: "vreemd"},
	}}
	for _, c := range []struct {
		name, path, text string
		want             []string
	}{
		{"all there, whatever the case", yamlFile, `
- {check: not_null, columns: [PEILDATUM, gemeente], per: Gemeente, explain: '{Gemeente}'}
- {check: coverage, numerator: totaal, denominator: uren + onbekend, warn: {below: 1}, explain: x}
- {check: coverage, name: c, numerator: vreemd, denominator: uren, warn: {below: 1}, explain: x}
- {check: share, condition: is_werkfit, where: is_werkfit, warn: {above: 1}, explain: x}
- {check: sum_matches, columns: [totaal, uren], equals: vreemd, explain: x}`, nil},
		{
			"column", yamlFile, "- check: not_null\n  column: gemente\n  explain: x\n",
			[]string{`checks/marts.t.yaml:2:11: marts.t has no column "gemente"; did you mean "gemeente"?`},
		},
		{
			"two of columns", yamlFile, "- check: unique\n  columns: [gemente, totaal, urn]\n  explain: x\n",
			[]string{
				`checks/marts.t.yaml:2:12: marts.t has no column "gemente"; did you mean "gemeente"?`,
				`checks/marts.t.yaml:2:12: marts.t has no column "urn"; did you mean "uren"?`,
			},
		},
		{
			"per", yamlFile, "- check: row_count\n  per: [gemeente, regio]\n  warn: {below: 1}\n  explain: x\n",
			[]string{`checks/marts.t.yaml:2:8: marts.t has no column "regio"; known: peildatum, gemeente, is_werkfit, totaal, uren, ruw, vreemd`},
		},
		{
			"per peildatum", yamlFile, "- check: row_count\n  per: peildatum\n  warn: {below: 1}\n  explain: x\n",
			[]string{`checks/marts.t.yaml:2:8: per has peildatum; leave it out: every peildatum is judged separately`},
		},
		{
			"numerator and denominator", yamlFile, "- check: coverage\n  numerator: met\n  denominator: ruw\n  warn: {below: 1}\n  explain: x\n",
			[]string{
				`checks/marts.t.yaml:2:14: marts.t has no column "met"; known: peildatum, gemeente, is_werkfit, totaal, uren, ruw, vreemd`,
				`checks/marts.t.yaml:3:16: column "ruw" is DOUBLE, which has no exact sum; sum a column of integers or decimals`,
			},
		},
		{
			"condition and where", yamlFile, "- check: share\n  condition: werkfit\n  where: toestemming\n  warn: {above: 1}\n  explain: x\n",
			[]string{
				`checks/marts.t.yaml:2:14: marts.t has no column "werkfit"; known: peildatum, gemeente, is_werkfit, totaal, uren, ruw, vreemd`,
				`checks/marts.t.yaml:3:10: marts.t has no column "toestemming"; known: peildatum, gemeente, is_werkfit, totaal, uren, ruw, vreemd`,
			},
		},
		{
			"equals", yamlFile, "- check: sum_matches\n  columns: [totaal, gemeente]\n  equals: total\n  explain: x\n",
			[]string{
				`checks/marts.t.yaml:2:12: column "gemeente" is VARCHAR, which has no exact sum; sum a column of integers or decimals`,
				`checks/marts.t.yaml:3:11: marts.t has no column "total"; did you mean "totaal"?`,
			},
		},
		{
			"on of total", yamlFile, "- check: sum_matches\n  column: totaal\n  total: {table: core.t, column: weg, on: [code]}\n  explain: x\n",
			[]string{`checks/marts.t.yaml:3:11: marts.t has no column "code"; known: peildatum, gemeente, is_werkfit, totaal, uren, ruw, vreemd`},
		},
		{"sql has columns of its own", sqlFile, "-- per: eigen\n-- explain: x\nselect 1 as eigen\n", nil},
		{
			"sql per peildatum", sqlFile, "-- per: peildatum\n-- explain: x\nselect peildatum from marts.t\n",
			[]string{`checks/marts.t.q.sql:1:9: per has peildatum; leave it out: every peildatum is judged separately`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, r := range mustParse(t, c.path, c.text) {
				got = append(got, messages(r.Bind(table))...)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatARuleReads(t *testing.T) {
	for _, c := range []struct {
		path, text string
		references []string
		reads      string
	}{
		{yamlFile, "- {check: not_null, column: a, explain: x}", nil, ""},
		{yamlFile, "- {check: relationship, column: a, references: core.b(c), explain: x}", []string{"core.b"}, ""},
		{yamlFile, "- {check: sum_matches, column: a, total: {table: marts.d, column: e}, explain: x}", []string{"marts.d"}, ""},
		{yamlFile, "- {check: sum_matches, columns: [a, b], equals: c, explain: x}", nil, ""},
		{sqlFile, "-- explain: x\r\n\r\nselect a -- ;(\r\nfrom core.b\r\n", nil, "select a -- ;(\nfrom core.b"},
	} {
		r := mustParse(t, c.path, c.text)[0]
		if diff := cmp.Diff(c.references, r.References()); diff != "" {
			t.Errorf("references of %s (-want +got)\n%s", c.text, diff)
		}
		if r.Select != c.reads {
			t.Errorf("SELECT of %s: %q", c.text, r.Select)
		}
	}
}

func TestGoodRulesBesideBadOnes(t *testing.T) {
	rules, faults := rule.ParseFile(yamlFile, []byte(`
- {check: not_null, column: a, explain: x}
- {check: not_nul, column: b, explain: x}
- {check: unique, column: c, severity: block, explain: x}
`))
	if len(faults) != 1 || len(rules) != 2 || rules[0].ID() != "marts.t.not_null_a" || rules[1].ID() != "marts.t.unique_c" {
		t.Errorf("rules %v, faults %v", rules, faults)
	}
}

func TestMeasuresOfAStrangeResult(t *testing.T) {
	text := func(values ...string) []*string {
		row := make([]*string, len(values))
		for i := range values {
			row[i] = &values[i]
		}
		return row
	}
	rules := mustParse(t, yamlFile, "- {check: not_null, column: a, where: b, per: c, explain: x}")
	q := judge.Compile(rule.Table{Schema: "marts", Name: "t"}, rules)[0]
	for _, c := range []struct {
		name string
		rows [][]*string
		want string
	}{
		{"too few columns", [][]*string{text("Laren", "1")}, "2 columns"},
		{"a double", [][]*string{text("Laren", "1", "1e+20")}, "is not exact"},
		{"text", [][]*string{text("Laren", "1", "nan")}, "is not exact"},
		{"number of rows that is none", [][]*string{text("Laren", "", "1")}, "is not exact"},
		{"group that is NULL", [][]*string{append([]*string{nil}, text("1", "1")...)}, "is NULL"},
	} {
		_, err := q.Measures(c.rows)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "marts.t.not_null_a") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Two groups never share a name, whatever the values of their columns.
func TestGroupNames(t *testing.T) {
	rules := mustParse(t, yamlFile, "- {check: row_count, per: [a, b], warn: {below: 2}, explain: x}")
	q := judge.Compile(rule.Table{Schema: "marts", Name: "t"}, rules)[0]
	rows := readRows("x / y|z|1\nx|y / z|1\nx /|/ z|1\nx|/ / z|1\nx|z|1\nx|z|1\n")
	measures, err := q.Measures(rows)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range measures {
		got[m.Group] = rat(m.Value)
	}
	want := map[string]string{"x // y / z": "1", "x / y // z": "1", "x // / // z": "1", "x / // // z": "1", "x / z": "2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
