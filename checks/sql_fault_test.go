package checks_test

import "testing"

func TestFaultsOfSQL(t *testing.T) {
	runFaults(t, []faultCase{
		{"where with semicolon", yamlFile, `- check: not_null
  column: a
  where: "a = 1; drop table b"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has a semicolon; write one statement without ;"}},
		{"where with parenthesis too many", yamlFile, `- check: not_null
  column: a
  where: "a = 1) or (b = 2"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has a ) without a (; balance the parentheses"}},
		{"where with parenthesis too few", yamlFile, `- check: not_null
  column: a
  where: "(a = 1"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has a ( without a ); balance the parentheses"}},
		{"where with quote not closed", yamlFile, `- check: not_null
  column: a
  where: "a = 'b"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has the quote ' is not closed; close it; double a quote inside quotes"}},
		{"where with double quote not closed", yamlFile, "- check: not_null\n  column: a\n  where: \"\\\"a = 1\"\n  explain: x\n", []string{`checks/marts.t.yaml:3:10: where has the quote " is not closed; close it; double a quote inside quotes`}},
		{"where with comment", yamlFile, `- check: not_null
  column: a
  where: "a = 1 -- en"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has a comment --; move it into description, or use -- in an .sql file"}},
		{"where with block comment", yamlFile, `- check: not_null
  column: a
  where: "a /* = */"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has a comment /*; move it into description, or use -- in an .sql file"}},
		{"where with subquery", yamlFile, `- check: not_null
  column: a
  where: "a in (select b from core.t)"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has the word select: an expression cannot read a table; write a separate check, <schema>.<table>.<name>.sql; put a column of that name in double quotes"}},
		{"where with subquery that begins with from", yamlFile, "- check: not_null\n  column: a\n  where: \"exists (\\n      from core.t)\"\n  explain: x\n", []string{"checks/marts.t.yaml:3:10: where has the word from: an expression cannot read a table; write a separate check, <schema>.<table>.<name>.sql; put a column of that name in double quotes"}},
		{"where with dollar quote", yamlFile, `- check: not_null
  column: a
  where: "a = $$b$$"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has the character $; write values out, in single quotes"}},
		{"where with parameter", yamlFile, `- check: not_null
  column: a
  where: "a = ?"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has the character ?; write values out, in single quotes"}},
		{"where with escape text", yamlFile, "- check: not_null\n  column: a\n  where: \"a = E'b\\\\\\\\'c'\"\n  explain: x\n", []string{"checks/marts.t.yaml:3:10: where has a text that begins with E'; write it between plain single quotes"}},
		{"where with no ascii", yamlFile, `- check: not_null
  column: a
  where: "a = é"
  explain: x
`, []string{"checks/marts.t.yaml:3:10: where has a character that is not ASCII; write values in single quotes and names in double quotes"}},
		{"where with wide space", yamlFile, "- check: not_null\n  column: a\n  where: \"(\u00a0select 1)\"\n  explain: x\n", []string{"checks/marts.t.yaml:3:10: where has a character that is not ASCII; write values in single quotes and names in double quotes"}},
		{"numerator with a semicolon", yamlFile, `- check: coverage
  numerator: "a;"
  denominator: b
  warn: {below: 1}
  explain: x
`, []string{"checks/marts.t.yaml:2:14: numerator has a semicolon; write one statement without ;"}},
		{"condition unbalanced", yamlFile, `- check: share
  condition: a)
  warn: {above: 1}
  explain: x
`, []string{"checks/marts.t.yaml:2:14: condition has a ) without a (; balance the parentheses"}},
		{"where of total unbalanced", yamlFile, `- check: sum_matches
  column: a
  total: {table: core.t, column: b, where: "a)"}
  explain: x
`, []string{"checks/marts.t.yaml:3:44: where has a ) without a (; balance the parentheses"}},
		{"sql without a header", sqlFile, `select 1
`, []string{"checks/marts.t.q.sql:1:4: the header is empty; write -- explain: and the other keys above the SELECT"}},
		{"sql without a select", sqlFile, `-- explain: x

`, []string{"checks/marts.t.q.sql:3:1: the SELECT has no text; write a SELECT of the bad rows below the header"}},
		{"sql header that is text", sqlFile, `-- bad rows
select 1
`, []string{"checks/marts.t.q.sql:1:4: the header is text, not a mapping; write -- explain: and the other keys above the SELECT"}},
		{"sql header without a space", sqlFile, `-- per: a
--explain: x
select 1
`, []string{`checks/marts.t.q.sql:2:3: no space after --; begin the line with "-- "`}},
		{"sql header with an unknown key", sqlFile, `-- explain: x
--
-- severty: warn
select 1
`, []string{`checks/marts.t.q.sql:3:4: unknown key "severty" in the header of a check; did you mean "severity"?`}},
		{"sql header with a limit", sqlFile, `-- explain: x
-- warn: {above: 3}
select 1
`, []string{`checks/marts.t.q.sql:2:4: unknown key "warn" in the header of a check; known: severity, per, accepted, notify, explain, action, description, check`}},
		{"sql with an unknown severity", sqlFile, `-- explain: x
-- severity: erg
select 1
`, []string{`checks/marts.t.q.sql:2:14: unknown severity "erg"; known: alarm, block, info, warn`}},
		{"sql without explain", sqlFile, `-- severity: warn
select 1
`, []string{"checks/marts.t.q.sql:1:4: explain is missing; say in Dutch what was found, with placeholders such as {waarde}"}},
		{"sql with noemer", sqlFile, `-- explain: '{aantal} van {noemer}'
select 1
`, []string{"checks/marts.t.q.sql:1:13: explain has {noemer}: sql has none; leave it out"}},
		{"sql with a semicolon", sqlFile, `-- explain: x

select 1;
`, []string{"checks/marts.t.q.sql:3:1: the SELECT has a semicolon; write one statement without ;"}},
		{"sql unbalanced", sqlFile, `-- explain: x
select (1 -- )
`, []string{"checks/marts.t.q.sql:2:1: the SELECT has a ( without a ); balance the parentheses"}},
		{"sql that is no select", sqlFile, `-- explain: x
delete from a
`, []string{"checks/marts.t.q.sql:2:1: the SELECT has the word delete at its start; write one SELECT of the bad rows"}},
		{"sql yaml syntax", sqlFile, `-- explain: x
-- per: [
select 1
`, []string{"checks/marts.t.q.sql:2:9: sequence end token ']' not found"}},
	})
}
