package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/project"
)

// rhythm is the library project with a source that is expected every thirty days, and a check on it.
func rhythm(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(bibliotheek)); err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "sources", "uitleningen.yaml")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "expect: {every: 30d, grace: 5d}\n"...)
	rule := "- check: freshness\n  name: op_tijd\n  notify: [beheer]\n  explain: 'Te laat: {waarde} dagen.'\n"
	for path, text := range map[string][]byte{source: text, filepath.Join(dir, "checks", "raw.uitleningen.yaml"): []byte(rule)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The calendar says what the checks say on the same day, and more.
func TestCalendar(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rhythm(t))
	project, faults, err := project.Load(l.project)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	look := func(day string, want judge.DueState, text string) {
		t.Helper()
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		l.now = now.Add(2 * time.Hour)
		list, err := intake.Calendar(project, l.options().Scope)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		e := list[0]
		got := fmt.Sprintf("%s %s %s early=%v repeated=%v refused=%s", e.Last, e.Due, e.Until, e.Early, !e.Repeated.IsZero(), e.Refused)
		if e.State != want || got != text {
			t.Errorf("%s: %s %s, want %s %s", day, e.State, got, want, text)
		}
		findings, err := audit.ListAges(t.Context(), l.options().Scope)
		if err != nil {
			t.Fatal(err)
		}
		judged := judge.OnTime
		for _, f := range findings {
			switch {
			case f.Check != "raw.uitleningen.op_tijd":
			case f.Ernst == "alarm" && e.Last == "":
				judged = judge.Never
			case f.Ernst == "alarm":
				judged = judge.Late
			case f.Ernst == "info":
				judged = judge.Expected
			}
		}
		if judged != want {
			t.Errorf("%s: the check says %s, the calendar %s", day, judged, want)
		}
	}
	look("2024-02-01", judge.Never, "   early=false repeated=false refused=")
	l.deliver("20240131", "1;C;2024-01-02;1,50\n")
	l.run(l.options())
	look("2024-03-01", judge.OnTime, "2024-01-31 2024-03-01 2024-03-06 early=false repeated=false refused=")
	look("2024-03-02", judge.Expected, "2024-01-31 2024-03-01 2024-03-06 early=false repeated=false refused=")
	look("2024-03-06", judge.Expected, "2024-01-31 2024-03-01 2024-03-06 early=false repeated=false refused=")
	look("2024-03-07", judge.Late, "2024-01-31 2024-03-01 2024-03-06 early=false repeated=false refused=")

	l.deliver("20240131", "1;C;2024-01-02;1,50\n")
	l.run(l.options())
	look("2024-03-07", judge.Late, "2024-01-31 2024-03-01 2024-03-06 early=false repeated=true refused=")

	l.now = l.now.AddDate(0, 0, 1)
	l.deliver("20240229", "1;C;2024-02-02;"+strings.Repeat("x", 3)+"\n2;C;x;\n3;C;x;\n")
	l.run(l.options())
	look("2024-03-08", judge.Late, "2024-01-31 2024-03-01 2024-03-06 early=false repeated=true refused=uitleningen_20240229.csv")

	l.now = l.now.AddDate(0, 0, 1)
	l.deliver("20240210", "1;C;2024-02-02;\n")
	l.run(l.options())
	look("2024-03-09", judge.OnTime, "2024-02-10 2024-03-11 2024-03-16 early=true repeated=false refused=")
}
