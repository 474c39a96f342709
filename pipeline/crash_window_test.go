package pipeline

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/sources/delivery"
)

// The moments of a crash that no boundary marks are made on disk, from a run that went well: what is
// not yet there is taken away, what a crash leaves is put there.
func TestCrashWindows(t *testing.T) {
	t.Parallel()
	project := nightProject(t, nil)
	start := newNight(t, project)
	start.first(t)
	done := start.copy(t)
	done.publishes(t)
	want := done.published(t)

	later := done.copy(t)
	later.second(t)
	later.publishes(t)
	wantLater := later.published(t)

	computed := []string{"lake", "quarantine", "stand", "marts", "warehouse.duckdb", "runs"}
	windows := []struct {
		name string
		from nightCase
		want map[string]string
		make func(t *testing.T, n nightCase)
	}{
		{"a file landed, and is still in the inbox", done, want, func(t *testing.T, n nightCase) {
			n.remove(t, computed...)
			n.deliver(t, "banen", "banen_20201231.csv", nightFiles(t)["first/banen_20201231.csv"], 3)
		}},
		{"a published file is still in the inbox", done, want, func(t *testing.T, n nightCase) { n.first(t) }},
		{"a delivery is half landed", start, want, func(t *testing.T, n nightCase) {
			nightWrite(t, n.path("landing", "personen", ".landing-123", "personen_20200930.csv"), "Burgerservicenr;Geme")
		}},
		{"a delivery is landed but for its last rename", start, want, func(t *testing.T, n nightCase) {
			d := done.delivery(t, "banen_20200930.csv")
			text, err := os.ReadFile(d.Original(done.data))
			if err != nil {
				t.Fatal(err)
			}
			nightWrite(t, n.path("landing", "banen", ".landing-9", "banen_20200930.csv"), string(text))
			nightWrite(t, n.path("landing", "banen", ".landing-9", "delivery.json"), "{")
		}},
		{"lake files without what was counted", done, want, func(t *testing.T, n nightCase) {
			n.remove(t, "stand", "marts", "warehouse.duckdb", "runs")
			sidecars, err := filepath.Glob(n.path("lake", "*", "*.json"))
			if err != nil || len(sidecars) != 4 {
				t.Fatalf("%v, %v", sidecars, err)
			}
			for _, s := range sidecars {
				if err := os.Remove(s); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"a quarantine without its lake file", done, want, func(t *testing.T, n nightCase) { n.remove(t, "lake", "stand", "marts") }},
		{"a lake file without its quarantine", done, want, func(t *testing.T, n nightCase) { n.remove(t, "quarantine", "marts") }},
		{"files were half written", start, want, func(t *testing.T, n nightCase) {
			for _, path := range []string{
				"runs/.20210103T013000Z.json.tmp-1", "lake/personen/.2020-09-30-0123456789ab.json.tmp-2", "stand/.project.tmp-3",
				"secrets/.pseudonym.key.tmp-4", "decisions/.new-00000001-withdraw-2020-09-30-0123456789ab.json", "marts/.status.json.tmp-5",
				"marts/.STATUS.txt.tmp-6", "marts/versions/.tmp-20210103T013000Z/werk.parquet", "work/20210103T013000Z/version/werk.parquet",
				"work/20210103T013000Z/warehouse.duckdb", "work/20210103T013000Z/warehouse.duckdb.wal",
			} {
				nightWrite(t, n.path(path), "half")
			}
		}},
		{"a link is made but not in its place", start, want, func(t *testing.T, n nightCase) {
			nightWrite(t, n.path("marts", "versions", "keep"), "")
			if err := os.Symlink("versions/20210103T013000Z", n.path("marts", ".current.tmp")); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(n.path("marts", "versions", "keep")); err != nil {
				t.Fatal(err)
			}
		}},
		{"the first version has its place but is not current", done, want, func(t *testing.T, n nightCase) {
			if err := os.Remove(n.path("marts", "current")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a later version has its place but is not current", later, wantLater, func(t *testing.T, n nightCase) {
			versions, err := mart.Store{Dir: n.path("marts")}.Versions()
			if err != nil || len(versions) != 2 {
				t.Fatalf("%v, %v", versions, err)
			}
			if err := os.Remove(n.path("marts", "current")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("versions/"+versions[0], n.path("marts", "current")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a version is current and the warehouse is of the one before", later, wantLater, func(t *testing.T, n nightCase) {
			n.statusOf(t, done)
			text, err := os.ReadFile(done.path("warehouse.duckdb"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(n.path("warehouse.duckdb")); err != nil {
				t.Fatal(err)
			}
			nightWrite(t, n.path("warehouse.duckdb"), string(text))
		}},
		{"a version is current and there is no warehouse", later, wantLater, func(t *testing.T, n nightCase) {
			if err := os.Remove(n.path("warehouse.duckdb")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a write-ahead log lies beside the warehouse", start, want, func(t *testing.T, n nightCase) { nightWrite(t, n.path("warehouse.duckdb.wal"), "of another file") }},
		{"the status was never written", done, want, func(t *testing.T, n nightCase) {
			if err := os.Remove(n.path("marts", "status.json")); err != nil {
				t.Fatal(err)
			}
		}},
		{"the ledger does not know how the run ended", done, want, func(t *testing.T, n nightCase) {
			nightWrite(t, n.path("runs", "20210104T013000Z.json"), `{"run": "20210104T013000Z", "stages": []}`)
		}},
	}
	for _, w := range windows {
		t.Run(w.name, func(t *testing.T) {
			n := w.from.copy(t)
			w.make(t, n)
			n.run(t)
			if got := n.published(t); !maps.Equal(got, w.want) {
				t.Errorf("published %v, not %v", got, w.want)
			}
			if err := nightWarehouse(t.Context(), n.data); err != nil {
				t.Error(err)
			}
			if remains, err := nightRemains(n.data); err != nil || len(remains) > 0 {
				t.Errorf("left behind %v, %v", remains, err)
			}
			deliveries, err := delivery.ReadDeliveries(n.data)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range deliveries {
				if len(d.Receipts) != 1 {
					t.Errorf("%s arrived once and has %d receipts", d.Newest().File, len(d.Receipts))
				}
			}
			if again := n.run(t); again.Outcome != mart.NothingToDo {
				t.Errorf("the run after it: %s", again.Outcome)
			}
		})
	}
}

// statusOf gives n the status files of another night.
func (n nightCase) statusOf(t *testing.T, other nightCase) {
	t.Helper()
	for _, name := range []string{"status.json", "STATUS.txt"} {
		text, err := os.ReadFile(other.path("marts", name))
		if err != nil {
			t.Fatal(err)
		}
		nightWrite(t, n.path("marts", name), string(text))
	}
}

// A load by a new contract that stops half-way, after which the old contract comes back: rows made by
// the new one must not count as those of the old one.
func TestHalfLoadedByAContractThatIsTakenBack(t *testing.T) {
	t.Parallel()
	project := nightProject(t, nil)
	other := nightProject(t, map[string]string{
		"project/sources/personen.yaml": strings.Replace(nightFiles(t)["project/sources/personen.yaml"], "as: gemeente, type: text", "as: gemeente, type: text, upper: true", 1),
	})
	n := newNight(t, project)
	n.first(t)
	n.publishes(t)
	want := n.published(t)

	// A folder where the quarantine of a delivery belongs stops the load between its files.
	d := n.delivery(t, "personen_20201231.csv")
	obstacle := n.path("quarantine", d.Source, d.ID+".parquet")
	aside := filepath.Join(t.TempDir(), "aside")
	if err := os.Rename(obstacle, aside); err != nil {
		t.Fatal(err)
	}
	nightWrite(t, filepath.Join(obstacle, "x"), "")
	if _, err := Run(t.Context(), nightOptions(n.data, other)); err == nil || !strings.Contains(err.Error(), obstacle) {
		t.Fatalf("the load was not stopped by %s: %v", obstacle, err)
	}
	if got := n.published(t); !maps.Equal(got, want) {
		t.Error("a failed run changed what is published")
	}

	n.remove(t, "stand", "marts")
	if err := errors.Join(os.RemoveAll(obstacle), os.Rename(aside, obstacle)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(n.path("lake", d.Source, d.ID+".parquet")); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Fatalf("lake file: %v, %v", info, err)
	}
	n.publishes(t)
	if got := n.published(t); !maps.Equal(got, want) {
		t.Errorf("rows of another contract were published: %v", n.rows(t, "select distinct gemeente from marts.werk order by all"))
	}
}
