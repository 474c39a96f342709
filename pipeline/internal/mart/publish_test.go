package mart

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var errCrash = errors.New("the power is gone")

// crashing returns the error of f, or errCrash if a step of the store panics with that.
func crashing(f func() error) (err error) {
	defer func() {
		switch fault := recover(); fault {
		case nil:
		case errCrash:
			err = errCrash
		default:
			panic(fault)
		}
	}()
	return f()
}

var (
	first  = map[string]string{"a.parquet": "same", "b.parquet": "old", "intern/p.parquet": "persons"}
	second = map[string]string{"a.parquet": "same", "b.parquet": "new!", "intern/p.parquet": "persons", "c.parquet": "same"}
)

func TestPublish(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	if got := completeVersion(t, s); got != "nacht-1" {
		t.Fatalf("current is %q", got)
	}
	target, err := os.Readlink(filepath.Join(s.Dir, "current"))
	if err != nil || target != "versions/nacht-1" {
		t.Errorf("current points at %q, %v", target, err)
	}
	publishFiles(t, s, "nacht-2", night(2), second)
	if got := completeVersion(t, s); got != "nacht-2" {
		t.Fatalf("current is %q", got)
	}
	for path, linked := range map[string]bool{"a.parquet": true, "b.parquet": false, "intern/p.parquet": true} {
		if got := sameFile(t, s, "nacht-1", "nacht-2", path); got != linked {
			t.Errorf("%s: hard link %v, expected %v", path, got, linked)
		}
	}
	versions, err := s.Versions()
	if err != nil || !slices.Equal(versions, []string{"nacht-1", "nacht-2"}) {
		t.Errorf("versions: %v, %v", versions, err)
	}
	if got := names(t, s.Dir); !slices.Equal(got, []string{"current", "versions"}) {
		t.Errorf("left behind: %v", got)
	}
}

func sameFile(t *testing.T, s Store, one, other, path string) bool {
	t.Helper()
	a, err := os.Stat(filepath.Join(s.Dir, "versions", one, path))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.Stat(filepath.Join(s.Dir, "versions", other, path))
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(a, b)
}

func TestPublishWithoutLinks(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	s.link = func(string, string) error { return syscall.EPERM }
	publishFiles(t, s, "nacht-2", night(2), second)
	if got := completeVersion(t, s); got != "nacht-2" {
		t.Errorf("current is %q", got)
	}
	if sameFile(t, s, "nacht-1", "nacht-2", "a.parquet") {
		t.Error("a link was made")
	}
}

// A published file that was changed in place must not be reused for the next version.
func TestPublishLeavesDamageBehind(t *testing.T) {
	for name, content := range map[string]string{"same size": "Same", "other size": "longer than it was"} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			publishFiles(t, s, "nacht-1", night(1), first)
			if err := os.WriteFile(filepath.Join(s.Dir, "current", "a.parquet"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			publishFiles(t, s, "nacht-2", night(2), second)
			if got := completeVersion(t, s); got != "nacht-2" {
				t.Errorf("current is %q", got)
			}
		})
	}
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	if err := os.Remove(filepath.Join(s.Dir, "current", "a.parquet")); err != nil {
		t.Fatal(err)
	}
	publishFiles(t, s, "nacht-2", night(2), second)
	completeVersion(t, s)
}

func TestPublishModes(t *testing.T) {
	// Root may set any group, other users only their own.
	readers, intern := os.Getgid(), os.Getgid()
	if os.Geteuid() == 0 {
		readers, intern = 4242, 4243
	}
	type access struct {
		Perm fs.FileMode
		GID  int
	}
	own := func(perm fs.FileMode) access { return access{perm, os.Getgid()} }
	for name, c := range map[string]struct {
		modes Modes
		want  map[string]access
	}{
		"no groups": {Modes{}, map[string]access{
			"": own(0o750), "versions": own(0o750), "versions/nacht-1": own(0o750), "versions/nacht-1/a.parquet": own(0o640),
			"versions/nacht-1/manifest.json": own(0o640), "versions/nacht-1/datapackage.json": own(0o640),
			"versions/nacht-1/intern": own(0o700), "versions/nacht-1/intern/p.parquet": own(0o600),
		}},
		"readers only": {Modes{Group: &readers}, map[string]access{
			"": {0o750, readers}, "versions": {0o750, readers}, "versions/nacht-1": {0o750, readers},
			"versions/nacht-1/a.parquet": {0o640, readers}, "versions/nacht-1/manifest.json": {0o640, readers},
			"versions/nacht-1/intern": own(0o700), "versions/nacht-1/intern/p.parquet": own(0o600),
		}},
		"both": {Modes{Group: &readers, InternGroup: &intern}, map[string]access{
			"versions/nacht-1": {0o750, readers}, "versions/nacht-1/b.parquet": {0o640, readers},
			"versions/nacht-1/intern": {0o750, intern}, "versions/nacht-1/intern/p.parquet": {0o640, intern},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if err := s.Publish(t.Context(), stageFiles(t, "nacht-1", night(1), first), "nacht-1", c.modes); err != nil {
				t.Fatal(err)
			}
			got := map[string]access{}
			for path := range c.want {
				info, err := os.Stat(filepath.Join(s.Dir, path))
				if err != nil {
					t.Fatal(err)
				}
				got[path] = access{info.Mode().Perm(), int(info.Sys().(*syscall.Stat_t).Gid)}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPublishCrash stops the publication of a second version after each of its steps in turn.
func TestPublishCrash(t *testing.T) {
	var steps []string
	{
		s := newStore(t)
		publishFiles(t, s, "nacht-1", night(1), first)
		s.after = func(step string) { steps = append(steps, step) }
		publishFiles(t, s, "nacht-2", night(2), second)
	}
	for _, step := range []string{"link a.parquet", "reuse intern/p.parquet", "allow readers", "seal directory", "place version", "make link", "switch current"} {
		if !slices.Contains(steps, step) {
			t.Errorf("step %q was not taken; steps: %v", step, steps)
		}
	}
	for at, step := range steps {
		switched := step == "switch current"
		crash := func(t *testing.T) (s Store, staged string) {
			s = newStore(t)
			publishFiles(t, s, "nacht-1", night(1), first)
			staged = stageFiles(t, "nacht-2", night(2), second)
			failing, n := s, 0
			failing.after = func(string) {
				if n++; n == at+1 {
					panic(errCrash)
				}
			}
			if err := crashing(func() error { return failing.Publish(t.Context(), staged, "nacht-2", Modes{}) }); !errors.Is(err, errCrash) {
				t.Fatalf("got %v", err)
			}
			want := "nacht-1"
			if switched {
				want = "nacht-2"
			}
			if got := completeVersion(t, s); got != want {
				t.Fatalf("current is %q, expected %q", got, want)
			}
			return s, staged
		}
		published := func(t *testing.T, s Store) {
			t.Helper()
			if got := completeVersion(t, s); got != "nacht-2" {
				t.Errorf("current is %q", got)
			}
			if !sameFile(t, s, "nacht-1", "nacht-2", "a.parquet") {
				t.Error("the same file is kept twice")
			}
			if got := names(t, filepath.Join(s.Dir, "versions", "nacht-2")); !slices.Equal(got,
				[]string{"a.parquet", "b.parquet", "c.parquet", "datapackage.json", "intern", "manifest.json"}) {
				t.Errorf("version holds %v", got)
			}
		}
		t.Run(step+"/again", func(t *testing.T) {
			s, staged := crash(t)
			for range 2 {
				if err := s.Publish(t.Context(), staged, "nacht-2", Modes{}); err != nil {
					t.Fatal(err)
				}
			}
			published(t, s)
		})
		t.Run(step+"/swept", func(t *testing.T) {
			s, staged := crash(t)
			if err := errors.Join(s.Sweep(), os.RemoveAll(staged)); err != nil {
				t.Fatal(err)
			}
			publishFiles(t, s, "nacht-2", night(2), second)
			published(t, s)
			if got := names(t, s.Dir); !slices.Equal(got, []string{"current", "versions"}) {
				t.Errorf("left behind: %v", got)
			}
		})
		t.Run(step+"/next night", func(t *testing.T) {
			s, _ := crash(t)
			if err := s.Sweep(); err != nil {
				t.Fatal(err)
			}
			publishFiles(t, s, "nacht-3", night(3), second)
			if got := completeVersion(t, s); got != "nacht-3" {
				t.Errorf("current is %q", got)
			}
		})
	}
}

// A new attempt of the same run replaces a version that was placed but never switched to, and a crash
// meanwhile leaves current complete.
func TestPublishReplacesUnswitched(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	failing := s
	failing.after = func(step string) {
		if step == "place version" {
			panic(errCrash)
		}
	}
	staged := stageFiles(t, "nacht-2", night(2), first)
	publish := func() error { return failing.Publish(t.Context(), staged, "nacht-2", Modes{}) }
	if err := crashing(publish); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	failing.after = func(step string) {
		if strings.HasPrefix(step, "set aside") {
			panic(errCrash)
		}
	}
	staged = stageFiles(t, "nacht-2", night(2), second)
	if err := crashing(publish); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	if got := completeVersion(t, s); got != "nacht-1" {
		t.Fatalf("current is %q", got)
	}
	if err := s.Publish(t.Context(), staged, "nacht-2", Modes{}); err != nil {
		t.Fatal(err)
	}
	if got := completeVersion(t, s); got != "nacht-2" {
		t.Errorf("current is %q", got)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "current", "c.parquet")); err != nil {
		t.Error("the older attempt was published:", err)
	}
}

func TestPublishRefused(t *testing.T) {
	for name, c := range map[string]struct {
		run   string
		spoil func(t *testing.T, staged string)
		says  string
	}{
		"staged for another run": {"nacht-3", func(*testing.T, string) {}, "staged for run nacht-2"},
		"nothing staged":         {"nacht-2", func(t *testing.T, d string) { remove(t, d) }, "stage the version again"},
		"a name with a slash":    {"../nacht-2", func(*testing.T, string) {}, "cannot be the name of a version"},
		"a hidden name":          {".tmp-x", func(*testing.T, string) {}, "cannot be the name of a version"},
		"no manifest":            {"nacht-2", func(t *testing.T, d string) { remove(t, filepath.Join(d, "manifest.json")) }, "manifest"},
		"no data package":        {"nacht-2", func(t *testing.T, d string) { remove(t, filepath.Join(d, "datapackage.json")) }, "datapackage.json is missing"},
		"a file is gone":         {"nacht-2", func(t *testing.T, d string) { remove(t, filepath.Join(d, "c.parquet")) }, "c.parquet is missing"},
		"another file": {"nacht-2", func(t *testing.T, d string) {
			if err := os.WriteFile(filepath.Join(d, "notities.txt"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "notities.txt is not in the manifest"},
		"a link": {"nacht-2", func(t *testing.T, d string) {
			remove(t, filepath.Join(d, "c.parquet"))
			if err := os.Symlink("a.parquet", filepath.Join(d, "c.parquet")); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			publishFiles(t, s, "nacht-1", night(1), first)
			staged := stageFiles(t, "nacht-2", night(2), second)
			c.spoil(t, staged)
			err := s.Publish(t.Context(), staged, c.run, Modes{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, expected %q", err, c.says)
			}
			if got := completeVersion(t, s); got != "nacht-1" {
				t.Errorf("current is %q", got)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func TestPublishOnce(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	publishFiles(t, s, "nacht-1", night(1), first)
	if err := s.Publish(t.Context(), stageFiles(t, "nacht-1", night(1), second), "nacht-1", Modes{}); err == nil {
		t.Error("a run published twice")
	}
	if got := completeVersion(t, s); got != "nacht-1" {
		t.Errorf("current is %q", got)
	}
}

func TestPublishCancelled(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	staged := stageFiles(t, "nacht-2", night(2), second)
	for _, step := range []string{"", "reuse a.parquet", "allow readers", "seal directory"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancelling := s
		cancelling.after = func(done string) {
			if done == step {
				cancel()
			}
		}
		if step == "" {
			cancel()
		}
		if err := cancelling.Publish(ctx, staged, "nacht-2", Modes{}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %q: got %v", step, err)
		}
		cancel()
		if got := completeVersion(t, s); got != "nacht-1" {
			t.Fatalf("cancelled after %q: current is %q", step, got)
		}
	}
	if err := s.Publish(t.Context(), staged, "nacht-2", Modes{}); err != nil {
		t.Error(err)
	}
}

// TestOldReaders keeps a file and a directory of the old version open while it is replaced and pruned.
func TestOldReaders(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	open, err := os.Open(filepath.Join(s.Dir, "current", "b.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := filepath.EvalSymlinks(filepath.Join(s.Dir, "current"))
	if err != nil {
		t.Fatal(err)
	}
	publishFiles(t, s, "nacht-2", night(2), second)
	data, err := os.ReadFile(filepath.Join(resolved, "b.parquet"))
	if err != nil || string(data) != "old" {
		t.Errorf("by path: %q, %v", data, err)
	}
	if err := s.Prune(1); err != nil {
		t.Fatal(err)
	}
	data, err = io.ReadAll(open)
	if err = errors.Join(err, open.Close()); err != nil || string(data) != "old" {
		t.Errorf("by handle: %q, %v", data, err)
	}
	completeVersion(t, s)
}

// TestVerifyStagePublish takes all steps with real files.
func TestVerifyStagePublish(t *testing.T) {
	columns, want := every()
	dir := filepath.Join(t.TempDir(), "nacht-1")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "stand.parquet")
	if err := os.WriteFile(path, encodeParquet(t, layout{metadata: marks}, columns...), 0o600); err != nil {
		t.Fatal(err)
	}
	sha, size, err := Verify(t.Context(), path, want)
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{Run: "nacht-1", Published: night(1), Files: []File{{
		Mart: "stand", Path: "stand.parquet", Rows: want.Rows, SHA256: sha, Size: size,
		Columns: want.Columns, Grain: []string{"peildatum", "gemeente"},
	}}}
	if _, err := Stage(dir, m, dataset); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	if err := s.Publish(t.Context(), dir, "nacht-1", Modes{}); err != nil {
		t.Fatal(err)
	}
	again, _, err := Verify(t.Context(), filepath.Join(s.Dir, "current", "stand.parquet"), want)
	if err != nil || again != sha {
		t.Errorf("read through current: %s, %v", again, err)
	}
}
