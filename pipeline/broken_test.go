package pipeline

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/project"
)

var updateBroken = flag.Bool("update-broken", false, "write the faults that were found into testdata/broken; read them before you commit")

// bibliotheek is a project about another subject, which the broken cases are laid over.
const bibliotheek = "testdata/foreign/bibliotheek"

// TestBroken: a case is an archive of project files and, last, the faults that they have together.
// Its files lie over the project of the library; a file of which only "-" is left is not there. With
// "over: embedded" in its first lines they lie over the embedded project.
func TestBroken(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 45 {
		t.Errorf("%d cases of broken projects, 45 are promised", len(cases))
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			last := len(archive.Files) - 1
			if last < 0 || archive.Files[last].Name != "faults" {
				t.Fatal("the last file of a case is: faults")
			}
			got := []byte(faultsOf(t, archive) + "\n")
			want := archive.Files[last].Data
			if *updateBroken && !bytes.Equal(got, want) {
				archive.Files[last].Data = got
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s\nother faults than expected (-want +got):\n%s", bytes.TrimSpace(archive.Comment), diff)
			}
		})
	}
}

// faultsOf is what validate says of the project of a case.
func faultsOf(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	if !bytes.Contains(archive.Comment, []byte("over: embedded\n")) {
		if err := os.CopyFS(dir, os.DirFS(bibliotheek)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range archive.Files[:len(archive.Files)-1] {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if string(f.Data) == "-\n" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, faults, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, more, err := graph.Bind(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return append(faults, more...).Sorted().Error()
}

// TestProjectThatIsNotThere names the folder.
func TestProjectThatIsNotThere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		filepath.Join(t.TempDir(), "region"): "no such file or directory",
		file:                                 "not a folder",
	} {
		_, _, err := project.Load(dir)
		if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", dir, err, want)
		}
	}
}

// TestTheEmbeddedProjectFits: nothing is wrong with what is delivered.
func TestTheEmbeddedProjectFits(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", bibliotheek} {
		p, faults, err := project.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, more, err := graph.Bind(t.Context(), p)
		if err != nil || len(faults)+len(more) > 0 {
			t.Errorf("project %q: %v %v %v", dir, err, faults, more)
		}
	}
	if _, err := fs.Stat(os.DirFS(bibliotheek), project.ConfigFile); err != nil {
		t.Error(err)
	}
}
