package sources

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"inbeeld/sources/place"
)

func TestDirectoryListsNothingOfAFolderThatIsNotThere(t *testing.T) {
	found, err := place.Directory{Path: filepath.Join(t.TempDir(), "inbox")}.List(t.Context())
	if err != nil || found != nil {
		t.Errorf("%v %v", found, err)
	}
}

func TestDirectoryIsReachedThroughALink(t *testing.T) {
	folder, link := t.TempDir(), filepath.Join(t.TempDir(), "sonar")
	write(t, filepath.Join(folder, "a.csv"), "abc")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	d := place.Directory{Path: link}
	found, err := d.List(t.Context())
	if err != nil || len(found) != 1 || found[0].Ignored != "" {
		t.Fatalf("%v %v", found, err)
	}
	r, err := d.Open(t.Context(), found[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != "abc" {
		t.Errorf("%q %v", text, err)
	}
	if err := errors.Join(r.Close(), d.Remove(t.Context(), found[0]), d.Remove(t.Context(), found[0])); err != nil {
		t.Error(err)
	}
}

// TestDirectoryOpensOnlyWhatWasListed swaps a listed file for something else.
func TestDirectoryOpensOnlyWhatWasListed(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "geheim")
	write(t, outside, "abc")
	for name, swap := range map[string]func(path string) error{
		"link to outside": func(path string) error { return os.Symlink(outside, path) },
		"link to a neighbour": func(path string) error {
			return errors.Join(os.WriteFile(path+"2", []byte("abc"), 0o600), os.Symlink(filepath.Base(path)+"2", path))
		},
		"named pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder":     func(path string) error { return os.Mkdir(path, 0o700) },
		"nothing":    func(string) error { return nil },
		"other file": func(path string) error { return os.WriteFile(path, []byte("abcd"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			d := place.Directory{Path: t.TempDir()}
			path := filepath.Join(d.Path, "a.csv")
			write(t, path, "abc")
			found, err := d.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Remove(path), swap(path)); err != nil {
				t.Fatal(err)
			}
			r, err := d.Open(t.Context(), found[0], 0)
			if err == nil {
				_, err = io.ReadAll(r)
				err = errors.Join(err, r.Close())
			}
			if err == nil {
				t.Error("it was read")
			}
			if err := d.Remove(t.Context(), found[0]); name != "nothing" && !errors.Is(err, place.ErrChanged) {
				t.Errorf("it was removed: %v", err)
			}
		})
	}
}
