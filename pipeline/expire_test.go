package pipeline

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
)

// letGo is a night with two rounds of deliveries, a hundred days apart, and the options of a run fifty
// days later that keeps rows for 120, when a run the night before has announced what goes.
func letGo(t *testing.T) (nightCase, Options) {
	t.Helper()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	n.second(t)
	n.runAt(t, nightClock.Add(100*intake.Day), 0)
	o := nightOptions(n.data, n.project)
	o.Retain.Lake, o.Now = 120, func() time.Time { return nightClock.Add(149 * intake.Day) }
	result, err := Run(t.Context(), o)
	if err != nil || !strings.Contains(strings.Join(result.Run.Notes, "\n"), "langer dan 120 dagen bewaard, de volgende run wist: banen 2020-12-31, personen 2020-09-30, personen 2020-12-31") {
		t.Fatalf("%+v, %v", result, err)
	}
	if left := overdueFindings(result.Findings); len(left) != 1 {
		t.Errorf("nobody ran for weeks: %v", left)
	}
	o.Now = func() time.Time { return nightClock.Add(150 * intake.Day) }
	return n, o
}

func (n nightCase) dates(t *testing.T) []string {
	t.Helper()
	return n.rows(t, "select distinct peildatum::varchar from marts.werk order by all")
}

// overdueFindings are the findings of the check that nothing stays too long.
func overdueFindings(all []ledger.Finding) []string {
	texts := []string{}
	for _, f := range all {
		if f.Check == intake.OverdueCheck {
			texts = append(texts, f.Group+" "+f.Ernst+": "+f.Text)
		}
	}
	return texts
}

// Deliveries go as a whole after retention.lake, with their peildata; the plan says so beforehand. What
// a date that stays is made of stays too, and so does the last one. What is left gives the same bytes
// from the start.
func TestExpire(t *testing.T) {
	t.Parallel()
	n, o := letGo(t)
	if diff := cmp.Diff([]string{"2020-09-30", "2020-12-31", "2021-03-31"}, n.dates(t)); diff != "" {
		t.Fatal(diff)
	}
	plan, err := inspect.MakePlan(t.Context(), o.Scope, o.Publish, o.Fresh)
	if err != nil {
		t.Fatal(err)
	}
	want := "older than retention.lake (120 days); the next run permanently removes it with all its rows and figures: banen 2020-12-31, personen 2020-09-30, personen 2020-12-31"
	if plan.NothingToDo || !slices.Contains(plan.Notes, want) {
		t.Errorf("nothing to do: %t, notes %q", plan.NothingToDo, plan.Notes)
	}
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		t.Fatalf("%v, %v", result, err)
	}
	if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, "na 120 dagen gewist: banen 2020-12-31, personen 2020-09-30, personen 2020-12-31") {
		t.Errorf("notes %s", notes)
	}
	if diff := cmp.Diff([]string{"2020-09-30", "2021-03-31"}, n.dates(t)); diff != "" {
		t.Error(diff)
	}
	if left := overdueFindings(result.Findings); len(left) > 0 {
		t.Error(left)
	}
	for _, folder := range []string{"lake", "quarantine"} {
		gone, err := filepath.Glob(n.path(folder, "*", "2020-12-31-*"))
		if err != nil || len(gone) > 0 {
			t.Errorf("%v, %v", gone, err)
		}
	}
	log := n.logged(t)
	if last := log[len(log)-1]; last.Counts["deliveries removed"] != 3 {
		t.Errorf("%+v", last)
	}
	if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.NothingToDo {
		t.Errorf("%+v, %v", result, err)
	}
	published := n.published(t)
	n.remove(t, "stand", "marts", "warehouse.duckdb", "runs")
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := n.published(t); !maps.Equal(got, published) {
		t.Errorf("from the start: %v, not %v", got, published)
	}
}

// A delivery that went comes back when it is received again, and stays as long again.
func TestExpiredReturns(t *testing.T) {
	t.Parallel()
	n, o := letGo(t)
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	n.deliver(t, "personen", "personen_20201231.csv", nightFiles(t)["first/personen_20201231.csv"], 900)
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
	if diff := cmp.Diff([]string{"2020-09-30", "2020-12-31", "2021-03-31"}, n.dates(t)); diff != "" {
		t.Error(diff)
	}
	for _, days := range []int{271, 272} {
		o.Now = func() time.Time { return nightClock.Add(time.Duration(days) * intake.Day) }
		if _, err := Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"2021-03-31"}, n.dates(t)); diff != "" {
		t.Errorf("the last date stays, and nothing else: %s", diff)
	}
}

// A run that was killed between the decision and the files leaves the files to the next; what cannot be
// removed is an alarm, and is tried again.
func TestExpireInterrupted(t *testing.T) {
	t.Parallel()
	n, o := letGo(t)
	killed := errors.New("killed")
	o.Crash = func(at string) {
		if at == "expired" {
			panic(killed)
		}
	}
	func() {
		defer func() {
			if got := recover(); got != killed { //nolint:errorlint // what was thrown
				t.Fatal(got)
			}
		}()
		_, _ = Run(t.Context(), o)
	}()
	kept, err := filepath.Glob(n.path("lake", "personen", "2020-12-31-*.parquet"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, %v", kept, err)
	}
	late, err := audit.ListAges(t.Context(), o.Scope)
	if diff := cmp.Diff([]string{"lake alarm: Leveringen die langer dan 120 dagen geleden zijn ontvangen en nog niet zijn gewist: 3."}, overdueFindings(late)); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
	// a folder that is not empty cannot be removed as a file is, not by the owner of all files either
	if err := errors.Join(os.Remove(kept[0]), os.MkdirAll(filepath.Join(kept[0], "vast"), 0o700)); err != nil {
		t.Fatal(err)
	}
	o.Crash = nil
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
	if diff := cmp.Diff([]string{"lake alarm: Leveringen die langer dan 120 dagen geleden zijn ontvangen en nog niet zijn gewist: 1."}, overdueFindings(result.Findings)); diff != "" {
		t.Error(diff)
	}
	if result.Alarms == 0 || !strings.Contains(strings.Join(result.Run.Notes, "\n"), "wissen lukt niet, de volgende run probeert het weer") {
		t.Errorf("%d alarms, notes %v", result.Alarms, result.Run.Notes)
	}
	if err := os.Remove(filepath.Join(kept[0], "vast")); err != nil {
		t.Fatal(err)
	}
	result, err = Run(t.Context(), o)
	if left := overdueFindings(result.Findings); len(left) > 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
}

// Originals that could not be removed, and files that nobody takes in, are alarms.
func TestOverdue(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	originals, err := filepath.Glob(n.path("landing", "personen", "2020-12-31-*", "*.csv"))
	if err != nil || len(originals) != 1 {
		t.Fatalf("%v, %v", originals, err)
	}
	if err := errors.Join(os.Remove(originals[0]), os.MkdirAll(filepath.Join(originals[0], "vast"), 0o700)); err != nil {
		t.Fatal(err)
	}
	o := nightOptions(n.data, n.project)
	o.Now = func() time.Time { return nightClock.Add(31 * intake.Day) }
	if late, err := audit.ListAges(t.Context(), o.Scope); err != nil || len(overdueFindings(late)) > 0 {
		t.Errorf("before the run that is to remove them: %v, %v", late, err)
	}
	result, err := Run(t.Context(), o)
	if diff := cmp.Diff([]string{"landing alarm: Bestanden van leveranciers die langer dan 30 dagen geleden zijn ontvangen en nog niet zijn gewist: 1."}, overdueFindings(result.Findings)); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
	n.deliver(t, "personen", "lijst.csv", "wie\n", 0)
	for days, want := range map[int]int{31: 0, 33: 1} {
		o.Now = func() time.Time { return time.Now().AddDate(0, 0, days) }
		late, err := audit.ListAges(t.Context(), o.Scope)
		found := slices.ContainsFunc(overdueFindings(late), func(text string) bool {
			return strings.HasPrefix(text, "inbox alarm: Bestanden die langer dan 30 dagen in de inbox staan")
		})
		if err != nil || found != (want == 1) {
			t.Errorf("%d days: %v, %v", days, late, err)
		}
	}
}

// Whatever the clock says once, and whatever project is given by mistake, nothing that is in force goes.
func TestExpireMistakes(t *testing.T) {
	t.Parallel()
	n, o := letGo(t)
	right := o.ProjectDir
	o.ProjectDir = nightProject(t, nil)
	for _, name := range []string{"sources/banen.yaml", "sql/core/werkenden.sql", "sql/marts/werk.sql", "checks/marts.werk.yaml"} {
		if err := os.Remove(filepath.Join(o.ProjectDir, name)); err != nil {
			t.Fatal(err)
		}
	}
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if left := overdueFindings(result.Findings); len(left) != 1 || !strings.HasSuffix(left[0], ": 2.") {
		t.Errorf("rows of sources without contract: %v", left)
	}
	if kept, err := filepath.Glob(n.path("lake", "banen", "*.parquet")); err != nil || len(kept) != 3 {
		t.Errorf("%v, %v", kept, err)
	}
	o.ProjectDir, o.Retain.Lake = right, 0
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	before := n.dates(t)
	o.Retain.Lake, o.Now = 120, func() time.Time { return nightClock.Add(50 * 365 * intake.Day) }
	other := n.copy(t)
	o.Path = other.data
	if err := os.RemoveAll(other.path("runs")); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, other.dates(t)); diff != "" {
		t.Error(diff)
	}
}

func TestRetainLakeOption(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	for _, days := range []int{-1, 29} {
		o := nightOptions(n.data, n.project)
		o.Retain.Lake = days
		var misuse *usage.Error
		if _, err := Run(t.Context(), o); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "give at least as many as landing (30)") {
			t.Errorf("%d: %v", days, err)
		}
	}
}
