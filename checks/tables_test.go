package checks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/rule"
)

const tablesFile = "checks/q.sql"

// Each table has the rule that a separate file would give it.
func TestTables(t *testing.T) {
	const header = "-- severity: warn\n-- per: g\n-- explain: 'Aantal {wat} in {g}: {aantal}.'\n"
	shared := func(selects string) []rule.Rule {
		t.Helper()
		return mustParse(t, tablesFile, "-- tables: {marts.t: rijen, core.banen: '{baan|banen}'}\n"+header+selects)
	}
	for _, c := range []struct{ name, shared, t, banen string }{
		{"alias", "select g from marts.t as x", "select g from marts.t as x", "select g from core.banen as x"},
		{"more than once", "select marts.t.g\nfrom marts.t\n", "select marts.t.g\nfrom marts.t", "select core.banen.g\nfrom core.banen"},
		{"every notation", `select g from Marts.T, "marts"."t", marts . t`, "select g from marts.t, marts.t, marts.t", "select g from core.banen, core.banen, core.banen"},
		{
			"earlier stands", "select g from marts.t__vorige, marts.t__jaar, marts.t",
			"select g from marts.t__vorige, marts.t__jaar, marts.t", "select g from core.banen__vorige, core.banen__jaar, core.banen",
		},
		{
			"texts, comments and longer names", "select 'marts.t' as g, t.marts -- marts.t\nfrom marts.t, marts.t2, a_marts.t",
			"select 'marts.t' as g, t.marts -- marts.t\nfrom marts.t, marts.t2, a_marts.t",
			"select 'marts.t' as g, t.marts -- marts.t\nfrom core.banen, marts.t2, a_marts.t",
		},
	} {
		rules := shared(c.shared)
		own := append(mustParse(t, "checks/core.banen.q.sql", strings.ReplaceAll(header, "{wat}", "{baan|banen}")+c.banen),
			mustParse(t, sqlFile, strings.ReplaceAll(header, "{wat}", "rijen")+c.t)...)
		if diff := cmp.Diff(definitions(t, own), definitions(t, rules)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
	rules := shared("select g from marts.t")
	if rules[0].Line != 1 || rules[0].Col == rules[1].Col {
		t.Errorf("rules begin at their table: %d:%d, %d:%d", rules[0].Line, rules[0].Col, rules[1].Line, rules[1].Col)
	}
}

// definitions are rules without their places.
func definitions(t *testing.T, rules []rule.Rule) []string {
	t.Helper()
	var out []string
	for _, r := range rules {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}

func TestTablesUnderAnotherName(t *testing.T) {
	rules := mustParse(t, tablesFile, "-- name: ander\n-- tables: {marts.t: rijen}\n-- explain: x\nselect 1 from marts.t")
	if len(rules) != 1 || rules[0].ID() != "marts.t.ander" {
		t.Errorf("rules %v", rules)
	}
}

// Every byte of a SELECT for a table maps to the right place in the file.
func TestWritten(t *testing.T) {
	for _, table := range []string{"core.lange_naam", "core.a"} {
		rule := mustParse(t, tablesFile, "-- tables: {marts.t: rijen, "+table+": banen}\n-- explain: x\nselect 1 as een from \"marts\".t, marts.t__vorige where true")[0]
		for word, want := range map[string]string{"een": "een", table: `"marts".t`, ",": ",", table + "__vorige": "marts.t__vorige", "where": "where", "true": "true"} {
			text, at := rule.Written(strings.Index(rule.Select, word))
			if !strings.HasPrefix(text[at:], want) {
				t.Errorf("%s in %q is at %q", word, rule.Select, text[at:])
			}
		}
	}
}

func TestFaultsOfTables(t *testing.T) {
	runFaults(t, []faultCase{
		{"no tables", tablesFile, "-- explain: x\nselect 1", []string{"checks/q.sql: the file name has no table and check; call it <schema>.<table>.<name>.sql, or <name>.sql with tables: in its header"}},
		{"a list", tablesFile, "-- tables: [marts.t]\n-- explain: x\nselect 1 from marts.t", []string{"checks/q.sql:1:12: tables is a list, not a mapping; write each table and what messages call its rows, such as staging.klanten: klanten"}},
		{"nothing", tablesFile, "-- tables: {}\n-- explain: x\nselect 1 from marts.t", []string{"checks/q.sql:1:12: tables is an empty mapping; write each table and what messages call its rows, such as staging.klanten: klanten"}},
		{"no words", tablesFile, "-- tables: {marts.t: }\n-- explain: x\nselect 1 from marts.t", []string{"checks/q.sql:1:21: marts.t is empty; give it a value or leave the key out"}},
		{"no table", tablesFile, "-- tables: {marts: rijen, marts.t: rijen}\n-- explain: x\nselect 1 from marts.t", []string{`checks/q.sql:1:20: "marts" is not a table; write schema.table: and what messages call its rows`}},
		{"none of them is read", tablesFile, "-- tables: {marts.t: rijen, core.t: rijen}\n-- explain: x\nselect 1 from core.u", []string{"checks/q.sql:1:13: the SELECT names 0 of its tables, not one; name one table in the SELECT; the others replace it"}},
		{"two of them are read", tablesFile, "-- tables: {marts.t: rijen, core.t: rijen}\n-- explain: x\nselect 1 from core.t, marts.t", []string{"checks/q.sql:1:13: the SELECT names 2 of its tables, not one; name one table in the SELECT; the others replace it"}},
		{"of one table", sqlFile, "-- tables: {marts.t: rijen}\n-- explain: x\nselect 1 from marts.t", []string{"checks/marts.t.q.sql:1:13: the file name already has the table; call the file <name>.sql, or leave tables out"}},
		{"words of one table", sqlFile, "-- explain: 'Aantal {wat}.'\nselect 1", []string{"checks/marts.t.q.sql:1:13: explain has unknown placeholder {wat}; known: waarde, teller, noemer, drempel, groep, peildatum, aantal, vorige, categorie, kolommen"}},
		{"unknown key", tablesFile, "-- tabels: {marts.t: rijen}\n-- explain: x\nselect 1 from marts.t", []string{
			"checks/q.sql: the file name has no table and check; call it <schema>.<table>.<name>.sql, or <name>.sql with tables: in its header",
			`checks/q.sql:1:4: unknown key "tabels" in the header of a check; did you mean "tables"?`,
		}},
		{"name", tablesFile, "-- tables: {marts.t: rijen}\n-- name: Ander\n-- explain: x\nselect 1 from marts.t", []string{`checks/q.sql:2:10: the name "Ander"; use lower-case letters, digits and _`}},
	})
}
