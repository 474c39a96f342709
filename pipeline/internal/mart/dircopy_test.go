package mart

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mirrorOf returns the files of a copy by path, after comparing them with its manifest. An unfinished copy
// has no manifest.
func mirrorOf(t *testing.T, dir string) (run string, files map[string]string) {
	t.Helper()
	files = map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if !e.Type().IsRegular() {
			t.Errorf("%s is no plain file", path)
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(dir)
	if err != nil {
		return "", files
	}
	want := map[string]bool{".inbeeld": true, "manifest.json": true, "datapackage.json": true}
	for _, f := range m.Files {
		sum := sha256.Sum256([]byte(files[f.Path]))
		if f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s of run %s is not what the manifest says", f.Path, m.Run)
		}
		want[f.Path] = true
	}
	for path := range files {
		if !want[path] {
			t.Errorf("%s is not in the manifest of run %s", path, m.Run)
		}
	}
	return m.Run, files
}

func TestMirror(t *testing.T) {
	s := newStore(t)
	dir := filepath.Join(t.TempDir(), "share", "cijfers")
	if version, err := s.CopyToDir(t.Context(), dir, false); version != "" || err != nil {
		t.Errorf("nothing published: %q, %v", version, err)
	}
	for i, c := range []struct {
		run   string
		files map[string]string
	}{{"nacht-1", first}, {"nacht-2", second}, {"nacht-3", first}} {
		publishFiles(t, s, c.run, night(i+1), c.files)
		for range 2 {
			version, err := s.CopyToDir(t.Context(), dir, false)
			if version != c.run || err != nil {
				t.Fatalf("%s: %q, %v", c.run, version, err)
			}
			run, files := mirrorOf(t, dir)
			if run != c.run || files["b.parquet"] != c.files["b.parquet"] || files["c.parquet"] != c.files["c.parquet"] {
				t.Errorf("%s: run %q, %v", c.run, run, files)
			}
			if files["intern/p.parquet"] != "" || strings.Contains(files["datapackage.json"], "intern") || strings.Contains(files["manifest.json"], "intern/") {
				t.Errorf("%s: persons are in the copy", c.run)
			}
		}
	}
	before, err := os.Stat(filepath.Join(dir, "a.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.parquet"), []byte("cut short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CopyToDir(t.Context(), dir, false); err != nil {
		t.Fatal(err)
	}
	if _, files := mirrorOf(t, dir); files["b.parquet"] != first["b.parquet"] {
		t.Errorf("a damaged file stayed: %q", files["b.parquet"])
	}
	if after, err := os.Stat(filepath.Join(dir, "a.parquet")); err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that was right was written again, %v", err)
	}
}

// Interrupted after any step, and then repeated for another version, a copy never has a manifest that
// differs from its files, and ends complete.
func TestMirrorCrash(t *testing.T) {
	for step := 1; ; step++ {
		s := newStore(t)
		dir := t.TempDir()
		publishFiles(t, s, "nacht-1", night(1), first)
		if _, err := s.CopyToDir(t.Context(), dir, false); err != nil {
			t.Fatal(err)
		}
		publishFiles(t, s, "nacht-2", night(2), second)
		failing, steps := s, 0
		failing.after = func(string) {
			if steps++; steps == step {
				panic(errCrash)
			}
		}
		version := ""
		err := crashing(func() (err error) {
			version, err = failing.CopyToDir(t.Context(), dir, false)
			return err
		})
		if err == nil {
			if step < 8 {
				t.Errorf("only %d steps", step)
			}
			return
		}
		if !errors.Is(err, errCrash) || version != "" {
			t.Errorf("step %d: %q, %v", step, version, err)
		}
		if _, err := ReadManifest(dir); err == nil && step < steps {
			mirrorOf(t, dir)
		}
		if err := s.Switch([]string{"nacht-1", "nacht-2"}[step%2]); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CopyToDir(t.Context(), dir, false); err != nil {
			t.Fatal(err)
		}
		run, files := mirrorOf(t, dir)
		if want := []string{"nacht-1", "nacht-2"}[step%2]; run != want {
			t.Errorf("step %d: %s, not %s", step, run, want)
		}
		if diff := cmp.Diff([]map[string]string{first, second}[step%2]["b.parquet"], files["b.parquet"]); diff != "" {
			t.Errorf("step %d: %s", step, diff)
		}
	}
}

func TestMirrorRefused(t *testing.T) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "begroting.xlsx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(used, "begroting.xlsx")
	for dir, want := range map[string]string{used: "contains files that inbeeld did not write; name an empty folder", file: "not a directory", filepath.Join(file, "x"): "not a directory"} {
		if version, err := s.CopyToDir(t.Context(), dir, false); version != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", dir, version, err)
		}
	}
	if got := names(t, used); len(got) != 1 {
		t.Errorf("in the folder of another: %v", got)
	}
}
