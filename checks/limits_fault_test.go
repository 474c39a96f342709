package checks_test

import "testing"

func TestFaultsOfLimits(t *testing.T) {
	runFaults(t, []faultCase{
		{"unknown severity", yamlFile, `- check: not_null
  column: a
  severity: alrm
  explain: x
`, []string{`checks/marts.t.yaml:3:13: unknown severity "alrm"; did you mean "alarm"?`}},
		{"severity and limits", yamlFile, `- check: not_null
  column: a
  severity: warn
  alarm: {above: 3}
  explain: x
`, []string{"checks/marts.t.yaml:3:13: both a severity and limits; keep one of them"}},
		{"limit below and above", yamlFile, `- check: row_count
  warn: {below: 5, above: 9}
  explain: x
`, []string{"checks/marts.t.yaml:2:10: warn has both below and above; keep one; for the other side write a second rule"}},
		{"limit with neither", yamlFile, `- check: row_count
  warn: {}
  explain: x
`, []string{"checks/marts.t.yaml:2:9: warn is an empty mapping; write keys under it, such as {below: 25}"}},
		{"limit that is a number", yamlFile, `- check: row_count
  warn: 5
  explain: x
`, []string{"checks/marts.t.yaml:2:9: warn is text, not a mapping; write keys under it, such as {below: 25}"}},
		{"limit with an unknown key", yamlFile, `- check: row_count
  warn: {belw: 5}
  explain: x
`, []string{`checks/marts.t.yaml:2:10: unknown key "belw" in warn; did you mean "below"?`}},
		{"limit with a comma", yamlFile, `- check: row_count
  warn: {below: "2,5"}
  explain: x
`, []string{`checks/marts.t.yaml:2:17: below is "2,5", not a number; write a point in place of the comma`}},
		{"limit with a percent sign", yamlFile, `- check: share
  condition: a
  warn: {above: 5%}
  explain: x
`, []string{`checks/marts.t.yaml:3:17: above is "5%", not a number; write the number without %`}},
		{"limit with an exponent", yamlFile, `- check: row_count
  warn: {below: 1e3}
  explain: x
`, []string{`checks/marts.t.yaml:2:17: below is "1e3", not a number; write digits, with a point before decimals`}},
		{"limit empty", yamlFile, `- check: row_count
  warn: {below: }
  explain: x
`, []string{"checks/marts.t.yaml:2:16: below is empty; give it a value or leave the key out"}},
		{"alarm looser than warn", yamlFile, `- check: row_count
  warn: {below: 25}
  alarm: {below: 50}
  explain: x
`, []string{"checks/marts.t.yaml:3:11: alarm is not stricter than warn; the more serious limit must be further away"}},
		{"alarm as strict as warn", yamlFile, `- check: row_count
  warn: {below: 25}
  alarm: {below: 25.0}
  explain: x
`, []string{"checks/marts.t.yaml:3:11: alarm is not stricter than warn; the more serious limit must be further away"}},
		{"block looser than warn, above", yamlFile, `- check: share
  condition: a
  warn: {above: 30}
  block: {above: 20}
  explain: x
`, []string{"checks/marts.t.yaml:4:11: block is not stricter than warn; the more serious limit must be further away"}},
		{"limits that look both ways", yamlFile, `- check: row_count
  warn: {below: 25}
  alarm: {above: 50}
  explain: x
`, []string{"checks/marts.t.yaml:3:11: warn and alarm mix below and above; limits of one rule have one direction; for the other side write a second rule"}},
		{"below for bad rows", yamlFile, `- check: not_null
  column: a
  warn: {below: 25}
  explain: x
`, []string{"checks/marts.t.yaml:3:10: warn is below, but this kind counts bad rows; write {above: n}"}},
		{"below zero", yamlFile, `- check: coverage
  numerator: a
  denominator: b
  warn: {below: 0}
  explain: x
`, []string{"checks/marts.t.yaml:4:10: warn is below 0 or less, which no value can be; raise it"}},
		{"above less than zero", yamlFile, `- check: not_null
  column: a
  warn: {above: -1}
  explain: x
`, []string{"checks/marts.t.yaml:3:10: warn is above a number less than 0, which every value is; raise it"}},
		{"share above everything", yamlFile, `- check: share
  condition: a
  warn: {above: 100}
  explain: x
`, []string{"checks/marts.t.yaml:3:10: warn is above 100% or more, which no share can be; lower it"}},
		{"min_denominator zero", yamlFile, `- check: share
  condition: a
  warn: {above: 10}
  min_denominator: 0
  explain: x
`, []string{"checks/marts.t.yaml:4:20: min_denominator is not above 0; write a number above 0; a zero denominator is never judged"}},
		{"overrides without groups", yamlFile, `- check: row_count
  warn: {below: 10}
  overrides: {Laren: {warn: {below: 5}}}
  explain: x
`, []string{"checks/marts.t.yaml:3:15: overrides of a rule without groups; write per:, or change the limits themselves"}},
		{"overrides of a severity", yamlFile, `- check: not_null
  column: a
  per: b
  overrides: {Laren: {warn: {above: 5}}}
  explain: x
`, []string{"checks/marts.t.yaml:4:15: overrides of a rule without limits; write warn, alarm or block with {above: 0} in place of the severity"}},
		{"overrides with an unknown key", yamlFile, `- check: row_count
  warn: {below: 10}
  per: b
  overrides: {Laren: {wan: {below: 5}}}
  explain: x
`, []string{`checks/marts.t.yaml:4:23: unknown key "wan" in overrides; did you mean "warn"?`}},
		{"override looser than what it leaves", yamlFile, `- check: row_count
  warn: {below: 50}
  alarm: {below: 25}
  per: b
  overrides:
    "'t Gooi": {alarm: {below: 60}}
    Laren: {warn: {below: 20}}
    Weesp: {alarm: {above: 3}}
  explain: x
`, []string{
			"checks/marts.t.yaml:6:25: alarm is not stricter than warn; the more serious limit must be further away",
			"checks/marts.t.yaml:7:20: alarm is not stricter than warn; the more serious limit must be further away",
			"checks/marts.t.yaml:8:21: warn and alarm mix below and above; limits of one rule have one direction; for the other side write a second rule",
		}},
		{"override that is a number", yamlFile, `- check: row_count
  warn: {below: 10}
  per: b
  overrides: {Laren: 5}
  explain: x
`, []string{"checks/marts.t.yaml:4:22: Laren is text, not a mapping; write keys under it, such as {below: 25}"}},
		{"notify an address", yamlFile, `- check: not_null
  column: a
  notify: [jan@voorbeeld.nl]
  explain: x
`, []string{`checks/marts.t.yaml:3:11: the role "jan@voorbeeld.nl"; write roles such as sturing, not addresses`}},
		{"per empty", yamlFile, `- check: not_null
  column: a
  per:
  explain: x
`, []string{"checks/marts.t.yaml:3:7: per is empty; write a list such as [a, b]"}},
	})
}
