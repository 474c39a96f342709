package pipeline

import (
	"errors"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sql"
)

// After an erasure and a rotation of the demo, every file that is published and not about persons is as it
// was, byte for byte, also from nothing but what cannot be made again, and nothing leads to the person.
func TestRewriteDemo(t *testing.T) {
	t.Parallel()
	rewriteAll(t, night{data: publishDemo(t)}, demo.Clock, "")
}

// The same on a population by chance, with all that suppliers do wrong.
func TestRewritePopulation(t *testing.T) {
	t.Parallel()
	seed := *truthSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./pipeline -run 'TestRewritePopulation$' -truth-seed %d", seed)
	s := newTruthStory(t)
	rnd := rand.New(rand.NewPCG(seed, 77))
	truthPopulation(t, s, rnd)
	// One who has a placement where there is one, and else anybody.
	for _, table := range []string{"plaatsingen", "sonar"} {
		found, err := reading(t).Rows(t.Context(), "select persoon_id from read_parquet("+sql.Literal(s.path("lake", table, "*.parquet"))+", union_by_name = true) group by persoon_id order by count(*) desc, persoon_id limit 1")
		if err == nil && len(found) == 1 {
			rewriteAll(t, s.night, time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), *found[0][0])
			return
		}
	}
	t.Fatal("nobody is in the lake")
}

// rewriteAll erases a person, by pseudonym or the one with the most rows, rotates the key, and compares.
func rewriteAll(t *testing.T, n night, clock time.Time, person string) {
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
		rows, err := reading(t).Rows(t.Context(), "select persoon_id from read_parquet("+sql.Literal(n.path("lake", "*", "*.parquet"))+", union_by_name = true) where persoon_id is not null group by persoon_id order by count(*) desc, persoon_id limit 1")
		if err != nil {
			t.Fatal(err)
		}
		person = *rows[0][0]
	}
	for i := range 100_000_000 {
		digits, status := pseudonym.Normalise(bsnText(i))
		if status.IsBSN() && key.Pseudonym(digits) == person {
			bsn = string(digits[:])
			break
		}
	}
	if bsn == "" {
		t.Fatal("the BSN of the person was not found")
	}
	rows, err := reading(t).Rows(t.Context(), "select distinct coalesce(plaatsing_id, aanvraag_id) from read_parquet("+sql.Literal(n.path("lake", "*", "*.parquet"))+", union_by_name = true) where persoon_id = "+sql.Literal(person)+" and coalesce(plaatsing_id, aanvraag_id) is not null")
	if err != nil {
		t.Fatal(err)
	}
	gone := []string{person, bsn}
	for _, r := range rows {
		if len(*r[0]) > 6 { // shorter ones are in other words
			gone = append(gone, *r[0])
		}
	}
	t.Logf("somebody with %d placements and applications", len(rows))
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
	if _, err := Erase(t.Context(), o, bsn, "test", "verzoek"); err != nil {
		t.Fatal(err)
	}
	same("erased")
	n.nowhere(t, gone)
	run("after the erasure")
	same("the run after the erasure")
	n.nowhere(t, gone)
	after := n.published(t)
	n.loses(t, "stand", "marts", "warehouse.duckdb", "runs")
	if err := CreateData(n.data, mustProject(t, n.project)); err != nil {
		t.Fatal(err)
	}
	run("from scratch")
	if !maps.Equal(n.published(t), after) {
		t.Error("from scratch, something else is published")
	}
	n.nowhere(t, gone)

	before := n.ids(t)
	if _, err := Rotate(t.Context(), o, "test", "gelekt"); err != nil {
		t.Fatal(err)
	}
	same("rotated")
	run("after the rotation")
	same("the run after the rotation")
	n.nowhere(t, before[:min(200, len(before))])
}

func mustProject(t *testing.T, dir string) *Project {
	t.Helper()
	p, faults, err := LoadProject(dir)
	if err := errors.Join(err, faults.Err()); err != nil {
		t.Fatal(err)
	}
	return p
}

// bsnText are nine digits, those of the demo and of the populations first.
func bsnText(i int) string {
	digits := []byte(strings.Repeat("0", 9))
	for at, n := 8, (i+999_000_000)%1_000_000_000; at >= 0; at, n = at-1, n/10 {
		digits[at] = byte('0' + n%10)
	}
	return string(digits)
}
