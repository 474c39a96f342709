package pipeline

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// originals are the names of the extracts that are still in landing, and others of its files that are
// not delivery.json.
func (n nightCase) originals(t *testing.T) []string {
	t.Helper()
	names := []string{}
	err := filepath.WalkDir(n.path("landing"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "delivery.json" {
			names = append(names, e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func (n nightCase) runAt(t *testing.T, now time.Time, days int) *Result {
	t.Helper()
	o := nightOptions(n.data, n.project)
	o.Now, o.Retain.Landing = func() time.Time { return now }, days
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return result
}

// Originals go after their retention, also those of refused deliveries, and not a second before. What
// was loaded stays in force, and gives the same marts.
func TestRetention(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	n.second(t)
	n.publishes(t)
	all := n.originals(t)
	if len(all) != 8 {
		t.Fatalf("originals %v", all)
	}
	n.runAt(t, nightClock.Add(30*day-time.Second), 0)
	if diff := cmp.Diff(all, n.originals(t)); diff != "" {
		t.Errorf("a second before their time:\n%s", diff)
	}
	want := n.published(t)
	if result := n.runAt(t, nightClock.Add(30*day), 0); result.Outcome != mart.NothingToDo || result.Refused != 1 {
		t.Errorf("%s with %d refused", result.Outcome, result.Refused)
	}
	if left := n.originals(t); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
	n.remove(t, "stand", "marts", "warehouse.duckdb", "runs")
	n.publishes(t)
	if got := n.published(t); !maps.Equal(got, want) {
		t.Errorf("from the lake alone: %v, not %v", got, want)
	}

	// the bytes of the correction come back: the original is there again, and stays as long again
	back := nightClock.Add(40 * day)
	n.deliver(t, "personen", "personen_20200930_correctie.csv", nightFiles(t)["second/personen_20200930_correctie.csv"], 300)
	n.deliver(t, "personen", "personen_20200930.csv", nightFiles(t)["first/personen_20200930.csv"], 301)
	n.runAt(t, back, 5)
	n.runAt(t, back.Add(5*day-time.Second), 5)
	if diff := cmp.Diff([]string{"personen_20200930.csv"}, n.originals(t)); diff != "" {
		t.Error(diff)
	}
	n.runAt(t, back.Add(5*day), 5)
	if left := n.originals(t); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
}

// An original that no load rests on yet is never removed, however old it is.
func TestRetentionKeepsWhatWasNotLoaded(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	other := nightProject(t, nil)
	if err := os.Remove(filepath.Join(other, "sources", "banen.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sql/core/werkenden.sql", "sql/marts/werk.sql", "checks/marts.werk.yaml"} {
		if err := os.Remove(filepath.Join(other, name)); err != nil {
			t.Fatal(err)
		}
	}
	n.project = other // banen has no contract any more
	if err := os.RemoveAll(n.path("lake", "banen")); err != nil {
		t.Fatal(err)
	}
	n.runAt(t, nightClock.AddDate(1, 0, 0), 0)
	if diff := cmp.Diff([]string{"banen_20200930.csv", "banen_20201231.csv"}, n.originals(t)); diff != "" {
		t.Error(diff)
	}
}

// When the contract changes after the originals are gone, the rows that were loaded stay in force: a
// new column is empty in them, one that went is not seen, and the plan and the run say so.
func TestContractChangedAfterRetention(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	n.runAt(t, nightClock.AddDate(0, 2, 0), 0)
	files := nightFiles(t)
	files["project/sources/personen.yaml"] = strings.Replace(files["project/sources/personen.yaml"],
		"  - {name: Opmerking, as: opmerking, type: text, description: Vrije tekst.}", "  - {name: Leeftijd, as: leeftijd, type: integer, description: Jaren.}", 1)
	for _, name := range []string{"project/sql/staging/personen.sql", "project/sql/marts/personen.sql"} {
		files[name] = strings.ReplaceAll(files[name], "opmerking", "leeftijd")
	}
	before := n.rows(t, "select peildatum::varchar, sum(personen)::varchar, sum(uren)::varchar from marts.werk group by all order by all")
	n.project = nightProject(t, files)

	o := nightOptions(n.data, n.project)
	plan, err := inspect.MakePlan(t.Context(), o.Scope, o.Publish, o.Fresh)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Load) != 0 || !strings.Contains(strings.Join(plan.Notes, "\n"), "its original is gone; the loaded rows stay in force") {
		t.Errorf("plan to load %v, notes %v", plan.Load, plan.Notes)
	}
	result := n.runAt(t, nightClock.AddDate(0, 2, 1), 0)
	notes := strings.Join(result.Run.Notes, "\n")
	if result = approved(t, o, result); result.Outcome != mart.Published || !strings.Contains(notes, "de geladen rijen blijven gelden") {
		t.Fatalf("%s, notes %v", result.Outcome, notes)
	}
	if diff := cmp.Diff(before, n.rows(t, "select peildatum::varchar, sum(personen)::varchar, sum(uren)::varchar from marts.werk group by all order by all")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"25|0"}, n.rows(t, "select count(*)::varchar, count(leeftijd)::varchar from marts.personen")); diff != "" {
		t.Error(diff)
	}

	// a delivery that comes now is loaded by the contract of now, beside those
	text := strings.ReplaceAll(strings.Replace(files["first/personen_20201231.csv"], "Opmerking", "Leeftijd", 1), "bekend", "44")
	n.deliver(t, "personen", "personen_20210331.csv", strings.ReplaceAll(text, `"wil s avonds; niet"`, "51"), 500)
	if result := n.runAt(t, nightClock.AddDate(0, 2, 2), 0); result.Outcome != mart.Published {
		t.Fatalf("%s, %v", result.Outcome, result.Blocks)
	}
	if diff := cmp.Diff([]string{"true"}, n.rows(t, "select (count(leeftijd) > 0)::varchar from marts.personen")); diff != "" {
		t.Error(diff)
	}
	deliveries, err := delivery.ReadDeliveries(n.data)
	if err != nil || len(deliveries) != 5 {
		t.Fatalf("%d deliveries, %v", len(deliveries), err)
	}
}

// A retention that is no time at all is refused before anything is done.
func TestRetentionOption(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	o := nightOptions(n.data, n.project)
	o.Retain.Landing, o.Log = -1, zerolog.Nop()
	var misuse *usage.Error
	if _, err := Run(t.Context(), o); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "retention: landing is -1 days") {
		t.Errorf("%v", err)
	}
}
