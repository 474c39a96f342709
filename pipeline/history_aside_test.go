package pipeline

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
)

// parquets are the files of a publication without what says when and by which run it was made.
func parquets(files map[string]string) map[string]string {
	only := maps.Clone(files)
	maps.DeleteFunc(only, func(path, _ string) bool { return !strings.HasSuffix(path, ".parquet") })
	return only
}

// asideLeaves gives a function that finds what a run that does not publish has changed after all.
func (h *history) asideLeaves(t *testing.T) func() {
	t.Helper()
	parts := []string{"marts", "landing", "lake", "quarantine", "decisions", "secrets", "inbox"}
	state := func() map[string]string {
		tree := map[string]string{}
		for _, part := range parts {
			for name, sum := range nightTree(t, h.path(part)) {
				tree[part+"/"+name] = sum
			}
		}
		link, err := os.Readlink(h.path("marts", "current"))
		if err != nil {
			t.Fatal(err)
		}
		tree["current"] = link
		return tree
	}
	before := state()
	return func() {
		t.Helper()
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Errorf("a run that does not publish changed: %s", diff)
		}
		if remains, err := os.ReadDir(h.path("work")); err != nil || len(remains) > 0 {
			t.Errorf("work holds %v, %v", remains, err)
		}
	}
}

// What a night published can be made again: with the peildata that were known then, and, when earlier
// peildata were corrected since, with what was received before a moment.
func TestAsThePastWas(t *testing.T) {
	t.Parallel()
	h := newHistory(t, historyProject, rand.New(rand.NewPCG(3, 4)))
	type publication struct {
		peildatum string
		next      time.Time // when the night after it began
		files     map[string]string
	}
	var nights []publication
	night := func(peildatum string) {
		t.Helper()
		h.runs(t, mart.Published)
		h.clock = h.clock.AddDate(0, 0, 1)
		nights = append(nights, publication{peildatum, h.clock, parquets(h.published(t))})
	}
	for i, p := range ledenDates {
		h.give(t, "leden", p, h.text("leden"))
		if i > 0 {
			h.give(t, "bezoeken", p, h.text("bezoeken"))
		}
		if i%2 == 0 {
			h.give(t, "storingen", p, h.text("storingen"))
		}
		night(p)
	}
	again := func(t *testing.T, want map[string]string, restrict func(*Options)) {
		t.Helper()
		leaves := h.asideLeaves(t)
		o, _ := h.options()
		o.Out = filepath.Join(t.TempDir(), "out")
		restrict(&o)
		result, err := Run(t.Context(), o)
		if err != nil || result.Outcome != mart.Exported {
			t.Fatalf("%+v, %v", result, err)
		}
		leaves()
		if diff := cmp.Diff(want, parquets(nightTree(t, o.Out))); diff != "" {
			t.Errorf("something else than that night (-then +again):\n%s", diff)
		}
	}
	for _, n := range nights {
		again(t, n.files, func(o *Options) { o.Peildatum = n.peildatum })
	}
	// Then the past is corrected, withdrawn and brought back.
	h.give(t, "bezoeken", "2019-09-30", h.text("bezoeken"))
	night("")
	old := h.given["leden"]["2019-06-30"][0]
	h.give(t, "leden", "2019-06-30", h.text("leden"))
	night("")
	h.give(t, "leden", "2019-06-30", old)
	h.give(t, "storingen", "2019-01-31", h.text("storingen"))
	night("")
	o, _ := h.options()
	d := h.delivery(t, "bezoeken_20191231_9.csv")
	if _, err := intake.Withdraw(o.Scope, "bezoeken/"+d.ID, "de beheerder", "verkeerd bestand"); err != nil {
		t.Fatal(err)
	}
	night("")
	for _, n := range nights {
		again(t, n.files, func(o *Options) { o.Received = n.next })
	}
	// Both together: the peildata of the second nightCase, as they were known after the correction.
	want := func() map[string]string {
		o, _ := h.options()
		o.Peildatum, o.Out = "2019-09-30", filepath.Join(t.TempDir(), "out")
		if _, err := Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		return parquets(nightTree(t, o.Out))
	}()
	again(t, want, func(o *Options) { o.Peildatum, o.Received = "2019-09-30", h.clock })
	// The next night publishes as if none of this had been.
	h.give(t, "leden", "2020-09-30", h.text("leden"))
	h.runs(t, mart.Published)
	h.asScratch(t)
}

// A development run computes the models that its selectors name and publishes nothing.
func TestSelect(t *testing.T) {
	t.Parallel()
	h := historyOneNight(t)
	h.edit(t, "sql/core/bezoekers.sql", "sum(b.minuten)", "sum(b.minuten + 1)") // something to compute
	h.give(t, "leden", "2020-09-30", h.text("leden"))                           // that is not taken in
	for _, c := range []struct{ selectors, want string }{
		{"core.bezoekers", "core.bezoekers"},
		{"bezoekers", "core.bezoekers"},
		{"leden_stand marts.verloop", "marts.leden_stand marts.verloop"},
		{"+bezoekers", "core.bezoekers staging.bezoeken staging.leden"},
		{"bezoekers+", "core.bezoekers marts.bezoek marts.jaren"},
		{"+core.terug+", "core.terug core.verloop marts.verloop staging.leden"},
		{"tag:leden", "marts.leden_stand marts.verloop"},
		{"tag:stand", "marts.leden_stand"},
		{"+tag:stand", "marts.leden_stand staging.leden"},
		{"core.*", "core.bezoekers core.storingen core.terug core.verloop"},
		{"be*", "core.bezoekers marts.bezoek staging.bezoeken"},
		{"storingen", "core.storingen marts.storingen staging.storingen"},
	} {
		t.Run(c.selectors, func(t *testing.T) {
			leaves := h.asideLeaves(t)
			o, _ := h.options()
			o.Select = strings.Fields(c.selectors)
			result, err := Run(t.Context(), o)
			if err != nil || result.Outcome != mart.Computed {
				t.Fatalf("%+v, %v", result, err)
			}
			leaves()
			var got []string
			for _, s := range result.Selected {
				got = append(got, s.Model)
			}
			slices.Sort(got)
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("computed %s, want %s", text, c.want)
			}
		})
	}
	o, _ := h.options()
	o.Select = []string{"core.bezoekers"}
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s := result.Selected[0]; s.Stands != len(bezoekenDates) || s.Rows == 0 {
		t.Errorf("%+v", s)
	}
	for _, c := range []struct{ selector, say string }{
		{"core.bezoeker", "did you mean core.bezoekers?"},
		{"tag:niets", "names no model"},
		{"niets*", "names no model"},
		{"kwaliteit_bevindingen", "reads findings"},
		{"+", "names no model"},
	} {
		leaves := h.asideLeaves(t)
		o.Select = []string{c.selector}
		_, err := Run(t.Context(), o)
		var misuse *usage.Error
		if !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.selector, err)
		}
		leaves()
	}
}

// A plan before the first night ever: nothing was landed, and there is no key.
func TestPlanOfTheFirstNight(t *testing.T) {
	t.Parallel()
	h := newHistory(t, historyProject, rand.New(rand.NewPCG(5, 6)))
	if err := os.Remove(h.path("secrets", "pseudonym.key")); err != nil {
		t.Fatal(err)
	}
	h.give(t, "leden", "2020-03-31", h.text("leden"))
	h.give(t, "leden", "2020-03-31", h.text("leden"))
	h.give(t, "bezoeken", "2020-06-30", h.text("bezoeken"))
	o, _ := h.options()
	plan, _ := h.planned(t, o)
	if len(plan.Load) != 3 {
		t.Errorf("%+v", plan.Load)
	}
}
