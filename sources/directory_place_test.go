package sources

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"inbeeld/sources/contract"
	"inbeeld/sources/place"
)

func TestDirectoryPlace(t *testing.T) {
	testPlace(t, func(t *testing.T) *host {
		f := folder{t, t.TempDir()}
		return &host{
			from: "{dir: inbox/sonar}", label: "inbox/sonar", file: "sonar_20201231.csv",
			enter: func(b *sandbox) {
				if err := os.Symlink(f.path, filepath.Join(b.data, "inbox/sonar")); err != nil {
					t.Fatal(err)
				}
			},
			put:   func(text string, minutes int) { f.put("sonar_20201231.csv", text, minutes) },
			gone:  func() { f.remove("sonar_20201231.csv") },
			other: f.put,
		}
	})
}

// A folder has the files of a server of the suite.
type folder struct {
	*testing.T
	path string
}

func (f folder) put(name, text string, minutes int) {
	f.Helper()
	path := filepath.Join(f.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	write(f.T, path, text)
	at := newYear.Add(time.Duration(minutes) * time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		f.Fatal(err)
	}
}

func (f folder) remove(name string) {
	f.Helper()
	if err := os.Remove(filepath.Join(f.path, name)); err != nil {
		f.Fatal(err)
	}
}

// files lists all files, with their folders.
func (f folder) files() []string {
	f.Helper()
	var names []string
	err := filepath.WalkDir(f.path, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(f.path, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return names
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		glob, name string
		counts     bool
		holds      bool
	}{
		{"", "a.csv", true, false},
		{"", "b/a.csv", false, false},
		{"*.csv", "a.csv", true, false},
		{"*.csv", "a.txt", false, false},
		{"*.csv", "b/a.csv", false, false},
		{"*/*.csv", "b", false, true},
		{"*/*.csv", "b/a.csv", true, false},
		{"*/*.csv", "a.csv", false, true},
		{"uwv/*/a.csv", "uwv", false, true},
		{"uwv/*/a.csv", "elders", false, false},
		{"**/*.csv", "a.csv", true, true},
		{"**/*.csv", "b/c/a.csv", true, true},
		{"**/*.csv", "b/c/a.txt", false, true},
		{"b/**", "b/c/a.txt", true, true},
		{"b/**", "b", false, true},
		{"b/**", "c", false, false},
		{"**/c/*.csv", "b/c/a.csv", true, true},
		{"**/c/*.csv", "b/d/a.csv", false, true},
	} {
		if got := place.MatchesGlob(c.glob, c.name); got != c.counts {
			t.Errorf("%q counts %q: %v", c.glob, c.name, got)
		}
		if got := c.glob != "" && place.MayContain(c.glob, c.name); got != c.holds {
			t.Errorf("%q may hold below %q: %v", c.glob, c.name, got)
		}
	}
}

// TestDirectoryBelowAnother: a folder with its own contract does not belong to the contract of its parent.
func TestDirectoryBelowAnother(t *testing.T) {
	b := newBench(t)
	b.contracts = []*contract.Contract{
		parseContract(t, "sources/alles.yaml", goodContract+"from: {dir: inbox, glob: '**/*.csv'}\n"),
		contractFor(t, "sonar", ""),
	}
	b.drop("inbox/sonar/sonar_20201231.csv", "a", 1)
	b.drop("inbox/register/sonar_20201231.csv", "b", 1)
	b.want(b.pull(), "landed alles register/sonar_20201231.csv as 1", "landed sonar sonar_20201231.csv as 2")
	b.inbox()
	if got := b.deliveries()[0].Original(b.data); filepath.Base(got) != "register_sonar_20201231.csv" {
		t.Error(got)
	}
}
