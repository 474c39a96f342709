package pipeline

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/publish"
)

// werkMart is the mart of the nights that the stories of this file define otherwise.
const werkMart = "project/sql/marts/werk.sql"

// redefined is the project of the nights with another definition of who works.
func redefined(t testing.TB) string {
	t.Helper()
	text := nightFiles(t)[werkMart]
	return nightProject(t, map[string]string{werkMart: strings.Replace(text, "banen > 0", "uren > 14", 1)})
}

// waits does a run that must wait for approval.
func (n nightCase) waits(t testing.TB) *Result {
	t.Helper()
	result := n.run(t)
	if result.Outcome != mart.Waiting || result.Run.Hold == nil {
		t.Fatalf("outcome %s, not waiting: %+v", result.Outcome, result.Run.Changes)
	}
	return result
}

// TestRedefined: the definition of one measure changes. The plan names it, the run holds and changes nothing,
// the data team alone hears of it, once; what is approved is published, and nobody hears that.
func TestRedefined(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	folder := t.TempDir()
	n.first(t)
	n.tells(t, folder, 0, mart.Published)
	before, versions := n.published(t), versionsOf(t, n)

	n.project = redefined(t)
	plan, err := inspect.MakePlan(t.Context(), nightOptions(n.data, n.project).Scope, nightOptions(n.data, n.project).Publish, nightOptions(n.data, n.project).Fresh)
	if err != nil {
		t.Fatal(err)
	}
	// The findings are about werk, so that they are redefined too; their budget lets them change.
	because := []string{"sql/marts/werk.sql"}
	if diff := cmp.Diff([]publish.Redefinition{{Mart: "bevindingen", Causes: because}, {Mart: "werk", Causes: because}}, plan.Redefined); diff != "" {
		t.Errorf("the plan (-want +got)\n%s", diff)
	}
	told := n.tells(t, folder, 1, mart.Waiting)
	if len(told) != 1 || !strings.HasPrefix(told[0], "datateam: Nachten: cijfers wachten op goedkeuring") {
		t.Errorf("told %q", told)
	}
	if diff := cmp.Diff(before, n.published(t)); diff != "" {
		t.Errorf("what is published changed:\n%s", diff)
	}
	waiting := lastRun(t, n)
	change := waiting.Changes[0]
	if len(waiting.Changes) != 1 || change.Mart != "werk" || change.Removed != 0 || change.Changed == 0 || len(change.Columns) != 1 || change.Columns[0].Column != "werkenden" ||
		!cmp.Equal(change.Causes, []string{"sql/marts/werk.sql"}) || len(waiting.Hold.Deliveries) > 0 {
		t.Errorf("the ledger says %+v", waiting.Changes)
	}
	if st := n.status(t); st.Outcome != mart.Waiting || st.Blocked.Approve != waiting.ID || len(st.Blocked.Why) != 1 ||
		!strings.HasSuffix(st.Blocked.Why[0], "Oorzaak: een andere definitie (sql/marts/werk.sql).") {
		t.Errorf("status %+v", st.Blocked)
	}
	if again := n.tells(t, folder, 2, mart.Waiting); len(again) > 0 {
		t.Errorf("told again: %q", again)
	}
	if err := n.approve(t, waiting.ID); err == nil || !strings.Contains(err.Error(), "is no longer the last") {
		t.Errorf("approval of a run that is not the last: %v", err)
	}
	if err := n.approve(t, lastRun(t, n).ID); err != nil {
		t.Fatal(err)
	}
	if after := n.tells(t, folder, 2, mart.Published); len(after) > 0 {
		t.Errorf("after approval: %q", after)
	}
	if st := n.status(t); st.Blocked != nil {
		t.Errorf("status %+v", st.Blocked)
	}
	if n.run(t).Outcome != mart.NothingToDo || len(versionsOf(t, n)) != len(versions)+1 {
		t.Errorf("versions %v, after %v", versionsOf(t, n), versions)
	}
	if err := n.approve(t, waiting.ID); err == nil {
		t.Error("a run that was overtaken is approved")
	}

	// Back, and forth again: what was approved over that version needs no second approval.
	o := nightOptions(n.data, n.project)
	if _, err := Rollback(t.Context(), o, "", "beheer", "toch niet"); err != nil {
		t.Fatal(err)
	}
	if result := n.run(t); result.Outcome != mart.Pinned {
		t.Errorf("pinned: %s", result.Outcome)
	}
	if err := Release(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	n.publishes(t)

	// From scratch there is nothing to compare with, and the marts are the same.
	approved := martsOf(n.published(t))
	n.remove(t, "marts", "stand", "warehouse.duckdb", "runs")
	n.publishes(t)
	if diff := cmp.Diff(approved, martsOf(n.published(t))); diff != "" {
		t.Errorf("from scratch:\n%s", diff)
	}
}

// martsOf leaves out what says when it was published.
func martsOf(published map[string]string) map[string]string {
	maps.DeleteFunc(published, func(name, _ string) bool { return filepath.Ext(name) != ".parquet" })
	return published
}

func lastRun(t testing.TB, n nightCase) *ledger.Run {
	t.Helper()
	book := ledger.Ledger{Dir: n.path("runs")}
	runs, _, err := (&ledger.Index{Ledger: book}).Runs()
	if err != nil {
		t.Fatal(err)
	}
	run, err := book.Read(runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestNightReadsNothing: a night compares only marts that are redefined, or have a budget and another file.
func TestNightReadsNothing(t *testing.T) {
	t.Parallel()
	text := nightFiles(t)[werkMart]
	budget := func(line string) string {
		return nightProject(t, map[string]string{werkMart: strings.Replace(text, "-- columns:", "-- budget: {"+line+"}\n-- columns:", 1)})
	}
	for _, c := range []struct {
		name, first, second string
		compared            int64
		want                mart.Outcome
	}{
		{"no budget", nightProject(t, nil), "", 0, mart.Published},
		{"a budget that holds", budget("changed: 90%"), "", 1, mart.Published},
		{"a budget that nothing exceeds", budget("removed: 100%"), "", 0, mart.Published},
		{"a budget that is crossed", budget("changed: 0"), "", 1, mart.Waiting},
		{"too much is added", budget("added: 10%"), "", 1, mart.Waiting},
		{"a measure moves", budget("moved: {personen: 1%}"), "", 1, mart.Waiting},
		{"a measure moves enough", budget("moved: {personen: 20}"), "", 1, mart.Published},
		{"another budget is no other definition", nightProject(t, nil), budget("removed: 0"), 1, mart.Published},
		{"other words are no other definition", nightProject(t, nil), nightProject(t, map[string]string{werkMart: strings.Replace(text, "Werk per gemeente", "Wie werkt", 1)}), 0, mart.Published},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, c.first)
			n.first(t)
			n.publishes(t)
			if c.second != "" {
				n.project = c.second
			}
			n.second(t)
			result := n.run(t)
			i := slices.IndexFunc(result.Run.Stages, func(s ledger.Stage) bool { return s.Name == "audit" })
			if got := result.Run.Stages[i].Counts["compared"]; got != c.compared || result.Outcome != c.want {
				t.Errorf("%d marts compared, outcome %s: %+v", got, result.Outcome, result.Run.Changes)
			}
			if c.want == mart.Published {
				return
			}
			if st := n.status(t); !strings.Contains(st.Blocked.Why[0], "; de definitie is dezelfde.") {
				t.Errorf("status %q", st.Blocked.Why)
			}
			if err := n.approve(t, result.Run.ID); err != nil {
				t.Fatal(err)
			}
			n.publishes(t)
		})
	}
}

// TestBudgetIsTold: a publication that waits for its budget is an alert, which approval solves.
func TestBudgetIsTold(t *testing.T) {
	t.Parallel()
	text := nightFiles(t)[werkMart]
	n := newNight(t, nightProject(t, map[string]string{werkMart: strings.Replace(text, "-- columns:", "-- budget: {changed: 0}\n-- columns:", 1)}))
	folder := t.TempDir()
	n.first(t)
	n.tells(t, folder, 0, mart.Published)
	n.second(t)
	told := n.tells(t, folder, 1, mart.Waiting)
	if !slices.ContainsFunc(told, func(m string) bool {
		return strings.HasPrefix(m, "datateam: Nachten: publicatie tegengehouden") && strings.Contains(m, "cijfers wachten op goedkeuring")
	}) {
		t.Errorf("told %q", told)
	}
	if err := n.approve(t, lastRun(t, n).ID); err != nil {
		t.Fatal(err)
	}
	told = n.tells(t, folder, 2, mart.Published)
	if len(told) != 1 || !strings.Contains(told[0], "opgelost") {
		t.Errorf("after approval %q", told)
	}
}

// TestWhatDisappears: a column or a mart that is no longer made is held, whatever the budget; what is new,
// and person-level marts that are no longer asked for, are not.
func TestWhatDisappears(t *testing.T) {
	t.Parallel()
	files := nightFiles(t)
	base := newNight(t, nightProject(t, nil))
	base.first(t)
	base.publishes(t)
	without := func(name string) string {
		dir := nightProject(t, nil)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	edit := func(name string, pairs ...string) string {
		return nightProject(t, map[string]string{name: strings.NewReplacer(pairs...).Replace(files[name])})
	}
	for _, c := range []struct {
		name, project string
		over          string // "" when it is published
	}{
		{"a new column", edit(werkMart, "    sum(uren)::", "    count(*) * 2 as dubbel,\n    sum(uren)::", "--   uren:", "--   dubbel: Twee keer.\n--   uren:"), ""},
		{"a new mart", nightProject(t, map[string]string{"project/sql/marts/meer.sql": strings.Replace(files[werkMart], "Werk per", "Nog eens per", 1)}), ""},
		{"a column less", edit(werkMart, ",\n    sum(uren)::decimal(18, 2) as uren", "", "--   uren: Uren per week.\n", ""), "kolom uren verdwijnt"},
		{"a mart less", without("sql/marts/leveringen.sql"), "de tabel verdwijnt, met 4 rijen"},
		{"another key", edit(werkMart, "[peildatum, gemeente]", "[gemeente, peildatum]"), "6 rijen van de 6 verdwijnen (grens 0)"},
		{"another type", edit(werkMart, "decimal(18, 2)", "decimal(18, 4)"), ""},
		{"findings", edit("project/checks/marts.werk.yaml", "{below: 60}", "{below: 99}"), ""},
		{"a column less of a mart that may change", edit("project/sql/marts/bevindingen.sql", ", sinds\n", "\n", "--   sinds: Sinds wanneer.\n", ""), "kolom sinds verdwijnt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := base.copy(t)
			n.project = c.project
			result := n.run(t)
			var said []string
			for _, change := range result.Run.Changes {
				said = append(said, change.Over...)
			}
			want := []string(nil)
			outcome := mart.Published
			if c.over != "" {
				want, outcome = []string{c.over}, mart.Waiting
			}
			if diff := cmp.Diff(want, said); diff != "" || result.Outcome != outcome {
				t.Errorf("outcome %s: %s", result.Outcome, diff)
			}
		})
	}
	intern := base.copy(t)
	o := nightOptions(intern.data, intern.project)
	o.Publish.Intern = false
	if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
		t.Errorf("without person-level marts: %+v, %v", result, err)
	}
	// A version of before definitions were kept was made by another program.
	older := base.copy(t)
	dir := older.path("marts", "current")
	m, err := mart.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Definitions = nil
	for i := range m.Files {
		m.Files[i].Definition = ""
	}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	older.project = redefined(t)
	if change := older.waits(t).Run.Changes; len(change) != 1 || !cmp.Equal(change[0].Causes, []string{"program"}) {
		t.Errorf("after an upgrade: %+v", change)
	}
	damaged := base.copy(t)
	damaged.project = redefined(t)
	path := damaged.path("marts", "current", "werk.parquet")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	if over := damaged.waits(t).Run.Changes[0].Over; len(over) != 1 || !strings.Contains(over[0], "is beschadigd") {
		t.Errorf("a damaged mart: %q", over)
	}
}
