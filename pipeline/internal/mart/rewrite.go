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

// tmpRewrite is the prefix of the replacement of a version, before the swap.
const tmpRewrite = tmpVersion + "anew-"

// Rewrite replaces files of a version, all at once for readers. It calls change for each mart, with a
// folder in which the file of the mart is a link to the published one. change may remove the link, write
// another file and update the File; if it clears the CSV field, the CSV copy is removed. Fingerprints of a
// rewritten version are empty, so that no run takes it for its own output. Rewrite can be repeated.
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
	from, tmp := s.path(version), s.path(tmpRewrite+version)
	if err := os.RemoveAll(tmp); err != nil {
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
		to := filepath.Join(tmp, filepath.FromSlash(c.Path))
		published := filepath.Join(from, filepath.FromSlash(c.Path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Link(published, to)); err != nil {
			return err
		}
	}
	for i := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		csv := m.Files[i].CSV
		if err := change(tmp, &m.Files[i]); err != nil {
			return fmt.Errorf("mart %s: %w", m.Files[i].Mart, err)
		}
		m.Files[i].Fingerprint = ""
		if csv != nil && m.Files[i].CSV == nil {
			if err := os.Remove(filepath.Join(tmp, filepath.FromSlash(csv.Path))); err != nil {
				return err
			}
		}
	}
	m.Inputs = ""
	if _, err := Stage(tmp, *m, dataset); err != nil {
		return err
	}
	if err := copyModes(tmp, from); err != nil {
		return err
	}
	s.done("made anew " + version)
	if err := s.swap(tmp, from); err != nil {
		return err
	}
	if err := durable.SyncDir(filepath.Dir(from)); err != nil {
		return err
	}
	s.done("swapped " + version)
	return os.RemoveAll(tmp)
}

// FinishRewrites puts a rewritten version in place if a crash came between the two renames of swap.
func (s Store) FinishRewrites() error {
	entries, err := os.ReadDir(filepath.Join(s.Dir, versionsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("finish rewrites: %w", err)
	}
	for _, e := range entries {
		version, rewritten := strings.CutPrefix(e.Name(), tmpRewrite)
		if !rewritten {
			continue
		}
		there, err := exists(s.path(version))
		if err == nil && !there && s.Check(e.Name()) == nil {
			err = durable.Rename(s.path(e.Name()), s.path(version))
		}
		if err != nil {
			return fmt.Errorf("finish the rewrite of version %s: %w", version, err)
		}
	}
	return nil
}

// swap replaces the folder old, atomically if the file system can. Otherwise it is missing for a moment,
// and FinishRewrites completes the swap after a crash.
func (s Store) swap(replacement, old string) error {
	change := s.exchange
	if change == nil {
		change = exchange
	}
	if err := change(replacement, old); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	tmp := filepath.Join(filepath.Dir(old), tmpVersion+filepath.Base(old))
	if err := errors.Join(os.RemoveAll(tmp), os.Rename(old, tmp)); err != nil {
		return err
	}
	s.done("out of sight")
	if err := os.Rename(replacement, old); err != nil {
		return err
	}
	return os.RemoveAll(tmp)
}

// copyModes gives each file and folder in dir the group and mode of its namesake in other, and syncs it.
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
