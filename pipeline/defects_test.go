package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sql/quote"
)

// defectRules are checks of every kind that a single injected defect can break. What they find in a
// group is how many defects of their kind were injected there.
const defectRules = `
- {check: not_null, name: leeg, column: naam, per: g, severity: alarm, explain: x}
- {check: not_empty, name: blanco, column: naam, per: g, severity: alarm, explain: x}
- {check: accepted_values, name: waarde, column: soort, values: [A, B, C], per: g, severity: alarm, explain: x}
- {check: range, name: bereik, column: uren, min: 1, max: 48, per: g, severity: alarm, explain: x}
- {check: pattern, name: vorm, column: code, matches: '[A-Z]{2}[0-9]{4}', per: g, severity: alarm, explain: x}
- {check: length, name: lengte, column: toelichting, max: 20, per: g, severity: alarm, explain: x}
- {check: relationship, name: wijs, column: wijk, references: core.wijken(wijk), per: g, severity: alarm, explain: x}
- {check: sum_matches, name: som, columns: [a, b], equals: ab, per: g, severity: alarm, explain: x}
- {check: unique, name: dubbel, column: id, per: g, severity: alarm, explain: x}
- {check: share, name: zonder, condition: not ok, per: g, warn: {above: 0}, explain: x}
`

const defectSelect = "-- per: g\n-- severity: alarm\n-- explain: x\nselect id, g from marts.d where eind < begin\n"

// A defectRow is a row as it is written, by column.
type defectRow map[string]string

func soundRow(rnd *rand.Rand, id int, groups []string) defectRow {
	a, b := rnd.IntN(100), rnd.IntN(100)
	begin := rnd.IntN(300)
	return defectRow{
		"id": quote.Literal(fmt.Sprintf("P%05d", id)), "g": quote.Literal(groups[rnd.IntN(len(groups))]), "naam": quote.Literal("naam " + fmt.Sprint(id)),
		"soort": quote.Literal(string("ABC"[rnd.IntN(3)])), "uren": fmt.Sprint(1 + rnd.IntN(48)), "code": quote.Literal(fmt.Sprintf("XY%04d", rnd.IntN(10000))),
		"toelichting": quote.Literal(strings.Repeat("é", rnd.IntN(21))), "wijk": quote.Literal(string("NZOW"[rnd.IntN(4)])),
		"a": fmt.Sprint(a), "b": fmt.Sprint(b), "ab": fmt.Sprint(a + b), "ok": "true",
		"begin": fmt.Sprintf("date '2020-01-01' + %d", begin), "eind": fmt.Sprintf("date '2020-01-01' + %d", begin+rnd.IntN(50)),
	}
}

// defects are what can be done to a row so that exactly one check must see it.
var defects = map[string]func(*rand.Rand, defectRow){
	"leeg":   func(_ *rand.Rand, r defectRow) { r["naam"] = "null" },
	"blanco": func(rnd *rand.Rand, r defectRow) { r["naam"] = []string{"''", "'   '", "chr(9)"}[rnd.IntN(3)] },
	"waarde": func(rnd *rand.Rand, r defectRow) { r["soort"] = []string{"'D'", "'a'", "''"}[rnd.IntN(3)] },
	"bereik": func(rnd *rand.Rand, r defectRow) { r["uren"] = []string{"0", "49", "-5"}[rnd.IntN(3)] },
	"vorm": func(rnd *rand.Rand, r defectRow) {
		r["code"] = []string{"'XY12'", "'xy1234'", "'XY1234 '"}[rnd.IntN(3)]
	},
	"lengte":     func(_ *rand.Rand, r defectRow) { r["toelichting"] = quote.Literal(strings.Repeat("ë", 21)) },
	"wijs":       func(_ *rand.Rand, r defectRow) { r["wijk"] = "'Q'" },
	"som":        func(_ *rand.Rand, r defectRow) { r["ab"] += " + 1" },
	"zonder":     func(_ *rand.Rand, r defectRow) { r["ok"] = "false" },
	"eind_begin": func(_ *rand.Rand, r defectRow) { r["eind"] = "date '2019-12-31'" },
	"dubbel":     nil, // a second row with the same id
	"soms_leegte": func(_ *rand.Rand, r defectRow) {
		r["toelichting"], r["wijk"], r["soort"], r["uren"] = "null", "null", "null", "null"
	}, // no defect at all
}

// TestInjectedDefects makes sound tables, puts defects in at places that it writes down, and expects
// exactly what is written down: no miss, no false alarm, and the keys of the very rows.
func TestInjectedDefects(t *testing.T) {
	t.Parallel()
	session := openCheckSession(t, 1)
	rules := append(parseChecks(t, "checks/marts.d.yaml", defectRules), parseChecks(t, "checks/marts.d.eind_begin.sql", defectSelect)...)
	types := map[string]string{"uren": "INTEGER", "a": "BIGINT", "b": "BIGINT", "ab": "BIGINT", "ok": "BOOLEAN", "begin": "DATE", "eind": "DATE"}
	columns := slices.Sorted(maps.Keys(soundRow(rand.New(rand.NewPCG(1, 1)), 1, []string{"x"})))
	table := rule.Table{Schema: "marts", Name: "d", PerPeildatum: true, Key: []string{"id"}}
	for _, name := range columns {
		table.Columns = append(table.Columns, rule.Column{Name: name, Type: cmp.Or(types[name], "VARCHAR")})
	}
	if err := session.Exec(t.Context(), "create table core.wijken as select unnest(['N', 'Z', 'O', 'W']) as wijk"); err != nil {
		t.Fatal(err)
	}
	groups := []string{"Laren", "Weesp", "'t Gooi", "a / b", "(x) \"y\""}
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var rows []defectRow
		for id := range 1 + rnd.IntN(400) {
			rows = append(rows, soundRow(rnd, id, groups))
		}
		injected := map[string][]string{} // "check groep": ids
		kinds := slices.Sorted(maps.Keys(defects))
		for _, at := range rnd.Perm(len(rows))[:rnd.IntN(len(rows)/2+1)] {
			kind := kinds[rnd.IntN(len(kinds))]
			row := rows[at]
			id := strings.Trim(row["id"], "'")
			switch kind {
			case "dubbel":
				again := soundRow(rnd, 0, groups)
				again["id"], again["g"] = row["id"], row["g"]
				rows = append(rows, again)
				injected[kind+" "+row["g"]] = append(injected[kind+" "+row["g"]], id, id)
			case "soms_leegte":
				defects[kind](rnd, row)
			default:
				defects[kind](rnd, row)
				injected[kind+" "+row["g"]] = append(injected[kind+" "+row["g"]], id)
			}
		}
		var values []string
		for _, row := range rows {
			fields := make([]string, len(columns))
			for i, name := range columns {
				fields[i] = row[name]
			}
			values = append(values, "("+strings.Join(fields, ", ")+")")
		}
		defs := make([]string, len(table.Columns))
		for i, c := range table.Columns {
			defs[i] = quote.Ident(c.Name) + " " + c.Type
		}
		if err := session.Exec(t.Context(), "create or replace table marts.d ("+strings.Join(defs, ", ")+"); insert into marts.d values "+strings.Join(values, ", ")); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for key, ids := range injected {
			kind, group, _ := strings.Cut(key, " ")
			count := len(ids)
			if kind == "dubbel" {
				count /= 2
			}
			slices.Sort(ids)
			want["marts.d."+kind+" "+strings.ReplaceAll(group[1:len(group)-1], "''", "'")] = fmt.Sprint(count, " ", ids[:min(len(ids), 100)])
		}
		got := map[string]string{}
		for _, q := range judge.Compile(table, rules) {
			verdicts, err := transform.Verdicts(t.Context(), &graph.CheckQuery{Table: table, Query: q, Rules: rules}, session, "2020-12-31")
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verdicts {
				if v.Ernst == "" || v.Ernst == rule.OK {
					continue
				}
				ids := []string{}
				for _, key := range v.Keys {
					ids = append(ids, *key[0])
				}
				got[v.Check+" "+v.Group] = fmt.Sprint(figureOf(v.Teller, false), " ", ids)
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %d rows (-injected +found)\n%s", seed, len(rows), diff)
		}
	}
}

func parseChecks(t testing.TB, file, text string) []rule.Rule {
	t.Helper()
	rules, faults := rule.ParseFile(file, []byte(text))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return rules
}
