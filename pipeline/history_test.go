package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/testing/need"
	"inbeeld/sources/delivery"
)

// The tests of history work on the project in testdata/history: three sources with peildata of their
// own, models that look back, one of the last peildatum only, and models over all of them.

const historyProject = "testdata/history"

var (
	historySeed    = flag.Uint64("history-seed", 0, "seed of the random histories; 0 draws one")
	historyStories = flag.Int("history-stories", need.Count(3, 200), "how many random histories are told")
)

// historyPersons are the BSNs that occur.
var historyPersons = []string{
	"999000007", "999000019", "999000020", "999000032", "999000044", "999000056", "999000068", "999000081", "999000093", "999000111",
}

// A history is a data directory with the deliveries that it was given, night by night.
type history struct {
	nightCase
	rnd     *rand.Rand
	clock   time.Time
	minutes int
	given   map[string]map[string][]string // by source and peildatum: contents, in order
	story   []string
	keep    bool // no delivery is refused
}

var historySources = []string{"leden", "bezoeken", "storingen"}

func newHistory(t testing.TB, project string, rnd *rand.Rand) *history {
	t.Helper()
	h := &history{nightCase: newNight(t, project), rnd: rnd, clock: nightClock, given: map[string]map[string][]string{}}
	for _, s := range historySources {
		h.given[s] = map[string][]string{}
	}
	return h
}

func (h *history) tell(format string, args ...any) {
	h.story = append(h.story, fmt.Sprintf(format, args...))
}

// give puts a file in the inbox.
func (h *history) give(t testing.TB, source, peildatum, text string) string {
	t.Helper()
	h.minutes++
	name := fmt.Sprintf("%s_%s_%d.csv", source, strings.ReplaceAll(peildatum, "-", ""), h.minutes)
	h.deliver(t, source, name, text, h.minutes)
	h.given[source][peildatum] = append(h.given[source][peildatum], text)
	return name
}

// text is a random extract.
func (h *history) text(source string) string {
	var b strings.Builder
	pick := func(of ...string) string { return of[h.rnd.IntN(len(of))] }
	switch source {
	case "leden":
		b.WriteString("Burgerservicenr;Wijk;Soort;Sinds\n")
		for _, i := range h.rnd.Perm(len(historyPersons))[:1+h.rnd.IntN(len(historyPersons)-1)] {
			fmt.Fprintf(&b, "%s;%s;%s;%s\n", historyPersons[i], pick("C", "n", "Z", "Z", "Q"), pick("LOS", "JAAR", ""), pick("2019-05-01", "1-2-2020", ""))
		}
	case "bezoeken":
		b.WriteString("BezoekId;Burgerservicenr;Minuten\n")
		for i := range 1 + h.rnd.IntN(8) {
			fmt.Fprintf(&b, "B%d;%s;%d\n", i, historyPersons[h.rnd.IntN(len(historyPersons))], 10+h.rnd.IntN(111))
		}
	case "storingen":
		b.WriteString("StoringId;Wijk;Uren\n")
		for i := range 1 + h.rnd.IntN(3) {
			fmt.Fprintf(&b, "S%d;%s;%d,5\n", i, pick("C", "N", "Z"), h.rnd.IntN(20))
		}
	}
	return b.String()
}

// happen lets one thing happen before a night.
func (h *history) happen(t testing.TB) {
	t.Helper()
	source := historySources[h.rnd.IntN(len(historySources))]
	dates := slices.Sorted(maps.Keys(h.given[source]))
	kind := h.rnd.IntN(20)
	if len(dates) == 0 {
		kind = 0
	}
	old := func() string { return dates[h.rnd.IntN(len(dates))] }
	switch {
	case kind < 7: // the next peildatum
		last := "2018-10-31"
		if len(dates) > 0 {
			last = dates[len(dates)-1]
		}
		day, err := time.Parse(time.DateOnly, last)
		if err != nil {
			t.Fatal(err)
		}
		next := day.AddDate(0, 0, 20+h.rnd.IntN(250)).Format(time.DateOnly)
		h.tell("%s", h.give(t, source, next, h.text(source)))
	case kind < 9: // late: a peildatum between those that are there, or before them
		day, err := time.Parse(time.DateOnly, old())
		if err != nil {
			t.Fatal(err)
		}
		late := day.AddDate(0, 0, -1-h.rnd.IntN(300)).Format(time.DateOnly)
		h.tell("late: %s", h.give(t, source, late, h.text(source)))
	case kind < 12:
		h.tell("corrected: %s", h.give(t, source, old(), h.text(source)))
	case kind < 14: // bytes that were there before, in force or not
		p := old()
		before := h.given[source][p]
		h.tell("brought back: %s", h.give(t, source, p, before[h.rnd.IntN(len(before))]))
	case kind < 15: // the rows of another peildatum
		before := h.given[source][old()]
		h.tell("copied: %s", h.give(t, source, old(), before[h.rnd.IntN(len(before))]))
	case kind < 17 && !h.keep:
		text, _, _ := strings.Cut(h.text(source), "\n")
		if h.rnd.IntN(2) == 0 {
			text = strings.Replace(h.text(source), ";", ";Nieuwe", 1)
		}
		h.tell("refused: %s", h.give(t, source, old(), text))
	default:
		h.withdrawOne(t)
	}
}

// withdrawOne withdraws a delivery that has landed, when there is one that was not withdrawn.
func (h *history) withdrawOne(t testing.TB) {
	t.Helper()
	o := nightOptions(h.data, h.project)
	rows, err := intake.List(o.Scope)
	if err != nil {
		t.Fatal(err)
	}
	rows = slices.DeleteFunc(rows, func(r intake.DeliveryRow) bool { return r.Status == string(delivery.Ingetrokken) })
	if len(rows) == 0 {
		return
	}
	d := rows[h.rnd.IntN(len(rows))]
	if _, err := intake.Withdraw(o.Scope, d.Source+"/"+d.Delivery, "de beheerder", "verkeerd bestand"); err != nil {
		t.Fatal(err)
	}
	h.tell("withdrawn: %s/%s", d.Source, d.Delivery)
}

// computed are the steps of a run that were computed, as "query peildatum"; it hears them in the log.
type computed struct {
	mu    sync.Mutex
	steps []string
}

func (c *computed) Write(line []byte) (int, error) {
	var event struct{ Message, Step, Peildatum string }
	if err := json.Unmarshal(line, &event); err != nil {
		return 0, err
	}
	if event.Message == "computed" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.steps = append(c.steps, strings.TrimSpace(event.Step+" "+event.Peildatum))
	}
	return len(line), nil
}

// sorted are the steps in order; computed twice is twice in it.
func (c *computed) sorted() []string { return slices.Sorted(slices.Values(c.steps)) }

// options of a run on the history, and what it will have computed.
func (h *history) options() (Options, *computed) {
	o, c := nightOptions(h.data, h.project), &computed{}
	o.Log = zerolog.New(c)
	o.Now = func() time.Time { return h.clock }
	return o, c
}

// runs runs once; it must end in what outcomes say.
func (h *history) runs(t testing.TB, outcomes ...mart.Outcome) (*Result, []string) {
	t.Helper()
	o, c := h.options()
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(outcomes, result.Outcome) {
		t.Fatalf("outcome %s, not %v: %v", result.Outcome, outcomes, result.Blocks)
	}
	return result, c.sorted()
}

// plan is what a run would compute, in the form of computed.
func (h *history) plan(t testing.TB, o Options) (*inspect.Plan, []string) {
	t.Helper()
	plan, err := inspect.MakePlan(t.Context(), o.Scope, o.Publish, o.Fresh)
	if err != nil {
		t.Fatal(err)
	}
	steps := []string{}
	for _, s := range plan.Compute {
		steps = append(steps, strings.TrimSpace(s.Query+" "+s.Peildatum))
	}
	slices.Sort(steps)
	return plan, steps
}

// planned runs, and compares what it computes with what the plan said before it.
func (h *history) planned(t testing.TB, o Options) (*inspect.Plan, []string) {
	t.Helper()
	before := nightTree(t, h.data)
	plan, want := h.plan(t, o)
	if diff := cmp.Diff(before, nightTree(t, h.data)); diff != "" {
		t.Fatalf("making a plan changed files: %s", diff)
	}
	c := &computed{}
	o.Log = zerolog.New(c)
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if plan.NothingToDo != (result.Outcome == mart.NothingToDo) {
		t.Errorf("the plan says nothing to do: %v; the run: %s", plan.NothingToDo, result.Outcome)
	}
	got := c.sorted()
	if diff := cmp.Diff(want, got, cmpEmpty); diff != "" {
		t.Errorf("the run computes other steps than the plan (-plan +run):\n%s", diff)
	}
	var sum int64
	for _, s := range result.Run.Stages {
		sum += s.Counts["computed"]
	}
	if int(sum) != len(got) {
		t.Errorf("the ledger counts %d computed steps, the log has %d", sum, len(got))
	}
	approved(t, o, result)
	return plan, got
}

var cmpEmpty = cmp.Transformer("empty", func(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
})

// scratch is the same history in one run: landing, decisions and key are the same, nothing else is.
func (h *history) scratch(t testing.TB) *history {
	t.Helper()
	other := &history{nightCase: nightCase{data: filepath.Join(t.TempDir(), "data"), project: h.project}, clock: h.clock}
	other.create(t)
	for _, part := range []string{"landing", "decisions"} {
		if err := os.CopyFS(other.path(part), os.DirFS(h.path(part))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return other
}

// A night at a time publishes, byte for byte, what one run over the same deliveries does; and each
// night computes what its plan said.
func TestHistory(t *testing.T) {
	t.Parallel()
	seed := *historySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./pipeline -run TestHistory$ -history-seed %d", seed)
	nights := make(chan int, *historyStories)
	var told sync.WaitGroup
	for range 2 {
		told.Add(1)
		t.Run("stories", func(t *testing.T) {
			t.Parallel()
			defer told.Done()
			for n := range nights {
				historyStory(t, seed, n)
				if t.Failed() {
					return
				}
			}
		})
	}
	for n := range *historyStories {
		nights <- n
	}
	close(nights)
}

func historyStory(t *testing.T, seed uint64, number int) {
	t.Helper()
	h := newHistory(t, historyProject, rand.New(rand.NewPCG(seed, uint64(number))))
	check := number%4 == 0
	h.keep = check
	fail := true
	defer func() {
		if fail || t.Failed() {
			t.Logf("seed %d, story %d:\n%s", seed, number, strings.Join(h.story, "\n"))
		}
		if err := os.RemoveAll(filepath.Dir(h.data)); err != nil {
			t.Error(err)
		}
	}()
	for night := range 2 + h.rnd.IntN(3) {
		h.tell("night %d", night+1)
		things := 1 + h.rnd.IntN(4)
		if night == 0 {
			things *= 3
		}
		for range things {
			h.happen(t)
		}
		if check && night > 0 {
			o, _ := h.options()
			h.planned(t, o)
		} else {
			h.runs(t, mart.Published, mart.NothingToDo)
		}
	}
	h.asScratch(t)
	fail = false
}

// historyBytes changes the bytes of a file.
func historyBytes(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(bytes.Clone(text)), 0o600); err != nil {
		t.Fatal(err)
	}
}
