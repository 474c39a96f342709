package pipeline

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/testing/need"
)

// nightAfterTwo is a night with two publications and a withdrawal behind it.
func nightAfterTwo(t *testing.T) nightCase {
	t.Helper()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	n.second(t)
	n.publishes(t)
	n.withdraw(t, "banen", n.delivery(t, "banen_20210331.csv").ID)
	n.publishes(t)
	return n
}

// Everything but deliveries, decisions and the key is derived: what is taken away comes back, byte
// for byte.
func TestRebuild(t *testing.T) {
	t.Parallel()
	after := nightAfterTwo(t)
	want := after.published(t)
	for _, gone := range []string{
		"quarantine stand marts warehouse.duckdb runs work alerts inbox .lock", // all but landing, lake, decisions, secrets
		"lake quarantine stand marts warehouse.duckdb runs work alerts inbox .lock",
		"quarantine", "stand", "marts", "lake stand",
	} {
		t.Run(gone, func(t *testing.T) {
			n := after.copy(t)
			n.remove(t, strings.Fields(gone)...)
			n.run(t)
			if got := n.published(t); !maps.Equal(got, want) {
				t.Errorf("published %v, not %v", got, want)
			}
			if err := nightWarehouse(t.Context(), n.data); err != nil {
				t.Error(err)
			}
			for _, part := range []string{"lake", "quarantine"} {
				if got, want := nightTree(t, n.path(part)), nightTree(t, after.path(part)); !maps.Equal(got, want) {
					t.Errorf("%s holds %v, not %v", part, got, want)
				}
			}
		})
	}
}

// Damage to a published file is mended by the next run.
func TestRebuildDamaged(t *testing.T) {
	t.Parallel()
	n := nightAfterTwo(t)
	want := n.published(t)
	path := n.path("marts", "current", "werk.parquet")
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	n.publishes(t)
	if got := n.published(t); !maps.Equal(got, want) {
		t.Errorf("published %v, not %v", got, want)
	}
}

// The demo from scratch gives the same bytes in another place, with another number of threads, and
// when all that is derived is made again.
func TestRebuildDemo(t *testing.T) {
	t.Parallel()
	one, four := nightDemo(t), nightDemo(t)
	published := func(n nightCase, threads int) map[string]string {
		o := nightOptions(n.data, "")
		o.Threads, o.Now = threads, func() time.Time { return demo.Clock }
		if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
			t.Fatalf("%+v, %v", result, err)
		}
		return n.published(t)
	}
	want := published(one, 1)
	if got := published(four, 4); !maps.Equal(got, want) {
		t.Errorf("four threads publish %v, one %v", got, want)
	}
	lake, quarantine := nightTree(t, one.path("lake")), nightTree(t, one.path("quarantine"))
	if len(lake) < 40 || len(quarantine) < 10 || !maps.Equal(lake, nightTree(t, four.path("lake"))) || !maps.Equal(quarantine, nightTree(t, four.path("quarantine"))) {
		t.Error("lake or quarantine differ")
	}
	if !need.Full() { // TestRebuild makes smaller nights again
		return
	}
	four.remove(t, "lake", "quarantine", "stand", "marts", "warehouse.duckdb", "runs")
	if got := published(four, 3); !maps.Equal(got, want) {
		t.Errorf("made again it publishes %v, not %v", got, want)
	}
}

// nightDemo is a night with the deliveries of the demo in its inbox.
func nightDemo(t *testing.T) nightCase {
	t.Helper()
	n := newNight(t, "")
	p, _, err := project.Load("")
	if err != nil {
		t.Fatal(err)
	}
	letter, _ := p.File("sources/reference/transparantie_klantprofielen_brief_2021.csv")
	kerncijfers, _ := p.File("sources/reference/kerncijfers.csv")
	extracts, err := demo.Extracts(letter, kerncijfers)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extracts {
		path := n.path("inbox", e.Source, e.Name)
		nightWrite(t, path, string(e.Data))
		if err := os.Chtimes(path, e.Modified, e.Modified); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// place is where a file is on disk, and since when.
type place struct {
	inode uint64
	mtime time.Time
}

func nightPlaces(t *testing.T, roots ...string) map[string]place {
	t.Helper()
	places := map[string]place{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			places[path] = place{info.Sys().(*syscall.Stat_t).Ino, info.ModTime()}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return places
}

// A second run finds nothing to do and touches nothing that is published or loaded.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	n := nightAfterTwo(t)
	roots := []string{n.path("marts", "versions"), n.path("marts", "current"), n.path("warehouse.duckdb"), n.path("landing"), n.path("lake"), n.path("quarantine"), n.path("stand"), n.path("decisions"), n.path("secrets")}
	before := nightPlaces(t, roots...)
	for range 2 {
		result := n.run(t)
		if result.Outcome != mart.NothingToDo || result.Refused != 1 {
			t.Errorf("outcome %s, %d refused", result.Outcome, result.Refused)
		}
	}
	if after := nightPlaces(t, roots...); !maps.Equal(before, after) {
		t.Errorf("touched: before %v, after %v", before, after)
	}
}

// A mart that does not change is the same file in the next version.
func TestUnchangedMartsAreLinked(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	before := nightPlaces(t, n.path("marts", "versions"))
	old := filepath.Dir(slices.Sorted(maps.Keys(before))[0])
	n.withdraw(t, "banen", n.delivery(t, "banen_20201231.csv").ID)
	result := n.publishes(t)
	for file, same := range map[string]bool{"intern/personen.parquet": true, "werk.parquet": false, "leveringen.parquet": false} {
		after := nightPlaces(t, result.Version)[filepath.Join(result.Version, file)]
		if (after == before[filepath.Join(old, file)]) != same {
			t.Errorf("%s: the same file should be %v", file, same)
		}
	}
}

// Nobody but the service user reads anything, and a group the aggregates that are published.
func TestModes(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	for range 2 {
		if killed, err := nightProcessed(t.Context(), nightOrder{Data: n.data, Project: n.project}, func(*os.Process) {}); killed || err != nil {
			t.Fatal(err)
		}
		n.second(t)
	}
	n.remove(t, "inbox")
	err := filepath.WalkDir(n.data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Type() == fs.ModeSymlink {
			return err
		}
		rel, err := filepath.Rel(n.data, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := []fs.FileMode{0o600, 0o400}
		switch published := strings.HasPrefix(rel, "marts") && !strings.Contains(rel, "intern"); {
		case published && e.IsDir():
			want = []fs.FileMode{0o750}
		case published:
			want = []fs.FileMode{0o640}
		case e.IsDir():
			want = []fs.FileMode{0o700}
		}
		if !slices.Contains(want, info.Mode().Perm()) {
			t.Errorf("%s has mode %04o, not %04o", rel, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A run begins nothing where it has no data directory, or not the key that made the lake.
func TestRefusedBeforeAnything(t *testing.T) {
	t.Parallel()
	after := nightAfterTwo(t)
	foreign := filepath.Join(t.TempDir(), "foreign.key")
	nightWrite(t, foreign, strings.Repeat("ab", 32)+"\n")
	fingerprint := func(path string) string {
		key, err := pseudonym.ReadKey(path)
		if err != nil {
			t.Fatal(err)
		}
		return key.Fingerprint()
	}
	own := after.path("secrets", "pseudonym.key")
	for _, c := range []struct {
		name string
		make func(t *testing.T, n *nightCase, o *Options)
		want []string
	}{
		{"not a data directory", func(_ *testing.T, n *nightCase, o *Options) { o.Path = n.path("elsewhere") }, []string{"elsewhere", "inbeeld init"}},
		{"a file", func(_ *testing.T, n *nightCase, o *Options) { o.Path = n.path("secrets", "pseudonym.key") }, []string{"is a file"}},
		{"a folder of something else", func(_ *testing.T, n *nightCase, o *Options) { o.Path = n.path("secrets") }, []string{"not a data directory", "inbeeld init"}},
		{"a key file that others may read", func(t *testing.T, n *nightCase, _ *Options) {
			if err := os.Chmod(n.path("secrets", "pseudonym.key"), 0o640); err != nil {
				t.Fatal(err)
			}
		}, []string{"chmod 600"}},
		{"another key", func(_ *testing.T, _ *nightCase, o *Options) { o.KeyFile = foreign }, []string{fingerprint(foreign), fingerprint(own)}},
		{"no key", func(t *testing.T, n *nightCase, _ *Options) { nightRemove(t, n.path("secrets", "pseudonym.key")) }, []string{"missing", fingerprint(own)}},
		{"no key file where one was named", func(t *testing.T, n *nightCase, o *Options) { o.KeyFile = n.path("secrets", "other.key") }, []string{"other.key", fingerprint(own)}},
		{"no key, no landing", func(t *testing.T, n *nightCase, _ *Options) {
			nightRemove(t, n.path("secrets", "pseudonym.key"))
			nightRemove(t, n.path("landing", "personen"))
			nightRemove(t, n.path("landing", "banen"))
		}, []string{"missing", "not empty"}},
		{"no key, and nothing counted", func(t *testing.T, n *nightCase, _ *Options) {
			nightRemove(t, n.path("secrets", "pseudonym.key"))
			counted, err := filepath.Glob(n.path("lake", "*", "*.json"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range counted {
				nightRemove(t, path)
			}
		}, []string{"missing", "not empty"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := after.copy(t)
			n.deliver(t, "banen", "banen_20210930.csv", nightFiles(t)["second/banen_20210331.csv"], 300)
			o := nightOptions(n.data, n.project)
			c.make(t, &n, &o)
			before := nightTree(t, n.data)
			result, err := Run(t.Context(), o)
			var misuse *usage.Error
			if result != nil || !errors.As(err, &misuse) {
				t.Fatalf("%+v, %v", result, err)
			}
			for _, text := range c.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not say %q", err, text)
				}
			}
			now := nightTree(t, n.data)
			delete(before, ".lock")
			delete(now, ".lock")
			if !maps.Equal(now, before) {
				t.Error("files changed")
			}
		})
	}
}

func nightRemove(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}
