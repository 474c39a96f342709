package pipeline

import (
	"flag"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/testing/truth"
	"inbeeld/pipeline/testing/need"
)

var (
	truthSeed        = flag.Uint64("truth-seed", 0, "seed of the random populations; 0 draws one")
	truthFirst       = flag.Int("truth-first", 0, "the first population of the seed")
	truthPopulations = flag.Int("truth-populations", need.Count(1, 12), "how many random populations are counted twice; 100 for a thorough run")
)

// What is published about a random population is, in every row and cell, what plain Go computes from
// the same files.
func TestTruth(t *testing.T) {
	t.Parallel()
	seed := *truthSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	rows := map[string]int{}
	for n := *truthFirst; n < *truthFirst+*truthPopulations; n++ {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Logf("INBEELD_TEST=%q go test ./pipeline -run 'TestTruth$' -truth-seed %d -truth-first %d -truth-populations 1", os.Getenv("INBEELD_TEST"), seed, n)
			began := time.Now()
			s := newTruthStory(t)
			defer func() {
				if t.Failed() {
					t.Log(strings.Join(s.story, "\n"))
				}
			}()
			truthPopulation(t, s, rand.New(rand.NewPCG(seed, uint64(n))))
			t.Logf("%d deliveries, %v", len(s.world.Deliveries()), time.Since(began).Round(time.Millisecond))
			for _, table := range append(s.world.Marts(), s.world.KwaliteitBevindingen()) {
				rows[table.Name] += len(table.Rows)
			}
			rows["een snijpunt"] += crossings(s.world.Prognose())
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("rows that were compared: %v", rows)
	for what, n := range rows {
		if n == 0 && *truthPopulations >= 50 { // fewer may have none by chance
			t.Errorf("nothing was compared of %s", what)
		}
	}
}

// crossings are the rows of a prognose that have one.
func crossings(prognose *truth.Table) (n int) {
	for _, row := range prognose.Rows {
		if row[slices.Index(prognose.Columns, "snijpunt_op")] != truth.Null {
			n++
		}
	}
	return n
}

// truthPopulation tells the story of one population and compares after every night.
func truthPopulation(t *testing.T, s *truthStory, rnd *rand.Rand) {
	t.Helper()
	begin := []time.Time{
		time.Date(2019, 3, 31, 0, 0, 0, 0, time.UTC), time.Date(2020, 9, 30, 0, 0, 0, 0, time.UTC),
		time.Date(2021, 12, 31, 0, 0, 0, 0, time.UTC), // Weesp ends
		time.Date(2022, 3, 23, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC), // Wijdemeren ends
		time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(2015, 10, 1, 0, 0, 0, 0, time.UTC), // Gooise Meren begins
	}[rnd.IntN(7)]
	size := 500 + rnd.IntN(500)
	peildata := 2 + rnd.IntN(4)
	switch rnd.IntN(6) {
	case 0:
		size = 500 + rnd.IntN(4501)
	case 1:
		peildata = 4 + rnd.IntN(7) // short lines, and longer than the forecast looks back
	}
	size, peildata = size/need.Count(4, 1), min(peildata, need.Count(3, peildata))
	places := []popPlace{}
	for _, r := range truthReference(t)["gemeenten"] {
		places = append(places, popPlace{r["gemeentecode"], r["gemeente"]})
	}
	p := newPopulation(rnd, places, size, begin)
	s.tell("%d persons, %d peildata from %s", size, peildata, begin.Format(time.DateOnly))
	files := p.deliveries(s, peildata)
	nights := 1 + rnd.IntN(3)/2
	for night := range nights {
		s.tell("night %d", night+1)
		s.world.Pull()
		for n, f := range files {
			if night == min(f.night, nights-1) {
				s.give(t, f.source, f.peildatum, f.text)
				if n%9 == 0 { // the same bytes once more
					s.give(t, f.source, f.peildatum, f.text)
				}
			}
		}
		if night > 0 {
			for range rnd.IntN(3) { // bytes that were there before, in force or not
				f := files[rnd.IntN(len(files))]
				given := s.given[f.source+" "+f.peildatum]
				s.give(t, f.source, f.peildatum, given[0])
			}
		}
		got := s.runs(t, begin.AddDate(4, 0, night))
		s.compare(t, got)
		if t.Failed() {
			return
		}
		s.properties(t, got)
		if night < nights-1 {
			for range rnd.IntN(3) {
				s.withdraw(t, rnd)
			}
		}
	}
}

// compare holds what is published against the world.
func (s *truthStory) compare(t testing.TB, got map[string]readTable) {
	t.Helper()
	lines := s.differences(t, got)
	for _, line := range lines[:min(len(lines), 40)] {
		t.Error(line)
	}
	if len(lines) > 40 {
		t.Errorf("… and %d more", len(lines)-40)
	}
}

func (s *truthStory) differences(t testing.TB, got map[string]readTable) []string {
	t.Helper()
	var lines []string
	for _, want := range append(s.world.Marts(), s.world.KwaliteitBevindingen()) {
		columns, rows := s.cells(t, want, got)
		lines = append(lines, want.Differences(columns, rows)...)
	}
	return lines
}

// cells are the rows of a mart as they were published, in the notation of truth.
func (s *truthStory) cells(t testing.TB, want *truth.Table, got map[string]readTable) (columns []string, rows [][]string) {
	t.Helper()
	columns, rows = truthCells(t, got[want.Name])
	if want.Name == "kwaliteit_bevindingen" {
		return truthFindings(s.world, want.Columns, columns, rows)
	}
	return columns, rows
}

// truthFindings leaves of the published findings those of the rules that truth defines, without the
// name that an unknown one looks like, and the columns that it fills.
func truthFindings(w *truth.World, keep, columns []string, rows [][]string) (kept []string, of [][]string) {
	checks := w.Checks()
	for _, row := range rows {
		if !slices.Contains(checks, row[slices.Index(columns, "check")]) {
			continue
		}
		var cells []string
		for _, c := range keep {
			cell, _, _ := strings.Cut(row[slices.Index(columns, c)], " (lijkt het meest op ")
			cells = append(cells, cell)
		}
		of = append(of, cells)
	}
	return keep, of
}

// truthCells are the rows of a published table in the notation of truth.
func truthCells(t testing.TB, table readTable) (columns []string, rows [][]string) {
	t.Helper()
	for _, row := range table.rows {
		var cells []string
		for i, column := range table.columns {
			cells = append(cells, truthCell(t, table.types[i], row[column]))
		}
		rows = append(rows, cells)
	}
	return table.columns, rows
}

func truthCell(t testing.TB, kind, text string) string {
	t.Helper()
	if text == "NULL" {
		return truth.Null
	}
	if scale, ok := strings.CutPrefix(kind, "DECIMAL("); ok {
		_, scale, _ = strings.Cut(strings.TrimSuffix(scale, ")"), ",")
		digits, err := strconv.Atoi(scale)
		n, exact := new(big.Rat).SetString(text)
		if err != nil || !exact {
			t.Fatalf("%s %q", kind, text)
		}
		return n.FloatString(digits)
	}
	if kind == "TIMESTAMP" {
		return strings.TrimSuffix(text, "Z")
	}
	return text
}
