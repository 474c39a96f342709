package checks_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/rule"
)

const yamlFile, sqlFile = "checks/marts.t.yaml", "checks/marts.t.q.sql"

// A faultCase is a check file with all its faults.
type faultCase struct {
	name, path, text string
	want             []string
}

// unseen matches faults that a schema cannot detect, since they are about more than the shape of one value.
var unseen = regexp.MustCompile(`not a regular expression|stricter|not above 0|is (above|below) [a-z0-9% ]+, which|above 100%|have one direction|placeholder|unmatched brace|with(out)? a comparison|swap them|a number and a date|not a number|one column|not under on|do not form a name|second rule|file name has no table|min_rows is below|overrides of a rule|\{vorige\}|\{noemer\}|\{drempel\}|(where|numerator|condition|denominator|measure) has `)

func runFaults(t *testing.T, cases []faultCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules, faults := rule.ParseFile(c.path, []byte(c.text))
			got := make([]string, len(faults))
			for i, f := range faults {
				got[i] = f.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("faults (-want +got)\n%s", diff)
			}
			if takes, ok := schemaAccepts(t, c.text); strings.HasSuffix(c.path, ".yaml") && ok && takes && !slices.ContainsFunc(c.want, unseen.MatchString) {
				t.Errorf("the schema takes it")
			}
			if len(rules) > 1 || (len(rules) == 1 && rules[0].Line == faults[0].Line) {
				t.Errorf("a rule with a fault is given: %v", rules)
			}
		})
	}
}

func TestFaultsOfRules(t *testing.T) {
	runFaults(t, []faultCase{
		{"path names no table", "checks/marts.yaml", "[]", []string{"checks/marts.yaml: the file name has no table; call it <schema>.<table>.yaml"}},
		{"path with capitals", "checks/Marts.T.yaml", "[]", []string{"checks/Marts.T.yaml: the file name has no table; call it <schema>.<table>.yaml"}},
		{"sql path without a name", "checks/marts.t.sql", "select 1", []string{"checks/marts.t.sql: the file name has no table and check; call it <schema>.<table>.<name>.sql, or <name>.sql with tables: in its header"}},
		{"other extension", "checks/marts.t.yml", "", []string{"checks/marts.t.yml: not a check file; a check file ends in .yaml or .sql"}},
		{"empty file", yamlFile, "", []string{"checks/marts.t.yaml:1:1: the file is empty; write a list of rules, each beginning with - check:"}},
		{"not a list", yamlFile, `check: row_count
`, []string{"checks/marts.t.yaml:1:1: the file is a mapping, not a list; write a list of rules, each beginning with - check:"}},
		{"a rule that is text", yamlFile, `- row_count
`, []string{"checks/marts.t.yaml:1:3: the rule is text, not a mapping; write - check: and its keys"}},
		{"yaml syntax", yamlFile, `- check: [
`, []string{"checks/marts.t.yaml:1:10: sequence end token ']' not found"}},
		{"two documents", yamlFile, `- check: row_count
---
- check: share
`, []string{"checks/marts.t.yaml:1: more than one YAML document; remove the line ---"}},
		{"key twice", yamlFile, `- check: row_count
  check: share
`, []string{`checks/marts.t.yaml:2:3: key "check" occurs twice; keep one`}},
		{"unknown alias", yamlFile, `- check: *x
`, []string{`checks/marts.t.yaml:1:11: could not find alias "x"`}},
		{"unknown kind", yamlFile, `- check: covrage
  column: a
  explain: x
`, []string{`checks/marts.t.yaml:1:10: unknown kind "covrage"; did you mean "coverage"?`}},
		{"no kind", yamlFile, `- column: a
  explain: x
`, []string{"checks/marts.t.yaml:1:3: check is missing; write check: and a kind"}},
		{"sql kind in yaml", yamlFile, `- check: sql
  explain: x
`, []string{"checks/marts.t.yaml:1:10: an sql check needs its own file; write it as a file <schema>.<table>.<name>.sql"}},
		{"kind is a list", yamlFile, `- check: [share]
  explain: x
`, []string{"checks/marts.t.yaml:1:10: check is a list, not one value; write one value"}},
		{"unknown key", yamlFile, `- check: not_null
  colum: a
  column: b
  explain: x
`, []string{`checks/marts.t.yaml:2:3: unknown key "colum" for not_null; did you mean "column"?`}},
		{"unknown key without a near one", yamlFile, `- check: row_count
  warn: {below: 1}
  zzzzzz:
    a: 1
  explain: x
`, []string{`checks/marts.t.yaml:3:3: unknown key "zzzzzz" for row_count; known: check, name, description, where, per, warn, alarm, block, overrides, accepted, notify, explain, action`}},
		{"unknown key far above its value", yamlFile, `- check: row_count
  zzzzzz:
    # why
    # it
    # is
    # there
    a: 1
  "qqqqqq" : 1
  warn: {below: 1}
  explain: x
`, []string{
			`checks/marts.t.yaml:2:3: unknown key "zzzzzz" for row_count; known: check, name, description, where, per, warn, alarm, block, overrides, accepted, notify, explain, action`,
			`checks/marts.t.yaml:8:3: unknown key "qqqqqq" for row_count; known: check, name, description, where, per, warn, alarm, block, overrides, accepted, notify, explain, action`,
		}},
		{"lines that end in CR LF", yamlFile, "# why\r\n\r\n- check: row_count\r\n  # it\r\n  colum: a\r\n  warn: {below: 1}\r\n  explain: x\r\n", []string{
			`checks/marts.t.yaml:5:3: unknown key "colum" for row_count; known: check, name, description, where, per, warn, alarm, block, overrides, accepted, notify, explain, action`,
		}},
		{"key of another kind", yamlFile, `- check: not_null
  column: a
  values: [b]
  explain: x
`, []string{`checks/marts.t.yaml:3:3: unknown key "values" for not_null; known: check, name, description, where, per, warn, alarm, block, overrides, accepted, notify, explain, action, column, columns, severity`}},
		{"severity for a percentage", yamlFile, `- check: share
  condition: a
  severity: warn
  warn: {above: 1}
  explain: x
`, []string{`checks/marts.t.yaml:3:3: unknown key "severity" for share; known: check, name, description, where, per, warn, alarm, block, overrides, accepted, notify, explain, action, condition, min_denominator`}},
		{"several faults at once", yamlFile, `- check: not_null
  colums: [a]
  sverity: warn
  explain: x
- check: rnge
  explain: x
`, []string{
			"checks/marts.t.yaml:1:3: column is missing; write column: a, or columns: [a, b]",
			`checks/marts.t.yaml:2:3: unknown key "colums" for not_null; did you mean "column"?`,
			`checks/marts.t.yaml:3:3: unknown key "sverity" for not_null; did you mean "severity"?`,
			`checks/marts.t.yaml:5:10: unknown kind "rnge"; did you mean "range"?`,
		}},
		{"explain missing", yamlFile, `- check: not_null
  column: a
`, []string{"checks/marts.t.yaml:1:3: explain is missing; say in Dutch what was found, with placeholders such as {waarde}"}},
		{"explain empty", yamlFile, `- check: not_null
  column: a
  explain: ''
`, []string{"checks/marts.t.yaml:3:12: explain is empty; give it a value or leave the key out"}},
		{"unknown placeholder", yamlFile, `- check: not_null
  column: a
  explain: '{waade} rijen'
`, []string{`checks/marts.t.yaml:3:12: explain has unknown placeholder {waade}; did you mean "waarde"?`}},
		{"a word for one only", yamlFile, `- check: not_null
  column: a
  explain: '{staat|} {aantal}'
`, []string{"checks/marts.t.yaml:3:12: explain has unknown placeholder {staat|}; known: waarde, teller, noemer, drempel, groep, peildatum, aantal, vorige, categorie, kolommen"}},
		{"placeholder of a column not under per", yamlFile, `- check: not_null
  column: a
  explain: '{gemeente}: {waarde}'
`, []string{"checks/marts.t.yaml:3:12: explain has unknown placeholder {gemeente}; known: waarde, teller, noemer, drempel, groep, peildatum, aantal, vorige, categorie, kolommen"}},
		{"noemer of a row count", yamlFile, `- check: row_count
  warn: {below: 1}
  explain: '{noemer}'
`, []string{"checks/marts.t.yaml:3:12: explain has {noemer}: row_count has none; leave it out"}},
		{"drempel of a severity", yamlFile, `- check: not_null
  column: a
  explain: '{drempel}'
`, []string{"checks/marts.t.yaml:3:12: explain has {drempel}: a rule with a severity has no limit; leave it out, or write warn, alarm or block in place of severity"}},
		{"brace not closed", yamlFile, `- check: not_null
  column: a
  explain: '{waarde'
`, []string{"checks/marts.t.yaml:3:12: explain has an unmatched brace; write placeholders as {waarde}"}},
		{"column missing", yamlFile, `- check: accepted_values
  values: [a]
  explain: x
`, []string{"checks/marts.t.yaml:1:3: column is missing; write the column that is tested"}},
		{"column and columns", yamlFile, `- check: unique
  column: a
  columns: [b]
  explain: x
`, []string{"checks/marts.t.yaml:3:12: both column and columns; keep one of them"}},
		{"columns missing", yamlFile, `- check: unique
  explain: x
`, []string{"checks/marts.t.yaml:1:3: column is missing; write column: a, or columns: [a, b]"}},
		{"columns empty", yamlFile, `- check: unique
  columns: []
  explain: x
`, []string{"checks/marts.t.yaml:2:12: columns is an empty list; write a list such as [a, b]"}},
		{"column twice", yamlFile, `- check: unique
  columns: [a, a]
  explain: x
`, []string{`checks/marts.t.yaml:2:16: columns contains "a" twice; write it once`}},
		{"column null in a list", yamlFile, `- check: unique
  columns: [a, ~]
  name: u
  explain: x
`, []string{"checks/marts.t.yaml:2:16: columns contains empty; write a list of texts"}},
		{"column is a mapping", yamlFile, `- check: not_null
  column: {a: b}
  name: u
  explain: x
`, []string{"checks/marts.t.yaml:2:12: column is a mapping, not one value; write one value"}},
		{"column empty", yamlFile, `- check: not_null
  column:
  name: u
  explain: x
`, []string{"checks/marts.t.yaml:2:10: column is empty; give it a value or leave the key out"}},
		{"values missing", yamlFile, `- check: accepted_values
  column: a
  explain: x
`, []string{"checks/marts.t.yaml:1:3: values is missing; write values: [a, b]"}},
		{"values empty", yamlFile, `- check: accepted_values
  column: a
  values: []
  explain: x
`, []string{"checks/marts.t.yaml:3:11: values is an empty list; write a list such as [a, b]"}},
		{"range without bounds", yamlFile, `- check: range
  column: a
  explain: x
`, []string{"checks/marts.t.yaml:1:3: min or max is missing; write at least one bound; the bound itself is allowed"}},
		{"range upside down", yamlFile, `- check: range
  column: a
  min: 10
  max: 9.5
  explain: x
`, []string{"checks/marts.t.yaml:4:8: max is less than min; swap them"}},
		{"range of dates upside down", yamlFile, `- check: range
  column: a
  min: 2021-01-01
  max: 2020-12-31
  explain: x
`, []string{"checks/marts.t.yaml:4:8: max is less than min; swap them"}},
		{"range of mixed bounds", yamlFile, `- check: range
  column: a
  min: 2021-01-01
  max: 5
  explain: x
`, []string{"checks/marts.t.yaml:4:8: min and max are a number and a date; write two numbers or two dates"}},
		{"bound that is neither", yamlFile, `- check: range
  column: a
  max: morgen
  explain: x
`, []string{`checks/marts.t.yaml:3:8: max is "morgen", not a number; write digits, with a point before decimals`}},
		{"references without a column", yamlFile, `- check: relationship
  column: a
  references: core.t
  explain: x
`, []string{`checks/marts.t.yaml:3:15: references is "core.t", not a column of a table; write schema.table(column)`}},
		{"references missing", yamlFile, `- check: relationship
  column: a
  explain: x
`, []string{"checks/marts.t.yaml:1:3: references is missing; write references: schema.table(column)"}},
		{"row_count without limits", yamlFile, `- check: row_count
  explain: x
`, []string{"checks/marts.t.yaml:1:3: warn, alarm or block is missing; write a limit, such as alarm: {below: 25}"}},
		{"numerator missing", yamlFile, `- check: coverage
  denominator: b
  warn: {below: 1}
  explain: x
`, []string{"checks/marts.t.yaml:1:3: numerator is missing; write a column or an SQL expression that is summed"}},
		{"condition missing", yamlFile, `- check: share
  warn: {above: 1}
  explain: x
`, []string{"checks/marts.t.yaml:1:3: condition is missing; write the SQL condition that rows meet"}},
		{"equals and total", yamlFile, `- check: sum_matches
  column: a
  equals: b
  total: {table: core.t, column: b}
  explain: x
`, []string{"checks/marts.t.yaml:4:11: both equals and total; keep one: equals compares within a row, total compares two tables"}},
		{"neither equals nor total", yamlFile, `- check: sum_matches
  column: a
  explain: x
`, []string{"checks/marts.t.yaml:1:3: equals or total is missing; write equals: column, or total: {table: …, column: …, on: […]}"}},
		{"total of two columns", yamlFile, `- check: sum_matches
  columns: [a, b]
  total: {table: core.t, column: b}
  explain: x
`, []string{"checks/marts.t.yaml:2:12: total compares one column; write one column, or a rule for each"}},
		{"total without a schema", yamlFile, `- check: sum_matches
  column: a
  total: {table: t, column: b}
  explain: x
`, []string{`checks/marts.t.yaml:3:18: "t" is not a table; write schema.table`}},
		{"total without a column", yamlFile, `- check: sum_matches
  column: a
  total: {table: core.t}
  explain: x
`, []string{"checks/marts.t.yaml:3:11: column is missing; write the column that is summed"}},
		{"total with an unknown key", yamlFile, `- check: sum_matches
  column: a
  total: {table: core.t, column: b, om: [c]}
  explain: x
`, []string{`checks/marts.t.yaml:3:37: unknown key "om" in total; did you mean "on"?`}},
		{"total empty", yamlFile, `- check: sum_matches
  column: a
  total:
  explain: x
`, []string{"checks/marts.t.yaml:3:9: total is empty; write keys under it, such as {below: 25}"}},
		{"per not under on", yamlFile, `- check: sum_matches
  column: a
  per: c
  total: {table: core.t, column: b, on: [d]}
  explain: x
`, []string{`checks/marts.t.yaml:3:8: per has "c", which is not under on of total; add it to on: both tables are summed by those columns`}},
		{"name with capitals", yamlFile, `- check: not_null
  column: a
  name: Naam
  explain: x
`, []string{`checks/marts.t.yaml:3:9: the name "Naam"; use lower-case letters, digits and _`}},
		{"columns that make no name", yamlFile, `- check: not_null
  column: naam gemeente
  explain: x
`, []string{"checks/marts.t.yaml:1:3: the columns do not form a name; write name: with lower-case letters, digits and _"}},
		{"two rules of one name", yamlFile, `- check: not_null
  column: a
  explain: x
- check: not_null
  column: a
  explain: x
`, []string{`checks/marts.t.yaml:4:3: a second rule "not_null_a" on marts.t; give one of them another name`}},
		{"two rules of one given name", yamlFile, `- check: not_null
  column: a
  name: n
  explain: x
- check: unique
  column: a
  name: n
  explain: x
`, []string{`checks/marts.t.yaml:7:9: a second rule "n" on marts.t; give one of them another name`}},
	})
}
