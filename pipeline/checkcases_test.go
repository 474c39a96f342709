package pipeline

import (
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sql/quote"
)

// caseColumns are those of every table that a case may fill.
var caseColumns = map[string][]duck.Column{
	"t": {
		{Name: "id", Type: "INTEGER"},
		{Name: "g", Type: "VARCHAR"},
		{Name: "h", Type: "VARCHAR"},
		{Name: "a", Type: "VARCHAR"},
		{Name: "b", Type: "VARCHAR"},
		{Name: "n", Type: "BIGINT"},
		{Name: "m", Type: "BIGINT"},
		{Name: "tot", Type: "BIGINT"},
		{Name: "groot", Type: "DECIMAL(12,2)"},
		{Name: "dag", Type: "DATE"},
		{Name: "ok", Type: "BOOLEAN"},
	},
	"ander":   {{Name: "g", Type: "VARCHAR"}, {Name: "n", Type: "BIGINT"}},
	"cijfers": {{Name: "g", Type: "VARCHAR"}, {Name: "waarde", Type: "VARCHAR"}},
}

// caseTables are the tables by the word that fills them.
var caseTables = []struct{ word, schema, name, like string }{
	{"nu", "marts", "t", "t"},
	{"vorige", "marts", "t__vorige", "t"},
	{"jaar", "marts", "t__jaar", "t"},
	{"core.ander", "core", "ander", "ander"},
	{"ref.cijfers", "ref", "cijfers", "cijfers"},
}

// TestCheckCases holds every kind of check, from its file to its verdicts, against cases written by
// hand. A case is lines "word: …" (rule, or an SQL file; rows of tables; for time laatste, vandaag and
// verwacht), "=>", and a verdict a line: groep | ernst | waarde | teller/noemer | drempel [| uitleg].
func TestCheckCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../checks/testdata/cases/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	session := openCheckSession(t, 1)
	count := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			count++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+f.Name, func(t *testing.T) {
				given, want, ok := strings.Cut(string(f.Data), "=>\n")
				if !ok {
					t.Fatal("a case without =>")
				}
				wanted, got := strings.Split(want, "\n"), strings.Split(judgeCase(t, session, readCase(given)), "\n")
				for i := range min(len(got), len(wanted)) {
					if fields := strings.Split(got[i], " | "); strings.Count(wanted[i], " | ") == 4 && len(fields) > 5 {
						got[i] = strings.Join(fields[:5], " | ") // the explanation is not part of this case
					}
				}
				if diff := cmp.Diff(wanted, got); diff != "" {
					t.Errorf("%s\n(-want +got)\n%s", given, diff)
				}
			})
		}
	}
	if count < 150 {
		t.Errorf("only %d cases", count)
	}
}

func openCheckSession(t testing.TB, threads int) *duck.Session {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Settings{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	session, err := db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := session.Exec(t.Context(), "create schema marts; create schema core; create schema ref; set variable peildatum = date '2020-12-31'"); err != nil {
		t.Fatal(err)
	}
	return session
}

// A checkCase is what a case gives.
type checkCase struct {
	words      map[string]string
	file, text string // of the check
}

func readCase(given string) checkCase {
	c := checkCase{words: map[string]string{}, file: "checks/marts.t.geval.sql"}
	for line := range strings.Lines(given) {
		word, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case strings.HasPrefix(line, "-- "), strings.HasPrefix(line, "select "):
			c.text += line
		case word == "rule":
			c.file, c.text = "checks/marts.t.yaml", "- "+rest
		case ok:
			c.words[word] = rest
		}
	}
	return c
}

// judgeCase gives the verdicts of a case as text.
func judgeCase(t *testing.T, session *duck.Session, c checkCase) string {
	rules, faults := rule.ParseFile(c.file, []byte(c.text))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	table := rule.Table{Schema: "marts", Name: "t", PerPeildatum: true, Key: []string{"id"}}
	for _, column := range caseColumns["t"] {
		table.Columns = append(table.Columns, rule.Column(column))
	}
	var verdicts []judge.Verdict
	if rules[0].Kind == rule.Freshness {
		verdicts = append(verdicts, ageOf(t, rules[0], c.words))
	} else {
		if err := rules[0].Bind(table).Err(); err != nil {
			t.Fatal(err)
		}
		for _, f := range caseTables {
			statement := "create or replace " + strings.TrimPrefix(graph.CreateTable(f.schema, f.name, caseColumns[f.like]), "create ")
			if values, ok := c.words[f.word]; ok {
				statement += "; insert into " + quote.Table(f.schema, f.name) + strings.Replace(values, ") ", ") values ", 1)
			}
			if err := session.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range judge.Compile(table, rules) {
			one := &graph.CheckQuery{Table: table, Query: q, Rules: rules}
			judged, err := transform.Verdicts(t.Context(), one, session, "2020-12-31")
			if err != nil {
				t.Fatal(err)
			}
			verdicts = append(verdicts, judged...)
		}
	}
	var out strings.Builder
	for _, v := range verdicts {
		if v.Ernst == "" {
			continue
		}
		fmt.Fprintf(&out, "%s | %s | %s | %s/%s | %s", v.Group, v.Ernst, figureOf(v.Value, v.Percentage), figureOf(v.Teller, false), figureOf(v.Noemer, false), figureOf(v.Limit, false))
		fmt.Fprintf(&out, " | %s\n", v.Explanation)
	}
	return out.String()
}

func ageOf(t *testing.T, rule rule.Rule, words map[string]string) judge.Verdict {
	day := func(word string) (at time.Time) {
		if text := words[word]; text != "" {
			var err error
			if at, err = time.Parse(time.DateOnly, text); err != nil {
				t.Fatal(err)
			}
		}
		return at
	}
	var every, grace int
	if text, ok := words["verwacht"]; ok {
		if _, err := fmt.Sscan(text, &every, &grace); err != nil {
			t.Fatal(err)
		}
	}
	return judge.Age(rule, day("laatste"), day("vandaag"), judge.Due{Every: time.Duration(every) * 24 * time.Hour, Grace: time.Duration(grace) * 24 * time.Hour})
}

// figureOf is a number as published, without zeros at its end.
func figureOf(n *big.Rat, percentage bool) string {
	text := judge.Rounded(n, percentage)
	if text == nil {
		return "-"
	}
	if strings.Contains(*text, ".") {
		return strings.TrimSuffix(strings.TrimRight(*text, "0"), ".")
	}
	return *text
}
