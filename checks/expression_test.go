package checks

import (
	"strings"
	"testing"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
)

func TestExpressionsThatMayStand(t *testing.T) {
	for _, text := range []string{
		"klant_van = 'GEMEENTE'",
		"a is distinct from b",
		"extract(year from begin) = 2020 and (a or (b and not c))",
		"naam in ('a;b', '--', 'it''s (', '$?#é')",
		`"kolom (oud)" > 0 and "select" = 1`,
		"datum >= date '2020-01-01'",
		"uren > 1e2 and trim(both from naam) <> ''",
		"x[1] = {'a': 2}.a",
		"ends_with(naam, 'e')",
	} {
		if message, _ := rule.ExpressionFault(text); message != "" {
			t.Errorf("%s: %s", text, message)
		}
	}
}

// Accepted text closes its parentheses and quotes, so that text after it is still SQL.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"a = 1", "a) or (b", "a = 'b''", `"a`, "E'\\'", "a -- b", "((a)", "'(' = \")\"", "/*", "a\r--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if message, hint := rule.ExpressionFault(text); message != "" {
			if hint == "" {
				t.Errorf("%q: %s, without a hint", text, message)
			}
			return
		}
		depth, quote := 0, rune(0)
		for _, c := range "(" + text + "\n)" {
			switch {
			case quote != 0:
				if c == quote {
					quote = 0 // a doubled quote reopens at once
				}
			case c == '\'' || c == '"':
				quote = c
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
		}
		if depth != 0 || quote != 0 {
			t.Errorf("%q is let through with depth %d and quote %q", text, depth, quote)
		}
		if outside := strings.Split(text, "'"); len(outside) == 1 && strings.Contains(text, ";") && !strings.Contains(text, `"`) {
			t.Errorf("%q is let through with a semicolon", text)
		}
	})
}

// Parsing any check file returns rules, or faults with a place.
func FuzzParseFile(f *testing.F) {
	f.Add("- {check: not_null, column: a, explain: x}")
	f.Add("- check: share\n  condition: a\n  warn: {above: 5}\n  explain: '{waarde}'\n  overrides: {a: {warn: {above: 6}}}\n  per: b\n")
	f.Add("-- explain: x\nselect 1")
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{"checks/marts.t.yaml", "checks/marts.t.q.sql"} {
			rules, faults := rule.ParseFile(path, []byte(text))
			for _, fault := range faults {
				if fault.Line < 1 || fault.Message == "" {
					t.Errorf("a fault without a place or message: %+v", fault)
				}
			}
			for _, q := range judge.Compile(rule.Table{Schema: "marts", Name: "t"}, rules) {
				if q.SQL == "" || len(q.Checks) == 0 {
					t.Errorf("an empty query: %+v", q)
				}
			}
		}
	})
}
