package mart

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var dataset = Dataset{Name: "inbeeld", Title: "Doelgroep in beeld", Description: "Cijfers over de doelgroep."}

// night is the time of publication of the n-th run.
func night(n int) time.Time { return time.Date(2026, 11, n, 2, 34, 56, 0, time.UTC) }

func newStore(t *testing.T) Store {
	t.Helper()
	return Store{Dir: filepath.Join(t.TempDir(), "marts")}
}

// stageFiles stages a directory with files by path and content.
func stageFiles(t *testing.T, run string, published time.Time, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), run)
	m := Manifest{Run: run, Published: published, Peildata: map[string]string{"sonar": "2020-12-31"}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[path]), 0o600); err != nil {
			t.Fatal(err)
		}
		sha := sha256.Sum256([]byte(files[path]))
		m.Files = append(m.Files, File{
			Mart: strings.TrimSuffix(filepath.Base(path), ".parquet"), Path: path, Intern: strings.HasPrefix(path, "intern/"),
			Size: int64(len(files[path])), SHA256: hex.EncodeToString(sha[:]),
		})
	}
	if _, err := Stage(dir, m, dataset); err != nil {
		t.Fatal(err)
	}
	return dir
}

func publishFiles(t *testing.T, s Store, run string, published time.Time, files map[string]string) {
	t.Helper()
	if err := s.Publish(t.Context(), stageFiles(t, run, published, files), run, Modes{}); err != nil {
		t.Fatal(err)
	}
}

// completeVersion returns the version of current, and fails unless its files are complete and equal to its
// manifest.
func completeVersion(t *testing.T, s Store) string {
	t.Helper()
	version, m, err := s.Current()
	if err != nil {
		t.Fatal(err)
	}
	if version == "" {
		return ""
	}
	dir := filepath.Join(s.Dir, "current")
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := complete(resolved, *m); err != nil {
		t.Fatalf("current is %s, which is not whole: %v", version, err)
	}
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Fatal(err)
		}
		sha := sha256.Sum256(data)
		if hex.EncodeToString(sha[:]) != f.SHA256 {
			t.Fatalf("version %s: %s holds other bytes than its manifest says", version, f.Path)
		}
	}
	return version
}

func TestNothingPublished(t *testing.T) {
	s := newStore(t)
	version, m, err := s.Current()
	if version != "" || m != nil || err != nil {
		t.Errorf("current: %q, %v, %v", version, m, err)
	}
	versions, err := s.Versions()
	if len(versions) != 0 || err != nil {
		t.Errorf("versions: %v, %v", versions, err)
	}
	if err := s.Prune(1); err != nil {
		t.Error(err)
	}
	if err := s.Sweep(); err != nil {
		t.Error(err)
	}
	if err := s.Switch("nacht-1"); err == nil {
		t.Error("switched to a version that is not there")
	}
}

func TestCurrentRefused(t *testing.T) {
	for name, target := range map[string]string{
		"outside": "../elders", "absolute": "/tmp/versions/nacht-1", "hidden": "versions/.tmp-nacht-1",
		"gone": "versions/nacht-9", "the directory itself": "versions",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			publishFiles(t, s, "nacht-1", night(1), map[string]string{"a.parquet": "a"})
			link := filepath.Join(s.Dir, "current")
			if err := os.Remove(link); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, link); err != nil {
				t.Fatal(err)
			}
			if version, _, err := s.Current(); err == nil || version != "" || !strings.Contains(err.Error(), "inbeeld rollback") {
				t.Errorf("got %q, %v", version, err)
			}
			if err := s.Switch("nacht-1"); err != nil {
				t.Error(err)
			}
			if got := completeVersion(t, s); got != "nacht-1" {
				t.Errorf("current is %q after the repair", got)
			}
		})
	}
}

func TestVersionsAndPrune(t *testing.T) {
	s := newStore(t)
	// Names that sort in another order than the nights.
	names := []string{"m", "c", "z", "a", "k", "b"}
	for i, name := range names {
		publishFiles(t, s, name, night(i+1), map[string]string{"a.parquet": name})
	}
	if err := s.Switch("c"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		keep   int
		pinned []string
		left   []string
	}{
		{6, nil, names},
		{99, nil, names},
		{3, []string{"m"}, []string{"m", "c", "a", "k", "b"}}, // c is current
		{1, nil, []string{"c", "b"}},
	} {
		if err := s.Prune(step.keep, step.pinned...); err != nil {
			t.Fatal(err)
		}
		left, err := s.Versions()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.left, left); diff != "" {
			t.Errorf("keep %d, pinned %v: %s", step.keep, step.pinned, diff)
		}
		if got := completeVersion(t, s); got != "c" {
			t.Errorf("current is %q", got)
		}
	}
	if err := s.Prune(0); err == nil {
		t.Error("prune to nothing was accepted")
	}
	// A version without a manifest goes first.
	if err := os.Remove(filepath.Join(s.Dir, "versions", "b", "manifest.json")); err != nil {
		t.Fatal(err)
	}
	publishFiles(t, s, "d", night(3), map[string]string{"a.parquet": "d"})
	if err := s.Prune(2); err != nil {
		t.Fatal(err)
	}
	left, err := s.Versions()
	if diff := cmp.Diff([]string{"c", "d"}, left); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestPruneCrash(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), map[string]string{"a.parquet": "a"})
	publishFiles(t, s, "nacht-2", night(2), map[string]string{"a.parquet": "b"})
	failing := s
	failing.after = func(string) { panic(errCrash) }
	if err := crashing(func() error { return failing.Prune(1) }); err == nil {
		t.Fatal("no crash")
	}
	versions, err := s.Versions()
	if err != nil || !slices.Equal(versions, []string{"nacht-2"}) {
		t.Errorf("a version that is half gone is still listed: %v, %v", versions, err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(s.Dir, "versions")); !slices.Equal(got, []string{"nacht-2"}) {
		t.Errorf("left: %v", got)
	}
}

func TestSwitchRefusesDamage(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"a file is gone":    func(dir string) error { return os.Remove(filepath.Join(dir, "a.parquet")) },
		"a file is shorter": func(dir string) error { return os.WriteFile(filepath.Join(dir, "a.parquet"), nil, 0o600) },
		"no data package":   func(dir string) error { return os.Remove(filepath.Join(dir, "datapackage.json")) },
		"a file too many":   func(dir string) error { return os.WriteFile(filepath.Join(dir, "x.parquet"), nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			publishFiles(t, s, "nacht-1", night(1), map[string]string{"a.parquet": "a"})
			publishFiles(t, s, "nacht-2", night(2), map[string]string{"a.parquet": "b"})
			if err := damage(filepath.Join(s.Dir, "versions", "nacht-1")); err != nil {
				t.Fatal(err)
			}
			if err := s.Check("nacht-1"); err == nil {
				t.Error("called whole")
			}
			if err := s.Check("nacht-2"); err != nil {
				t.Error(err)
			}
			if err := s.Switch("nacht-1"); err == nil {
				t.Error("switched")
			}
			if got := completeVersion(t, s); got != "nacht-2" {
				t.Errorf("current is %q", got)
			}
		})
	}
}

func TestSweepLeavesTheRest(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), map[string]string{"a.parquet": "a"})
	if err := s.WriteStatus(Status{Outcome: Published, Run: "nacht-1", Finished: night(1)}); err != nil {
		t.Fatal(err)
	}
	before := names(t, s.Dir)
	for _, litter := range []string{"versions/.tmp-nacht-0/intern", "versions/.tmp-nacht-9"} {
		if err := os.MkdirAll(filepath.Join(s.Dir, litter), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("versions/nacht-7", filepath.Join(s.Dir, ".current.tmp")); err != nil {
		t.Fatal(err)
	}
	for _, litter := range []string{".status.json.tmp-123", ".STATUS.txt.tmp-9"} {
		if err := os.WriteFile(filepath.Join(s.Dir, litter), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Sweep(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, names(t, s.Dir)); diff != "" {
			t.Error(diff)
		}
		if got := names(t, filepath.Join(s.Dir, "versions")); !slices.Equal(got, []string{"nacht-1"}) {
			t.Errorf("versions: %v", got)
		}
	}
	completeVersion(t, s)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
