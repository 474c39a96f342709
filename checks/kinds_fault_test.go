package checks_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/rule"
)

// TestFaultsOfKinds tests the keys of single kinds, of limits on a change, and of periods.
func TestFaultsOfKinds(t *testing.T) {
	runFaults(t, []faultCase{
		{"pattern that is no regular expression", yamlFile, `- check: pattern
  column: a
  matches: '[A'
  explain: x
`, []string{
			"checks/marts.t.yaml:3:12: matches is not a regular expression: error parsing regexp: missing closing ]: `[A`; DuckDB and this program read RE2 syntax",
		}},
		{"pattern missing", yamlFile, `- check: pattern
  column: a
  explain: x
`, []string{
			`checks/marts.t.yaml:1:3: matches is missing; write the regular expression that the complete text must match`,
		}},
		{"length with decimals", yamlFile, `- check: length
  column: a
  min: 1.5
  explain: x
`, []string{
			`checks/marts.t.yaml:3:8: min is "1.5"; write a whole number of characters`,
		}},
		{"length without bounds", yamlFile, `- check: length
  column: a
  explain: x
`, []string{
			`checks/marts.t.yaml:1:3: min or max is missing; write at least one bound; the bound itself is allowed`,
		}},
		{"above and beyond", yamlFile, `- check: volume_change
  warn: {above: 10, beyond: 20}
  explain: x
`, []string{
			`checks/marts.t.yaml:2:10: warn has both above and beyond; keep one; for the other side write a second rule`,
		}},
		{"unknown stand", yamlFile, `- check: volume_change
  versus: jaar
  warn: {beyond: 10}
  explain: x
`, []string{
			`checks/marts.t.yaml:2:11: versus is "jaar"; write previous (the preceding stand) or year (a year earlier)`,
		}},
		{"beyond not stricter", yamlFile, `- check: volume_change
  warn: {beyond: 20}
  alarm: {beyond: 10}
  explain: x
`, []string{
			`checks/marts.t.yaml:3:11: alarm is not stricter than warn; the more serious limit must be further away`,
		}},
		{"beyond zero", yamlFile, `- check: volume_change
  warn: {beyond: 0}
  explain: x
`, []string{
			`checks/marts.t.yaml:2:10: warn is not above 0; raise it`,
		}},
		{"beyond for a share", yamlFile, `- check: share
  condition: a
  warn: {beyond: 20}
  explain: x
`, []string{
			`checks/marts.t.yaml:3:10: unknown key "beyond" in warn; known: below, above, drop, rise, only_if_worse, versus`,
		}},
		{"drop of nothing", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {drop: {}}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:16: drop is an empty mapping; write keys under it, such as {below: 25}`,
		}},
		{"drop in two units", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {drop: {points: 3, percent: 3}}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:17: drop needs one of points and percent; write {points: 3} or {percent: 10}`,
		}},
		{"drop of zero", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {drop: {points: 0}}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:10: warn is not above 0; raise it`,
		}},
		{"drop with only_if_worse", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {drop: {points: 3}, only_if_worse: true}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:10: warn has keys beside drop; write versus inside drop; a change is always for the worse`,
		}},
		{"smaller drop is more serious", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {drop: {points: 3}}
  alarm: {drop: {points: 2}}
  explain: x
`, []string{
			`checks/marts.t.yaml:5:11: alarm is not stricter than warn; the more serious limit must be further away`,
		}},
		{"flag that is none", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {below: 3, only_if_worse: misschien}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:35: only_if_worse is "misschien"; write true or false`,
		}},
		{"versus without comparison", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {below: 3, versus: year}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:28: versus without a comparison; write only_if_worse: true beside it, or drop: {points: n, versus: year}`,
		}},
		{"vorige without comparison", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {below: 3}
  explain: '{vorige}'
`, []string{
			`checks/marts.t.yaml:5:12: explain has {vorige}: the rule has no limit on a change; leave it out, or write a limit such as warn: {drop: {points: 3}}`,
		}},
		{"percentage that is none", yamlFile, `- check: not_null
  column: a
  warn: {above: x%}
  explain: x
`, []string{
			`checks/marts.t.yaml:3:17: above is "x", not a number; write digits before the %, with a point before decimals`,
		}},
		{"percentage of all rows", yamlFile, `- check: not_null
  column: a
  warn: {above: 100%}
  explain: x
`, []string{
			`checks/marts.t.yaml:3:10: warn is above 100% or more, which no share can be; lower it`,
		}},
		{"change of a change", yamlFile, `- check: volume_change
  warn: {rise: {points: 3}}
  explain: x
- check: distribution
  column: a
  warn: {above: 3, only_if_worse: true}
  explain: x
`, []string{
			`checks/marts.t.yaml:2:17: volume_change is not compared with an earlier stand; its value is a change already: write above, below or beyond, and versus: beside check:`,
			`checks/marts.t.yaml:6:35: distribution is not compared with an earlier stand; its value is a change already: write above, below or beyond, and versus: beside check:`,
		}},
		{"rise of an age", yamlFile, `- check: freshness
  warn: {rise: {points: 3}}
  explain: x
`, []string{
			`checks/marts.t.yaml:2:17: freshness is not compared with an earlier stand; write above or below`,
		}},
		{"action with a placeholder that there is not", yamlFile, `- check: row_count
  warn: {below: 3}
  explain: x
  action: 'Bel {gemeente} over {waarde}.'
`, []string{
			`checks/marts.t.yaml:4:11: action has unknown placeholder {gemeente}; known: waarde, teller, noemer, drempel, groep, peildatum, aantal, vorige, categorie, kolommen`,
		}},
		{"outlier without groups", yamlFile, `- check: outlier
  numerator: a
  warn: {beyond: 3}
  explain: x
`, []string{
			`checks/marts.t.yaml:1:3: per is missing; write per: and the column whose groups are compared`,
		}},
		{"reconcile without figure", yamlFile, `- check: reconcile
  measure: a
  warn: {beyond: 3}
  explain: x
`, []string{
			`checks/marts.t.yaml:1:3: reference is missing; write reference: {table: ref.…, column: …, where: …}`,
		}},
		{"reconcile with faults", yamlFile, `- check: reconcile
  measure: a
  reference: {table: ref.b, column: c}
  difference: relatief
  per: g
  warn: {beyond: 3}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:15: difference is "relatief"; write percent or absolute`,
			`checks/marts.t.yaml:5:8: per has "g", which is not under on of reference; add it to on: both tables are summed by those columns`,
		}},
		{"columns with one row", yamlFile, `- check: constant_or_empty
  column: a
  min_rows: 1
  explain: '{categorie}'
`, []string{
			`checks/marts.t.yaml:3:13: min_rows is below 2; write 2 or more; one row is always one value`,
			`checks/marts.t.yaml:4:12: explain has {categorie}: constant_or_empty has none; leave it out`,
		}},
		{"distribution with faults", yamlFile, `- check: distribution
  column: a
  warn: {above: 100}
  explain: '{kolommen}'
`, []string{
			`checks/marts.t.yaml:3:10: warn is above 100% or more, which no share can be; lower it`,
			`checks/marts.t.yaml:4:12: explain has {kolommen}: distribution has none; leave it out`,
		}},
		{"freshness that blocks", yamlFile, `- check: freshness
  severity: block
  explain: x
`, []string{
			`checks/marts.t.yaml:2:13: freshness cannot block; write alarm: if a delivery is late, the last one stays in force`,
		}},
		{"freshness per group", yamlFile, `- check: freshness
  per: g
  explain: x
`, []string{
			`checks/marts.t.yaml:2:3: unknown key "per" for freshness; known: check, name, description, warn, alarm, notify, explain, explain_never, explain_expected, action, severity`,
		}},
		{"sql_value in yaml", yamlFile, `- check: sql_value
  explain: x
`, []string{
			`checks/marts.t.yaml:1:10: an sql_value check needs its own file; write it as a file <schema>.<table>.<name>.sql`,
		}},
		{"accepted is text", yamlFile, `- check: row_count
  warn: {below: 1}
  accepted: ja
  explain: x
`, []string{
			`checks/marts.t.yaml:3:13: accepted is text, not a list; write - {reason: …, until: 2021-12-31}`,
		}},
		{"accepted with faults", yamlFile, `- check: row_count
  warn: {below: 1}
  accepted: [{group: Laren, reasn: y, until: morgen}, ja]
  explain: x
`, []string{
			`checks/marts.t.yaml:3:15: reason is missing; say in Dutch why this is known`,
			`checks/marts.t.yaml:3:22: the rule has no groups; leave it out, or write per:`,
			`checks/marts.t.yaml:3:29: unknown key "reasn" in accepted; did you mean "reason"?`,
			`checks/marts.t.yaml:3:46: until is "morgen", not a date; write a date as 2021-12-31`,
			`checks/marts.t.yaml:3:55: accepted contains text, not a mapping; write - {reason: …, until: 2021-12-31}`,
		}},
		{"override that ends before it begins", yamlFile, `- check: row_count
  per: g
  warn: {below: 9}
  overrides: {Laren: {warn: {below: 5}, from: 2021-01-02, until: 2021-01-01}}
  explain: x
`, []string{
			`checks/marts.t.yaml:4:66: until is before from; swap them`,
		}},
		{"sql_value without limits", sqlFile, `-- check: sql_value
-- explain: x
select 1 as waarde
`, []string{
			`checks/marts.t.q.sql:1:4: warn, alarm or block is missing; write a limit, such as alarm: {below: 25}`,
		}},
		{"sql_value with severity", sqlFile, `-- check: sql_value
-- severity: warn
-- warn: {above: 1}
-- explain: x
select 1 as waarde
`, []string{
			`checks/marts.t.q.sql:2:4: unknown key "severity" in the header of an sql_value check; known: percentage, warn, alarm, block, overrides, per, accepted, notify, explain, action, description, check`,
		}},
		{"other kind in an sql file", sqlFile, `-- check: share
-- explain: x
select 1 as waarde
`, []string{
			`checks/marts.t.q.sql:1:11: a share check has no file of its own; write check: sql_value, or leave it out for a SELECT of bad rows`,
		}},
		{"sql_value with a drop", sqlFile, `-- check: sql_value
-- warn: {drop: {points: 1}}
-- explain: x
select 1 as waarde
`, []string{
			`checks/marts.t.q.sql:2:18: sql_value is not compared with an earlier stand; let the SELECT also read <table>__vorige or <table>__jaar, and return the difference as waarde`,
		}},
	})
}

// TestBindEarlierStands tests faults that depend on the table.
func TestBindEarlierStands(t *testing.T) {
	for _, c := range []struct {
		text string
		on   rule.Table
		want []string
	}{
		{"- {check: volume_change, warn: {beyond: 10}, explain: x}", rule.Table{Schema: "marts", Name: "t", PerPeildatum: true}, nil},
		{
			"- {check: volume_change, warn: {beyond: 10}, explain: x}",
			rule.Table{Schema: "marts", Name: "t"},
			[]string{"checks/marts.t.yaml:1:11: marts.t has no earlier stand to compare with; check a table per peildatum, or use limits on the value itself"},
		},
		{
			"- {check: row_count, warn: {below: 3, only_if_worse: true}, explain: x}",
			rule.Table{Schema: "marts", Name: "t"},
			[]string{"checks/marts.t.yaml:1:11: marts.t has no earlier stand to compare with; check a table per peildatum, or use limits on the value itself"},
		},
		{
			"- {check: length, column: n, max: 3, explain: x}",
			rule.Table{Schema: "marts", Name: "t", Columns: []rule.Column{{Name: "n", Type: "BIGINT"}}},
			[]string{`checks/marts.t.yaml:1:27: column "n" is BIGINT, not text; test a column with text`},
		},
		{"- {check: freshness, alarm: {above: 100}, explain: x}", rule.Table{Schema: "marts", Name: "t"}, nil},
		{"- {check: freshness, explain: x}", rule.Table{Schema: "raw", Name: "t"}, nil},
		{
			"- {check: freshness, explain: x}",
			rule.Table{Schema: "marts", Name: "t"},
			[]string{"checks/marts.t.yaml:1:11: marts.t has no limit on its age; write alarm: {above: 100}, in days; only a source says how often it is expected"},
		},
	} {
		var got []string
		for _, r := range mustParse(t, yamlFile, c.text) {
			got = append(got, messages(r.Bind(c.on))...)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.text, diff)
		}
	}
}
