package mart

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// others writes other persons to the intern marts of a version.
func others(t *testing.T, s Store, version string) error {
	t.Helper()
	return s.Rewrite(t.Context(), version, func(dir string, f *File) error {
		if !f.Intern {
			return nil
		}
		text := []byte("others")
		sha := sha256.Sum256(text)
		f.SHA256, f.Size = hex.EncodeToString(sha[:]), int64(len(text))
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		return errors.Join(os.Remove(path), os.WriteFile(path, text, 0o600))
	})
}

// After a crash at any step, a rewritten version is complete, also if the file system cannot exchange two
// folders; and a repeat finishes the rewrite.
func TestRewrite(t *testing.T) {
	for name, exchange := range map[string]func(a, b string) error{
		"exchange": nil, "two renames": func(string, string) error { return errors.ErrUnsupported },
	} {
		t.Run(name, func(t *testing.T) {
			var steps []string
			for at := 0; at <= len(steps); at++ {
				s := newStore(t)
				publishFiles(t, s, "nacht-1", night(1), first)
				publishFiles(t, s, "nacht-2", night(2), second)
				intern := filepath.Join(s.Dir, "versions", "nacht-2", "intern")
				if err := errors.Join(os.Chmod(intern, 0o750), os.Chmod(filepath.Join(intern, "p.parquet"), 0o640)); err != nil {
					t.Fatal(err)
				}
				failing, n := s, 0
				failing.exchange = exchange
				failing.after = func(step string) {
					if at == 0 {
						steps = append(steps, step)
					}
					if n++; n == at {
						panic(errCrash)
					}
				}
				if err := crashing(func() error { return others(t, failing, "nacht-2") }); (err != nil) != (at > 0) || err != nil && !errors.Is(err, errCrash) {
					t.Fatalf("step %d: %v", at, err)
				}
				if err := s.FinishRewrites(); err != nil {
					t.Fatal(err)
				}
				if got := completeVersion(t, s); got != "nacht-2" {
					t.Fatalf("step %d: current is %q", at, got)
				}
				if err := errors.Join(others(t, s, "nacht-2"), s.Sweep()); err != nil {
					t.Fatal(err)
				}
				m, err := s.Intact(t.Context(), "nacht-2")
				if err != nil {
					t.Fatal(err)
				}
				if m.Inputs != "" || slices.ContainsFunc(m.Files, func(f File) bool { return f.Fingerprint != "" }) {
					t.Errorf("step %d: %+v counts as what a run would make", at, m)
				}
				text, err := os.ReadFile(filepath.Join(intern, "p.parquet"))
				if err != nil || string(text) != "others" {
					t.Errorf("step %d: %q, %v", at, text, err)
				}
				for path, want := range map[string]fs.FileMode{intern: 0o750, filepath.Join(intern, "p.parquet"): 0o640} {
					if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
						t.Errorf("step %d: %s: %v, %v", at, path, info, err)
					}
				}
				if !sameFile(t, s, "nacht-1", "nacht-2", "a.parquet") || sameFile(t, s, "nacht-1", "nacht-2", "intern/p.parquet") {
					t.Errorf("step %d: other files are kept twice than those that changed", at)
				}
				if got := names(t, filepath.Join(s.Dir, "versions")); !slices.Equal(got, []string{"nacht-1", "nacht-2"}) {
					t.Errorf("step %d: left behind %v", at, got)
				}
			}
			if want := 2; len(steps) < want {
				t.Errorf("steps: %v", steps)
			}
		})
	}
}

func TestRewriteRefused(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	for _, version := range []string{"", "../nacht-1", "nacht-9"} {
		if err := others(t, s, version); err == nil {
			t.Errorf("version %q was rewritten", version)
		}
	}
	if err := s.Discard("nacht-1"); err == nil {
		t.Error("the current version was discarded")
	}
}
