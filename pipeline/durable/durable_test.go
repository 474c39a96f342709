package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"inbeeld/pipeline/durable"
)

func TestWriteFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		before   string // "" for none
		mode     fs.FileMode
		data     string
		perm     fs.FileMode
		wantMode fs.FileMode
	}{
		{"new", "", 0, "new", 0o600, 0o600},
		{"replaced", "old and longer", 0o644, "new", 0o600, 0o600},
		{"replaced by nothing", "old", 0o600, "", 0o600, 0o600},
		{"the mode is not cut by the umask", "", 0, "new", 0o666, 0o666},
		{"read-only", "old", 0o444, "new", 0o444, 0o444},
		{"large", "old", 0o600, strings.Repeat("0123456789abcdef", 1<<17), 0o640, 0o640},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "status.json")
			if c.before != "" {
				if err := os.WriteFile(path, []byte(c.before), c.mode); err != nil {
					t.Fatal(err)
				}
			}
			if err := durable.WriteFile(path, []byte(c.data), c.perm); err != nil {
				t.Fatal(err)
			}
			wantFile(t, path, c.data)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode(); got != c.wantMode {
				t.Errorf("mode %v, want %v", got, c.wantMode)
			}
			wantNames(t, dir, "status.json")
		})
	}
}

// A link is replaced, not followed: its target keeps its content.
func TestWriteFileOverLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(link, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFile(t, target, "old")
	wantFile(t, link, "new")
}

func TestWriteFileFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lay   func(dir string) error // what is there before
		path  string
		is    error  // nil when the system does not name it the same everywhere
		names string // what is there afterwards
	}{
		{"directory missing", func(string) error { return nil }, "absent/f", fs.ErrNotExist, ""},
		{"parent is a file", func(dir string) error { return os.WriteFile(filepath.Join(dir, "runs"), []byte("old"), 0o600) }, "runs/f", nil, "runs"},
		{"path is a directory", func(dir string) error { return os.Mkdir(filepath.Join(dir, "f"), 0o700) }, "f", nil, "f"},
		{"path is a directory with files", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "f"), 0o700), os.WriteFile(filepath.Join(dir, "f", "kept"), []byte("old"), 0o600))
		}, "f", nil, "f f/kept"},
		{"name too long", func(string) error { return nil }, strings.Repeat("x", 300), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := c.lay(dir); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, c.path)
			err := durable.WriteFile(path, []byte("new"), 0o600)
			if err == nil || !strings.Contains(err.Error(), "write "+path) {
				t.Errorf("got error %v, want one that names %s", err, path)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got error %v, want %v", err, c.is)
			}
			wantNames(t, dir, strings.Fields(c.names)...)
		})
	}
}

// Concurrent writers leave the complete content of one of them, and readers never see anything else.
func TestWriteFileAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "status.json")
	content := func(writer int) []byte { return bytes.Repeat([]byte{byte('a' + writer)}, 1<<16) }
	if err := durable.WriteFile(path, content(0), 0o600); err != nil {
		t.Fatal(err)
	}
	var writers, reader sync.WaitGroup
	done := make(chan struct{})
	reader.Go(func() {
		for {
			got, err := os.ReadFile(path)
			if err != nil || len(got) != 1<<16 || !bytes.Equal(got, content(int(got[0]-'a'))) {
				t.Errorf("a reader saw %d bytes that nobody wrote: %v", len(got), err)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for w := range 4 {
		writers.Go(func() {
			for range 25 {
				if err := durable.WriteFile(path, content(w), 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	reader.Wait()
	wantNames(t, dir, "status.json")
}

func TestRename(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, d := range []string{"work", "lake"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	from, to := filepath.Join(dir, "work", "f"), filepath.Join(dir, "lake", "f")
	for i, want := range []string{"first", "second"} { // the second over the first
		if err := os.WriteFile(from, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := durable.Rename(from, to); err != nil {
			t.Fatalf("rename %d: %v", i+1, err)
		}
		wantFile(t, to, want)
	}
	if err := durable.Rename(from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("renaming what is not there: got error %v", err)
	}
	wantFile(t, to, "second")
	wantNames(t, dir, "lake", "lake/f", "work")
}

func TestRenameDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "f1"), filepath.Join(dir, "f2")
	for _, d := range []string{from, to} {
		if err := errors.Join(os.Mkdir(d, 0o700), os.WriteFile(filepath.Join(d, "in"), []byte(d), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := durable.Rename(from, to); err == nil {
		t.Error("a directory with files was replaced")
	}
	wantFile(t, filepath.Join(to, "in"), to)
	wantFile(t, filepath.Join(from, "in"), from)
}

func TestSync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"file":             {durable.SyncFile(path), nil},
		"directory":        {durable.SyncDir(dir), nil},
		"absent file":      {durable.SyncFile(path + "x"), fs.ErrNotExist},
		"absent directory": {durable.SyncDir(dir + "x"), fs.ErrNotExist},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got error %v, want %v", name, c.err, c.want)
		}
	}
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %d bytes %.40q, want %.40q", path, len(got), got, want)
	}
}

// wantNames compares everything below dir: no temporary file may be left.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if path != "." {
			got = append(got, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}
