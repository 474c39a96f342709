package pipeline

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/modeltest"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sql/quote"
)

// TestEmbeddedChecks holds every rule of the embedded project against cases: for each ernst that it can
// have one in which it has it, and one in which nothing is wrong. Those of not_null and unique are made
// here; the others are written in checks/testdata/embedded/<table>.txtar. The name of a section is that
// of the rule and what the case shows; its lines are "table: SELECT of its rows" (columns that are left
// out are NULL, reference tables are those of the project), or for freshness laatste, vandaag and
// verwacht, then "=>", and a verdict a line: groep | ernst [| uitleg], or nothing.
func TestEmbeddedChecks(t *testing.T) {
	t.Parallel()
	b := bindEmbedded(t)
	rules := map[string]rule.Rule{}
	seen := map[string]map[rule.Ernst]bool{} // by rule; "" is that nothing was wrong
	for _, r := range b.Rules {
		rules[r.ID()] = r
		seen[r.ID()] = map[rule.Ernst]bool{}
	}
	on := newEmbeddedCases(t, b)
	note := func(id string, verdicts []judge.Verdict) {
		worst := rule.Ernst("")
		for _, v := range verdicts {
			if v.Ernst != rule.OK && v.Ernst != rule.GeenOordeel {
				worst = v.Ernst
				seen[id][v.Ernst] = true
			}
		}
		if worst == "" {
			seen[id][worst] = true
		}
	}
	files, err := filepath.Glob("../checks/testdata/embedded/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		table := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for _, f := range archive.Files {
			name, _, _ := strings.Cut(f.Name, " ")
			rule, ok := rules[table+"."+name]
			given, want, cut := strings.Cut(string(f.Data), "=>\n")
			if !ok || !cut {
				t.Errorf("%s, %s: no rule of that name, or no =>", table, f.Name)
				continue
			}
			verdicts := on.judge(t, rule, given)
			if diff := cmp.Diff(strings.TrimSpace(want), verdictText(verdicts, want)); diff != "" {
				t.Errorf("%s, %s (-want +got)\n%s", table, f.Name, diff)
			}
			note(rule.ID(), verdicts)
		}
	}
	for id, one := range rules {
		if one.Kind == rule.NotNull || one.Kind == rule.Unique {
			good, bad := on.mechanical(one)
			for i, given := range append(good, bad...) {
				verdicts := on.judge(t, one, given)
				if len(verdicts) != 1 || (verdicts[0].Ernst == rule.OK) != (i < len(good)) {
					t.Errorf("%s finds %v\n%s", id, verdicts, given)
				}
				note(id, verdicts)
			}
		}
		for _, e := range append(one.Severities(), "") {
			if e == rule.Info && one.Kind == rule.Freshness && one.ExplainExpected == "" {
				continue
			}
			if !seen[id][e] {
				t.Errorf("%s: no case in which it is %q", id, e)
			}
		}
	}
}

// verdictText is what was found, with explanations when they are wanted.
func verdictText(verdicts []judge.Verdict, want string) string {
	var lines []string
	for _, v := range verdicts {
		line := fmt.Sprintf("%s | %s", v.Group, v.Ernst)
		if strings.Count(want, " | ") > strings.Count(want, "\n") {
			line += fmt.Sprintf(" | %s", v.Explanation)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// embeddedCases runs rules on tables that a case gives.
type embeddedCases struct {
	*modeltest.Sandbox
	nodes map[string]*graph.Query // by rule
}

func newEmbeddedCases(t *testing.T, b *graph.Graph) *embeddedCases {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	w, err := modeltest.NewSandbox(t.Context(), db, b, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.Session.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	e := &embeddedCases{Sandbox: w, nodes: map[string]*graph.Query{}}
	for _, n := range b.Checks {
		for _, id := range n.Check.Query.Checks {
			e.nodes[id] = n
		}
	}
	return e
}

// judge gives the verdicts of one rule on what a case gives.
func (e *embeddedCases) judge(t *testing.T, one rule.Rule, given string) []judge.Verdict {
	t.Helper()
	words := map[string]string{"peildatum": "2020-12-31"}
	for line := range strings.Lines(given) {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		words[word] = rest
	}
	if one.Kind == rule.Freshness {
		return []judge.Verdict{ageOf(t, one, words)}
	}
	n := e.nodes[one.ID()]
	statements := []string{"begin transaction", "set variable peildatum = date " + quote.Literal(words["peildatum"])}
	for _, r := range n.Reads {
		statements = append(statements, e.table(t, r, words)...)
	}
	defer func() {
		if err := e.Session.Exec(t.Context(), "rollback"); err != nil {
			t.Fatal(err)
		}
	}()
	if err := e.Session.Exec(t.Context(), strings.Join(statements, ";\n")); err != nil {
		t.Fatalf("%s: %v\n%s", one.ID(), err, given)
	}
	var out []judge.Verdict
	for _, q := range judge.Compile(n.Check.Table, []rule.Rule{one}) {
		verdicts, err := transform.Verdicts(t.Context(), &graph.CheckQuery{Table: n.Check.Table, Query: q, Rules: []rule.Rule{one}}, e.Session, words["peildatum"])
		if err != nil {
			t.Fatalf("%s: %v\n%s", one.ID(), err, given)
		}
		for _, v := range verdicts {
			if v.Ernst != "" {
				out = append(out, v)
			}
		}
	}
	return out
}

// table makes what a rule reads: the rows that the case gives, reference data, or an empty table.
func (e *embeddedCases) table(t *testing.T, r graph.Read, words map[string]string) []string {
	t.Helper()
	full := r.Table()
	schema, name, _ := strings.Cut(full, ".")
	base := strings.TrimSuffix(strings.TrimSuffix(name, graph.BeforeSuffix), graph.YearSuffix)
	rows, given := words[full]
	var columns []duck.Column
	switch of := e.Bound.ByName[schema+"."+base]; {
	case schema == "ref":
		return []string{"create or replace view " + quote.Table(schema, name) + " as from memory." + quote.Table(schema, name)}
	case schema == "raw":
		columns = graph.RawColumns(e.Bound.Contract(base))
	case schema == "quarantine":
		columns = graph.QuarantineColumns
	case schema == "meta":
		columns = graph.MetaTables[base]
	case !given && of.Constant():
		var statements []string
		for _, below := range of.Reads {
			statements = append(statements, e.table(t, below, words)...)
		}
		return append(statements, "create or replace view "+quote.Table(schema, name)+" as "+of.Text)
	default:
		columns = of.Columns
	}
	statements := []string{strings.Replace(graph.CreateTable(schema, name, columns), "create table", "create table if not exists", 1)}
	if given {
		statements = append(statements, "insert into "+quote.Table(schema, name)+" by name "+rows)
	}
	return statements
}

// mechanical are the cases of a rule that is about its columns only: a whole row, and for not_null a row
// without each of them; for unique rows that differ in one of them, and rows that do not.
func (e *embeddedCases) mechanical(r rule.Rule) (good, bad []string) {
	n := e.nodes[r.ID()]
	row := func(without, other string) string {
		var list []string
		for _, c := range n.Check.Table.Columns {
			value := "'a'"
			switch {
			case c.Name == without:
				value = "null"
			case c.Type == "BOOLEAN":
				value = "true"
			case c.Type == "DATE" || c.Type == "TIMESTAMP":
				value = "'2020-12-31'"
			case c.Type != "VARCHAR":
				value = "1"
			}
			if c.Name == other {
				value = map[bool]string{true: "'2020-12-30'", false: "2"}[c.Type == "DATE" || c.Type == "TIMESTAMP"]
			}
			list = append(list, value+"::"+c.Type+" as "+quote.Ident(c.Name))
		}
		return "select " + strings.Join(list, ", ")
	}
	table := r.Schema + "." + r.Table + ": "
	good = []string{table + row("", "") + "\n"}
	for _, c := range r.Columns {
		if r.Kind == rule.NotNull {
			bad = append(bad, table+row(c, "")+"\n")
		} else {
			good = append(good, table+row("", "")+" union all "+row("", c)+"\n")
		}
	}
	if r.Kind == rule.Unique {
		bad = append(bad, table+row("", "")+" union all "+row("", "")+"\n")
	}
	return good, bad
}

// TestEmbeddedKeys: what is called uniek is the grain of the table, and no column of a grain may be empty.
func TestEmbeddedKeys(t *testing.T) {
	t.Parallel()
	b := bindEmbedded(t)
	keys := 0
	for _, r := range b.Rules {
		n := b.ByName[r.Schema+"."+r.Table]
		switch {
		case n == nil:
		case r.Name == "uniek":
			keys++
			if !slices.Equal(r.Columns, n.Model.Grain) {
				t.Errorf("%s: the columns are %v, the grain is %v", r.ID(), r.Columns, n.Model.Grain)
			}
		case r.Name == "gevuld":
			for _, column := range n.Model.Grain {
				if !slices.Contains(r.Columns, column) {
					t.Errorf("%s: %s of the grain may be empty", r.ID(), column)
				}
			}
		}
	}
	if want := len(b.Order) - 1; keys != want { // findings cannot be checked
		t.Errorf("%d of %d tables have a rule on their grain", keys, want)
	}
}
