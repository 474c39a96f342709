package pipeline

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/testing/need"
)

var (
	ledenDates     = []string{"2019-03-31", "2019-06-30", "2019-09-30", "2019-12-31", "2020-03-31", "2020-06-30"}
	bezoekenDates  = ledenDates[1:]
	storingenDates = []string{"2019-12-15", "2020-05-15"}
)

// historyCopy is the project of the histories in a folder of its own, to change.
func historyCopy(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS(historyProject)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// historyOneNight is a history of which everything was published in one night.
func historyOneNight(t testing.TB) *history {
	t.Helper()
	h := newHistory(t, historyCopy(t), rand.New(rand.NewPCG(1, 1)))
	for source, dates := range map[string][]string{"leden": ledenDates, "bezoeken": bezoekenDates, "storingen": storingenDates} {
		for _, p := range dates {
			h.give(t, source, p, h.text(source))
		}
	}
	h.runs(t, mart.Published)
	return h
}

func (h *history) edit(t testing.TB, file, old, now string) {
	t.Helper()
	path := filepath.Join(h.project, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	nightWrite(t, path, strings.Replace(string(text), old, now, 1))
}

// steps are the steps of queries on dates.
func steps(dates []string, queries ...string) []string {
	var all []string
	for _, q := range queries {
		for _, d := range dates {
			all = append(all, q+" "+d)
		}
	}
	return all
}

// What a night computes is what changed and what rests on it, no more. Each case happens to a copy of
// one history; the plan made before the run says the same.
func TestExactRecomputation(t *testing.T) {
	t.Parallel()
	base := historyOneNight(t)
	published := base.published(t)
	all := slices.Concat(
		steps(ledenDates, "staging.leden", "core.verloop", "core.terug", "marts.leden_stand", "marts.verloop", "checks.marts.leden_stand.0"),
		steps(bezoekenDates, "staging.bezoeken", "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0", "checks.staging.bezoeken.0"),
		steps(storingenDates, "staging.storingen"),
		[]string{
			"core.storingen", "marts.jaren", "marts.storingen", "marts.ledenlijst 2020-06-30", "marts.kwaliteit_leveringen", "marts.kwaliteit_bevindingen",
			"checks.marts.jaren.0", "checks.marts.kwaliteit_leveringen.0",
		},
	)
	// What is made of the list of deliveries, and what of the findings.
	meta := []string{"marts.kwaliteit_leveringen", "checks.marts.kwaliteit_leveringen.0", "marts.kwaliteit_bevindingen"}
	for i, c := range []struct {
		name   string
		change func(t *testing.T, h *history)
		fresh  bool
		want   []string
		same   bool // all published files are the same
	}{
		{
			name: "a comment", same: true,
			change: func(t *testing.T, h *history) {
				h.edit(t, "sql/core/bezoekers.sql", "select\n", "select /* leden */ -- wie komt er\n")
				h.edit(t, "sql/staging/leden.sql", "from raw.leden", "from raw.leden -- zoals geleverd\n")
				h.edit(t, "checks/core.bezoekers.yaml", "- check", "# wie komt er\n- check")
			},
		},
		{
			name: "layout", same: true,
			change: func(t *testing.T, h *history) {
				h.edit(t, "sql/core/bezoekers.sql", "select\n    l.persoon_id", "SELECT l . persoon_id")
			},
		},
		{
			name: "an expression in core",
			change: func(t *testing.T, h *history) {
				h.edit(t, "sql/core/bezoekers.sql", "sum(b.minuten)", "sum(b.minuten + 1)")
			},
			want: slices.Concat(steps(bezoekenDates, "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0"),
				[]string{"marts.jaren", "checks.marts.jaren.0", "marts.kwaliteit_bevindingen"}),
		},
		{
			name: "an expression in a mart that nothing reads",
			change: func(t *testing.T, h *history) {
				h.edit(t, "sql/marts/verloop.sql", "count(t.persoon_id)", "count(t.wijk)")
			},
			want: steps(ledenDates, "marts.verloop"),
		},
		{
			name: "an expression of the mart of the last peildatum",
			change: func(t *testing.T, h *history) {
				h.edit(t, "sql/marts/ledenlijst.sql", "coalesce(sum(b.minuten), 0)", "coalesce(sum(b.minuten), 1)")
			},
			want: []string{"marts.ledenlijst 2020-06-30"},
		},
		{
			name: "a correction of a quarter in a closed year",
			change: func(t *testing.T, h *history) {
				h.give(t, "bezoeken", "2019-09-30", "BezoekId;Burgerservicenr;Minuten\nB1;999000007;33\n")
			},
			want: slices.Concat(steps([]string{"2019-09-30"}, "staging.bezoeken", "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0", "checks.staging.bezoeken.0"),
				[]string{"marts.jaren", "checks.marts.jaren.0"}, meta),
		},
		{
			name: "a correction of what the next peildata look back on",
			change: func(t *testing.T, h *history) {
				h.give(t, "leden", "2019-06-30", "Burgerservicenr;Wijk;Soort;Sinds\n999000007;C;JAAR;\n")
			},
			want: slices.Concat(steps([]string{"2019-06-30"}, "staging.leden", "core.bezoekers", "marts.bezoek", "marts.leden_stand", "checks.core.bezoekers.0", "checks.marts.leden_stand.0"),
				steps([]string{"2019-06-30", "2019-09-30"}, "core.verloop"),
				steps([]string{"2019-06-30", "2019-09-30", "2019-12-31"}, "core.terug", "marts.verloop"),
				[]string{"marts.jaren", "checks.marts.jaren.0"}, meta),
		},
		{
			name: "a peildatum of one source between those of others",
			change: func(t *testing.T, h *history) {
				h.give(t, "bezoeken", "2020-05-01", "BezoekId;Burgerservicenr;Minuten\nB1;999000007;33\n")
			},
			want: slices.Concat(steps([]string{"2020-05-01"}, "staging.leden", "staging.bezoeken", "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0", "checks.staging.bezoeken.0"),
				[]string{"marts.jaren", "checks.marts.jaren.0"}, meta),
		},
		{
			name: "a new delivery of one source",
			change: func(t *testing.T, h *history) {
				h.give(t, "storingen", "2020-08-15", "StoringId;Wijk;Uren\nS1;C;2,5\n")
			},
			want: slices.Concat([]string{"staging.storingen 2020-08-15", "core.storingen", "marts.storingen"}, meta),
		},
		{
			name: "a withdrawal",
			change: func(t *testing.T, h *history) {
				rows, err := intake.List(nightOptions(h.data, h.project).Scope)
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(rows, func(r intake.DeliveryRow) bool { return r.Source == "bezoeken" && r.Peildatum == "2019-09-30" })
				h.withdraw(t, "bezoeken", rows[i].Delivery)
			},
			// On that date now counts the delivery before it.
			want: slices.Concat(steps([]string{"2019-09-30"}, "staging.bezoeken", "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0"),
				[]string{"marts.jaren", "checks.marts.jaren.0"}, meta),
		},
		{
			name:   "a reference table",
			change: func(t *testing.T, h *history) { h.edit(t, "sources/reference/wijken.csv", "N;Noord", "N;Noorderwijk") },
			want: slices.Concat(steps(ledenDates, "staging.leden", "core.verloop", "core.terug", "marts.leden_stand", "marts.verloop", "checks.marts.leden_stand.0"),
				steps(bezoekenDates, "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0"),
				[]string{"marts.jaren", "checks.marts.jaren.0", "marts.ledenlijst 2020-06-30", "marts.kwaliteit_bevindingen"}),
		},
		{
			name: "a limit",
			change: func(t *testing.T, h *history) {
				h.edit(t, "checks/marts.leden_stand.yaml", "alarm: {below: 25}", "alarm: {below: 49.9}")
			},
			want: slices.Concat(steps(ledenDates, "checks.marts.leden_stand.0"), []string{"marts.kwaliteit_bevindingen"}),
		},
		{name: "a full refresh", fresh: true, same: true, change: func(*testing.T, *history) {}, want: all},
	} {
		if i%need.Count(3, 1) > 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := historyAgain(t, base)
			h.project = filepath.Join(t.TempDir(), "project")
			if err := os.CopyFS(h.project, os.DirFS(base.project)); err != nil {
				t.Fatal(err)
			}
			ernst := h.rows(t, "select peildatum, groep, ernst from marts.kwaliteit_bevindingen where \"check\" like '%jaarkaarten' order by all")
			c.change(t, h)
			o, _ := h.options()
			o.Fresh = c.fresh
			before := nightPlaces(t, h.path("marts", "current")+"/")
			_, got := h.planned(t, o)
			want := slices.Sorted(slices.Values(c.want))
			if diff := cmp.Diff(want, got, cmpEmpty); diff != "" {
				t.Errorf("computed (-want +got):\n%s", diff)
			}
			if c.same {
				now := h.published(t)
				delete(now, "manifest.json")
				then := maps.Clone(published)
				delete(then, "manifest.json")
				if diff := cmp.Diff(then, now); diff != "" {
					t.Errorf("published something else: %s", diff)
				}
				for path, is := range nightPlaces(t, h.path("marts", "current")+"/") {
					if strings.HasSuffix(path, ".parquet") && is != before[path] {
						t.Errorf("%s was written again", path)
					}
				}
			}
			if again := h.rows(t, "select peildatum, groep, ernst from marts.kwaliteit_bevindingen where \"check\" like '%jaarkaarten' order by all"); c.name == "a limit" && slices.Equal(ernst, again) {
				t.Errorf("another limit did not change what was found in the past: %v", again)
			}
			// What was computed piecemeal is what one run makes of it.
			h.asScratch(t)
		})
	}
}

// Results that only others rest on are kept while something computed tonight rests on them: a later
// correction computes them again for its own peildatum.
func TestRecomputationAfterNights(t *testing.T) {
	t.Parallel()
	h := historyOneNight(t)
	h.give(t, "leden", "2020-09-30", h.text("leden"))
	h.runs(t, mart.Published)
	name := h.give(t, "bezoeken", "2019-09-30", "BezoekId;Burgerservicenr;Minuten\nB1;999000007;33\n")
	o, _ := h.options()
	plan, got := h.planned(t, o)
	want := slices.Sorted(slices.Values(slices.Concat(
		steps([]string{"2019-09-30"}, "staging.leden", "staging.bezoeken", "core.bezoekers", "marts.bezoek", "checks.core.bezoekers.0", "checks.staging.bezoeken.0"),
		[]string{"marts.jaren", "checks.marts.jaren.0", "marts.kwaliteit_leveringen", "checks.marts.kwaliteit_leveringen.0", "marts.kwaliteit_bevindingen"})))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("computed (-want +got):\n%s", diff)
	}
	if len(plan.Load) != 1 || plan.Load[0].File != name || plan.Load[0].Why != "new in the inbox" {
		t.Errorf("%+v", plan.Load)
	}
	before := h.published(t)
	o, _ = h.options()
	o.Fresh = true
	h.planned(t, o)
	if diff := cmp.Diff(before, h.published(t)); diff != "" {
		t.Errorf("a full refresh publishes something else: %s", diff)
	}
	o.Fresh = false
	if plan, got := h.planned(t, o); !plan.NothingToDo || len(got) > 0 {
		t.Errorf("%+v, computed %v", plan, got)
	}
}
