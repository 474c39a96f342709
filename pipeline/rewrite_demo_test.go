package pipeline

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/testing/need"
	"inbeeld/sql/quote"
)

// After an erasure and a rotation of the demo, every file that is published and not about persons is as it
// was, byte for byte, also from nothing but what cannot be made again, and nothing leads to the person.
func TestRewriteDemo(t *testing.T) {
	t.Parallel()
	need.Slow(t) // TestRewritePopulation does the same
	rewriteAll(t, nightCase{data: publishDemo(t)}, demo.Clock, "")
}

// The same on a population by chance, with all that suppliers do wrong.
func TestRewritePopulation(t *testing.T) {
	t.Parallel()
	seed := *truthSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("INBEELD_TEST=%q go test ./pipeline -run 'TestRewritePopulation$' -truth-seed %d", os.Getenv("INBEELD_TEST"), seed)
	s := newTruthStory(t)
	rnd := rand.New(rand.NewPCG(seed, 77))
	truthPopulation(t, s, rnd)
	// One who has a placement where there is one, and else anybody.
	for _, table := range []string{"plaatsingen", "sonar"} {
		found, err := reading(t).Rows(t.Context(), "select persoon_id from read_parquet("+quote.Literal(s.path("lake", table, "*.parquet"))+", union_by_name = true) group by persoon_id order by count(*) desc, persoon_id limit 1")
		if err == nil && len(found) == 1 {
			rewriteAll(t, s.nightCase, time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), *found[0][0])
			return
		}
	}
	t.Fatal("nobody is in the lake")
}

// rewriteAll erases a person, by pseudonym or the one with the most rows, rotates the key, and compares.
func rewriteAll(t *testing.T, n nightCase, clock time.Time, person string) {
	t.Helper()
	o := nightOptions(n.data, n.project)
	o.Now = func() time.Time { return clock }
	run := func(when string) {
		t.Helper()
		result, err := Run(t.Context(), o)
		if err != nil || result.Outcome != mart.Published {
			t.Fatalf("%s: %+v, %v", when, result, err)
		}
	}
	key := n.key(t)
	bsn := ""
	if person == "" {
		rows, err := reading(t).Rows(t.Context(), "select persoon_id from read_parquet("+quote.Literal(n.path("lake", "*", "*.parquet"))+", union_by_name = true) where persoon_id is not null group by persoon_id order by count(*) desc, persoon_id limit 1")
		if err != nil {
			t.Fatal(err)
		}
		person = *rows[0][0]
	}
	originals, err := filepath.Glob(n.path("landing", "*", "*", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range originals {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range regexp.MustCompile(`\b[0-9]{9}\b`).FindAll(text, -1) {
			if digits, status := pseudonym.Normalise(string(number)); status.IsBSN() && key.Pseudonym(digits) == person {
				bsn = string(number)
			}
		}
	}
	if bsn == "" {
		t.Fatal("the BSN of the person was not found")
	}
	gone := []string{person, bsn}
	for source, column := range map[string]string{"plaatsingen": "plaatsing_id", "aanvragen": "aanvraag_id"} {
		files, err := filepath.Glob(n.path("lake", source, "*.parquet"))
		if err != nil || len(files) == 0 {
			continue
		}
		rows, err := reading(t).Rows(t.Context(), "select distinct "+column+" from read_parquet("+quote.Literal(n.path("lake", source, "*.parquet"))+") where persoon_id = "+quote.Literal(person))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			gone = append(gone, `"`+*r[0]+`"`) // as a value by itself
		}
	}
	t.Logf("somebody with %d placements and applications: %v", len(gone)-2, gone[2:])
	want := aggregates(n.published(t))
	same := func(when string) {
		t.Helper()
		got := aggregates(n.published(t))
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s: %s is another file", when, name)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: other files are published", when)
		}
	}
	others := n.ids(t)
	if _, err := persons.Erase(t.Context(), o.Scope, siteOf(o), bsn, "test", "verzoek"); err != nil {
		t.Fatal(err)
	}
	same("erased")
	n.nowhere(t, gone)
	n.emptied(t, others)
	run("after the erasure")
	same("the run after the erasure")
	n.nowhere(t, gone)
	after := n.published(t)
	n.loses(t, "stand", "marts", "warehouse.duckdb", "runs")
	if err := intake.Create(n.data, mustProject(t, n.project)); err != nil {
		t.Fatal(err)
	}
	run("from scratch")
	if !maps.Equal(n.published(t), after) {
		t.Error("from scratch, something else is published")
	}

	before := n.ids(t)
	if _, err := persons.Rotate(t.Context(), o.Scope, siteOf(o), "test", "gelekt"); err != nil {
		t.Fatal(err)
	}
	same("rotated")
	run("after the rotation")
	same("the run after the rotation")
	n.nowhere(t, before[:min(20, len(before))])
}

// emptied fails when somebody who was not there before has a value in a column that nothing rests on, but
// for those that say the same of everybody.
func (n nightCase) emptied(t *testing.T, before []string) {
	t.Helper()
	var anew []string
	for _, id := range n.ids(t) {
		if !slices.Contains(before, id) {
			anew = append(anew, id)
		}
	}
	if len(anew) != 1 || len(n.ids(t)) != len(before) {
		t.Fatalf("%d ids came in the place of one", len(anew))
	}
	bound, _, err := graph.Bind(t.Context(), mustProject(t, n.project))
	if err != nil {
		t.Fatal(err)
	}
	unread, err := bound.UnusedColumns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(unread["plaatsingen"], []string{"reden_einde", "verloonde_uren_maand", "bemiddeld_door"}) || !slices.Equal(unread["sonar"], []string{"participatieladder"}) {
		t.Errorf("nothing rests on %v", unread)
	}
	rows := 0
	for source, columns := range unread {
		files, err := filepath.Glob(n.path("lake", source, "*.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, c := range columns {
				own := "persoon_id = " + quote.Literal(anew[0])
				row, err := reading(t).Row(t.Context(), "select (count(*) filter (where "+own+"))::varchar, (count("+c+") filter (where "+own+"))::varchar, "+
					"(count(distinct "+c+") filter (where not "+own+"))::varchar from read_parquet("+quote.Literal(file)+")")
				if err != nil {
					t.Fatal(err)
				}
				rows += int(duck.Number(row[0]))
				if duck.Number(row[1]) > 0 && duck.Number(row[2]) != 1 {
					t.Errorf("%s keeps %s", file, c)
				}
			}
		}
	}
	if rows == 0 {
		t.Error("the person has no rows in which anything could be emptied")
	}
}

func mustProject(t *testing.T, dir string) *project.Project {
	t.Helper()
	p, faults, err := project.Load(dir)
	if err := errors.Join(err, faults.Err()); err != nil {
		t.Fatal(err)
	}
	return p
}
