package pipeline

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
)

// kept is one file of stand/<query>/ that matches a pattern.
func (h *history) keptFile(t testing.TB, query, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(h.path("stand", query, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("stand/%s holds nothing like %s: %v", query, pattern, err)
	}
	return found[0]
}

// A kept result with other bytes than were written is never read: it is computed again, and a note
// says so.
func TestDamagedResults(t *testing.T) {
	t.Parallel()
	base := historyOneNight(t)
	const single, bundle, list = "????????????????????????????????.????????????????????????????????.parquet", "2019-*.parquet", "2019-*.json"
	next := func(t *testing.T, h *history) {
		t.Helper()
		h.give(t, "bezoeken", "2020-09-30", "BezoekId;Burgerservicenr;Minuten\nB1;999000007;33\n")
		h.give(t, "leden", "2020-09-30", "Burgerservicenr;Wijk;Soort;Sinds\n999000007;C;JAAR;\n")
		h.give(t, "storingen", "2020-09-30", "StoringId;Wijk;Uren\nS1;C;2,5\n")
	}
	correct := func(t *testing.T, h *history) {
		t.Helper()
		h.give(t, "bezoeken", "2019-12-31", "BezoekId;Burgerservicenr;Minuten\nB1;999000007;33\n")
	}
	same, corrected := base.undamaged(t, next), base.undamaged(t, correct)
	damages := map[string]func(t *testing.T, path string){
		"truncated": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, info.Size()/2); err != nil {
				t.Fatal(err)
			}
		},
		"emptied": func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"a bit flipped": func(t *testing.T, path string) {
			historyBytes(t, path, func(text []byte) []byte {
				text[len(text)/3] ^= 1 // among the rows
				return text
			})
		},
		"deleted": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"replaced by another": func(t *testing.T, path string) {
			historyBytes(t, path, func([]byte) []byte {
				text, err := os.ReadFile(filepath.Join(base.data, "marts", "current", "leden_stand.parquet"))
				if err != nil {
					t.Fatal(err)
				}
				return text
			})
		},
	}
	for _, c := range []struct {
		query, pattern string
		damages        []string
		read           bool // the next night reads it
	}{
		{"marts.bezoek", single, slices.Sorted(maps.Keys(damages)), true},
		{"marts.bezoek", bundle, slices.Sorted(maps.Keys(damages)), true},
		{"staging.storingen", bundle, []string{"a bit flipped"}, true},
		{"checks.core.bezoekers.0", bundle, []string{"truncated"}, true},
		{"checks.core.bezoekers.0", single, []string{"a bit flipped", "deleted"}, true},
		{"core.storingen", single, []string{"a bit flipped"}, false},
	} {
		for _, name := range c.damages {
			damage := damages[name]
			t.Run(c.query+" "+c.pattern[:5]+" "+name, func(t *testing.T) {
				t.Parallel()
				h := historyAgain(t, base)
				path := h.keptFile(t, c.query, c.pattern)
				damage(t, path)
				next(t, h)
				result, _ := h.runs(t, mart.Published)
				noted := slices.ContainsFunc(result.Run.Notes, func(n string) bool { return strings.Contains(n, "beschadigd") && strings.Contains(n, path) })
				if noted != (c.read && name != "deleted") { // one that is gone may as well never have been
					t.Errorf("noted %v: %v", noted, result.Run.Notes)
				}
				same(t, h)
			})
		}
	}
	// The list beside a bundle says which rows are of which peildatum: a correction in a closed year
	// needs the others from it.
	lists := maps.Clone(damages)
	lists["dates exchanged"] = func(t *testing.T, path string) {
		historyBytes(t, path, func(text []byte) []byte {
			swapped := strings.NewReplacer("2019-06-30", "2019-09-30", "2019-09-30", "2019-06-30").Replace(string(text))
			if swapped == string(text) {
				t.Fatalf("no dates in %s", text)
			}
			return []byte(swapped)
		})
	}
	lists["one result left out"] = func(t *testing.T, path string) {
		historyBytes(t, path, func(text []byte) []byte {
			_, rest, _ := strings.Cut(string(text), ",")
			return []byte("{" + rest)
		})
	}
	lists["nothing in it"] = func(t *testing.T, path string) { historyBytes(t, path, func([]byte) []byte { return []byte("{}") }) }
	for name, damage := range lists {
		t.Run("list "+name, func(t *testing.T) {
			t.Parallel()
			h := historyAgain(t, base)
			path := h.keptFile(t, "marts.bezoek", list)
			damage(t, path)
			correct(t, h)
			result, computed := h.runs(t, mart.Published)
			if !slices.ContainsFunc(result.Run.Notes, func(n string) bool {
				return strings.Contains(n, "lijst") && strings.Contains(n, strings.TrimSuffix(path, ".json"))
			}) {
				t.Errorf("no note: %v", result.Run.Notes)
			}
			if !slices.Contains(computed, "marts.bezoek 2019-06-30") {
				t.Errorf("what was in the bundle is not computed again, but %v", computed)
			}
			corrected(t, h)
		})
	}
	t.Run("a list that is not needed comes back", func(t *testing.T) {
		t.Parallel()
		h := historyAgain(t, base)
		path := h.keptFile(t, "marts.bezoek", list)
		want := nightTree(t, filepath.Dir(path))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		h.give(t, "storingen", "2020-09-30", "StoringId;Wijk;Uren\nS1;C;2,5\n")
		result, computed := h.runs(t, mart.Published)
		if slices.Contains(computed, "marts.bezoek 2019-06-30") || len(result.Run.Notes) != 1 {
			t.Errorf("computed %v, notes %v", computed, result.Run.Notes)
		}
		if diff := cmp.Diff(want, nightTree(t, filepath.Dir(path))); diff != "" {
			t.Error(diff)
		}
	})
}

// What nobody published rests on goes from stand/, whatever it is.
func TestLeftoversInStand(t *testing.T) {
	t.Parallel()
	h := historyOneNight(t)
	left := []string{
		h.path("stand", "marts.gone", strings.Repeat("a", 32)+"."+strings.Repeat("b", 32)+".parquet"),
		h.path("stand", "marts.bezoek", strings.Repeat("a", 32)+"."+strings.Repeat("b", 32)+".parquet"),
		h.path("stand", "marts.bezoek", "2018-"+strings.Repeat("a", 32)+"."+strings.Repeat("b", 32)+".parquet"),
		h.path("stand", "marts.bezoek", "2018-"+strings.Repeat("a", 32)+".json"),
		h.path("stand", "marts.bezoek", "half.tmp"),
		h.path("stand", "marts.bezoek", "folder", "file"),
		h.path("stand", "marts.bezoek", ".hidden"),
		h.path("stand", "file"),
	}
	for _, path := range left {
		nightWrite(t, path, "left")
	}
	h.give(t, "storingen", "2020-09-30", "StoringId;Wijk;Uren\nS1;C;2,5\n")
	h.runs(t, mart.Published)
	for _, path := range left {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	h.shelvesWhole(t)
	h.asScratch(t)
	// A night without news leaves stand/ alone.
	before := nightPlaces(t, h.path("stand"))
	h.runs(t, mart.NothingToDo)
	if !maps.Equal(before, nightPlaces(t, h.path("stand"))) {
		t.Error("a night without news touched stand/")
	}
}

// historyAgain is the same history elsewhere.
func historyAgain(t testing.TB, base *history) *history {
	t.Helper()
	return &history{
		nightCase: base.copy(t), rnd: base.rnd, clock: base.clock, minutes: base.minutes,
		given: map[string]map[string][]string{"leden": {}, "bezoeken": {}, "storingen": {}},
	}
}

// undamaged does something to the history elsewhere, and gives a function that compares what is
// published with what is published there by one run over all.
func (h *history) undamaged(t *testing.T, change func(*testing.T, *history)) func(*testing.T, *history) {
	t.Helper()
	other := historyAgain(t, h)
	change(t, other)
	other.runs(t, mart.Published)
	once := other.scratch(t)
	once.runs(t, mart.Published)
	want := once.published(t)
	return func(t *testing.T, damaged *history) {
		t.Helper()
		if diff := cmp.Diff(want, damaged.published(t)); diff != "" {
			t.Errorf("one run publishes something else (-once +nights):\n%s", diff)
		}
		damaged.shelvesWhole(t)
	}
}

// asScratch compares what is published with what one run over the same deliveries publishes.
func (h *history) asScratch(t testing.TB) {
	t.Helper()
	once := h.scratch(t)
	once.runs(t, mart.Published)
	if diff := cmp.Diff(once.published(t), h.published(t)); diff != "" {
		t.Errorf("one run publishes something else (-once +nights):\n%s", diff)
	}
	if err := os.RemoveAll(once.data); err != nil {
		t.Error(err)
	}
}

// shelvesWhole finds kept results whose bytes are not what their name says, and bundles without a
// right list.
func (h *history) shelvesWhole(t testing.TB) {
	t.Helper()
	queries, err := os.ReadDir(h.path("stand"))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if !q.IsDir() {
			continue
		}
		s, err := transform.OpenStore(h.path("stand", q.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range slices.Concat(slices.Collect(maps.Values(s.Results)), slices.Collect(maps.Values(s.Bundles))) {
			if err := transform.Verify(path); err != nil {
				t.Error(err)
			}
		}
		for key := range s.Bundles {
			if _, err := transform.ReadBundle(s.Dir, key); err != nil {
				t.Error(err)
			}
		}
	}
}
