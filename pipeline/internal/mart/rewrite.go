package mart

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"inbeeld/pipeline/durable"
)

// tmpRewrite stands before the name of a version that is made anew beside the one it is to replace.
const tmpRewrite = tmpVersion + "anew-"

// Rewrite replaces a version by one in which some files are others: for who reads it, at once. change
// is called for each mart with a folder in which the file of the mart, at its path, is a link to the
// published one; it may remove that and write another, and says so in the File. A twin that it takes out
// of the File goes. Nothing in a version that was rewritten counts as what a run would make: its
// fingerprints are emptied. Rewriting again does no harm.
func (s Store) Rewrite(ctx context.Context, version string, change func(dir string, f *File) error) error {
	if err := s.rewrite(ctx, version, change); err != nil {
		return fmt.Errorf("rewrite version %s: %w", version, err)
	}
	return nil
}

func (s Store) rewrite(ctx context.Context, version string, change func(dir string, f *File) error) error {
	if err := validVersion(version); err != nil {
		return err
	}
	from, aside := s.path(version), s.path(tmpRewrite+version)
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	m, err := ReadManifest(from)
	if err != nil {
		return err
	}
	dataset, err := readDataset(from)
	if err != nil {
		return err
	}
	for _, c := range dataFiles(m.Files) {
		to := filepath.Join(aside, filepath.FromSlash(c.path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Link(filepath.Join(from, filepath.FromSlash(c.path)), to); err != nil {
			return err
		}
	}
	for i := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		twin := m.Files[i].CSV
		if err := change(aside, &m.Files[i]); err != nil {
			return fmt.Errorf("mart %s: %w", m.Files[i].Mart, err)
		}
		m.Files[i].Fingerprint = ""
		if twin != nil && m.Files[i].CSV == nil {
			if err := os.Remove(filepath.Join(aside, filepath.FromSlash(twin.Path))); err != nil {
				return err
			}
		}
	}
	m.Inputs = ""
	if _, err := Stage(aside, *m, dataset); err != nil {
		return err
	}
	if err := copyModes(aside, from); err != nil {
		return err
	}
	if err := s.done("made anew " + version); err != nil {
		return err
	}
	if err := s.swap(aside, from); err != nil {
		return err
	}
	if err := durable.SyncDir(filepath.Dir(from)); err != nil {
		return err
	}
	if err := s.done("swapped " + version); err != nil {
		return err
	}
	return os.RemoveAll(aside)
}

// Mend puts a rewritten version in its place when a crash came between the two renames that swap needs
// on some disks.
func (s Store) FinishRewrites() error {
	entries, err := os.ReadDir(filepath.Join(s.Dir, versionsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("mend marts: %w", err)
	}
	for _, e := range entries {
		version, anew := strings.CutPrefix(e.Name(), tmpRewrite)
		if !anew {
			continue
		}
		there, err := exists(s.path(version))
		if err == nil && !there && s.Check(e.Name()) == nil {
			err = durable.Rename(s.path(e.Name()), s.path(version))
		}
		if err != nil {
			return fmt.Errorf("mend version %s: %w", version, err)
		}
	}
	return nil
}

// swap makes two folders change places: in one step where the disk can do that. Else the old one is out
// of sight for a moment, and Mend finishes it.
func (s Store) swap(anew, old string) error {
	change := s.exchange
	if change == nil {
		change = exchange
	}
	if err := change(anew, old); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	aside := filepath.Join(filepath.Dir(old), tmpVersion+filepath.Base(old))
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Rename(old, aside); err != nil {
		return err
	}
	if err := s.done("out of sight"); err != nil {
		return err
	}
	if err := os.Rename(anew, old); err != nil {
		return err
	}
	return os.RemoveAll(aside)
}

// alike gives each file and folder the group and mode of the one with its path in another folder, and
// flushes it to disk.
func copyModes(dir, other string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		was, err := os.Stat(filepath.Join(other, rel))
		if err != nil {
			return err
		}
		var group *int
		if st, ok := was.Sys().(*syscall.Stat_t); ok && int(st.Gid) != os.Getegid() {
			gid := int(st.Gid)
			group = &gid
		}
		if err := grant(path, was.Mode().Perm(), group); err != nil {
			return err
		}
		if e.IsDir() {
			return durable.SyncDir(path)
		}
		return durable.SyncFile(path)
	})
}
