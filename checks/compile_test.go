package checks_test

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
)

var update = flag.Bool("update", false, "write the queries and verdicts of the cases in testdata")

// A case in testdata tests rules, their SQL and their verdicts. Its sections:
//
//	table         the table: its name, "per peildatum" if it is, and its columns, one per line
//	<file>        check files
//	data.sql      statements that create tables; the sections rows-N are the results of DuckDB
//	query-N.sql   what Compile writes (-update)
//	rows-N        the rows of that query, with | between fields, and NULL for NULL
//	verdicts      what Judge says (-update)
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var table rule.Table
	var rules []rule.Rule
	given := &txtar.Archive{Comment: archive.Comment}
	rows := map[string][][]*string{}
	expected := map[string]string{}
	for _, f := range archive.Files {
		text := string(f.Data)
		switch {
		case f.Name == "table":
			table = readTable(text)
		case strings.HasPrefix(f.Name, "checks/"):
			parsed, faults := rule.ParseFile(f.Name, f.Data)
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			rules = append(rules, parsed...)
		case strings.HasPrefix(f.Name, "rows-"):
			rows[f.Name] = readRows(text)
		case f.Name == "verdicts", strings.HasPrefix(f.Name, "query-"):
			expected[f.Name] = text
			continue
		}
		given.Files = append(given.Files, f)
	}
	byID := map[string]rule.Rule{}
	for _, r := range rules {
		if err := r.Bind(table).Err(); err != nil {
			t.Error(err)
		}
		byID[r.ID()] = r
	}
	var verdicts strings.Builder
	actual := map[string]string{}
	for i, q := range judge.Compile(table, rules) {
		name := fmt.Sprintf("query-%d.sql", i+1)
		actual[name] = q.SQL + "\n"
		given.Files = append(given.Files, txtar.File{Name: name, Data: []byte(actual[name])})
		measures, err := q.Measures(rows[fmt.Sprintf("rows-%d", i+1)])
		if err != nil {
			t.Error(err)
		}
		for _, m := range measures {
			m.Peildatum = time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC)
			v := judge.Judge(byID[m.Check], m)
			fmt.Fprintf(&verdicts, "%s [%s] %s: %s = %s/%s, limit %s\n    %s\n", v.Check, v.Group, v.Ernst,
				rat(v.Value), rat(v.Teller), rat(v.Noemer), rat(v.Limit), v.Explanation)
		}
	}
	actual["verdicts"] = verdicts.String()
	given.Files = append(given.Files, txtar.File{Name: "verdicts", Data: []byte(actual["verdicts"])})
	if *update {
		if err := os.WriteFile(file, txtar.Format(given), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(expected, actual); diff != "" {
		t.Errorf("(-want +got, -update writes it)\n%s", diff)
	}
}

func readTable(text string) rule.Table {
	var table rule.Table
	for line := range strings.Lines(text) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		if table.Name == "" {
			table.Schema, table.Name, _ = strings.Cut(name, ".")
			table.PerPeildatum = kind == "per peildatum"
			continue
		}
		table.Columns = append(table.Columns, rule.Column{Name: name, Type: kind})
	}
	return table
}

func readRows(text string) [][]*string {
	var rows [][]*string
	for line := range strings.Lines(text) {
		var row []*string
		for field := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "|") {
			if field == "NULL" {
				row = append(row, nil)
			} else {
				row = append(row, &field)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func rat(r *big.Rat) string {
	if r == nil {
		return "-"
	}
	return r.RatString()
}
