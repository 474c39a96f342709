package pipeline

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/internal/testing/truth"
	"inbeeld/pipeline/testing/need"
)

// A truthCellLine is a line of what was worked out by hand: the mart, what picks the row, and the
// cells that must be there.
var truthCellLine = regexp.MustCompile(`^([a-z_]+): (.+) -> (.+)$`)

// Twelve persons were worked out by hand, one for each rule that is easily got wrong. What is
// published about them, and what truth computes, is what was worked out.
func TestTruthPersons(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/truth/*.txtar")
	if err != nil || len(paths) != 12 {
		t.Fatalf("%d persons, %v", len(paths), err)
	}
	for _, path := range paths[:need.Count(4, 12)] {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := newTruthStory(t)
			s.world.Pull()
			expected := ""
			for _, f := range archive.Files {
				if f.Name == "verwacht" {
					expected = string(f.Data)
					continue
				}
				source, peildatum := truthFile(t, f.Name)
				s.give(t, source, peildatum, string(f.Data))
			}
			got := s.runs(t, time.Date(2021, 2, 1, 0, 0, 0, 0, time.UTC))
			s.compare(t, got)
			tables := append(s.world.Marts(), s.world.KwaliteitBevindingen())
			lines := strings.Split(strings.TrimSpace(expected), "\n")
			for _, line := range lines {
				m := truthCellLine.FindStringSubmatch(line)
				if m == nil {
					t.Fatalf("no line: %q", line)
				}
				i := slices.IndexFunc(tables, func(table *truth.Table) bool { return table.Name == m[1] })
				if i < 0 {
					t.Fatalf("no mart: %q", line)
				}
				columns, rows := s.cells(t, tables[i], got)
				truthHolds(t, "published", line, columns, rows, m[2], m[3])
				truthHolds(t, "truth", line, tables[i].Columns, tables[i].Rows, m[2], m[3])
			}
		})
	}
}

// truthFile is the source and peildatum in the name of a file.
func truthFile(t *testing.T, name string) (source, peildatum string) {
	t.Helper()
	name = strings.TrimSuffix(name, ".csv")
	at := strings.LastIndex(name, "_")
	day, err := time.Parse("20060102", name[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	return name[:at], day.Format(time.DateOnly)
}

// truthHolds looks for the one row that a line means, and holds its cells against it.
func truthHolds(t *testing.T, who, line string, columns []string, rows [][]string, pick, cells string) {
	t.Helper()
	is := func(row []string, pairs string) bool {
		for pair := range strings.FieldsSeq(pairs) {
			column, value, _ := strings.Cut(pair, "=")
			i := slices.Index(columns, column)
			if i < 0 {
				t.Fatalf("%q: no column %s", line, column)
			}
			if row[i] != value {
				return false
			}
		}
		return true
	}
	var picked [][]string
	for _, row := range rows {
		if is(row, pick) {
			picked = append(picked, row)
		}
	}
	switch {
	case cells == "geen rij":
		if len(picked) != 0 {
			t.Errorf("%s, %s: got %v", who, line, picked)
		}
	case len(picked) != 1:
		t.Errorf("%s, %s: %d rows", who, line, len(picked))
	case !is(picked[0], cells):
		t.Errorf("%s, %s: got %v of %v", who, line, picked[0], columns)
	}
}
