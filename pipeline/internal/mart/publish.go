package mart

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
)

// linkSuffix is the suffix of a hard link before it replaces a staged file.
const linkSuffix = ".link"

// Modes has the ids of the groups that may read what is published; nil keeps the file system's default.
type Modes struct {
	Group *int // of aggregates: directories 0750, files 0640
	// InternGroup is of person-level files: 0750 and 0640, or 0700 and 0600 if nil. Its members need Group
	// as well, to reach the files.
	InternGroup *int
}

// Publish makes the staged directory the version of run, and current. A file that the current version also
// has becomes a hard link to it. After an error or a crash, current is the old version or the new one,
// both complete, and the call can be repeated. If ctx is cancelled before the version is in place,
// nothing changes; after that, Publish finishes the switch.
func (s Store) Publish(ctx context.Context, staged, run string, modes Modes) error {
	if err := s.publish(ctx, staged, run, modes); err != nil {
		return fmt.Errorf("publish %s: %w", run, err)
	}
	return nil
}

func (s Store) publish(ctx context.Context, staged, run string, modes Modes) error {
	if err := validVersion(run); err != nil {
		return err
	}
	waiting, err := exists(staged)
	if err != nil {
		return err
	}
	placed, err := exists(s.path(run))
	if err != nil {
		return err
	}
	switch {
	case !waiting && !placed:
		return fmt.Errorf("%s does not exist; stage the version again", staged)
	case !waiting: // an earlier call has done the rename
		return s.Switch(run)
	}
	m, err := ReadManifest(staged)
	if err != nil {
		return err
	}
	if m.Run != run {
		return fmt.Errorf("%s is staged for run %s", staged, m.Run)
	}
	current, old, err := s.Current()
	if err != nil {
		return err
	}
	if current == run {
		if old.Set != m.Set {
			return errors.New("it is already the current version, with other files; a run publishes once")
		}
		return os.RemoveAll(staged)
	}
	if err := s.reuse(ctx, staged, *m, current, old); err != nil {
		return err
	}
	if err := complete(staged, *m); err != nil {
		return err
	}
	if err := s.allow(modes); err != nil {
		return err
	}
	if err := s.seal(ctx, staged, modes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if placed { // by an earlier attempt, which did not switch to it
		if err := s.discard(run); err != nil {
			return err
		}
	}
	if err := durable.Rename(staged, s.path(run)); err != nil {
		return fmt.Errorf("staged files and marts must be on one disk: %w", err)
	}
	s.done("place version")
	return s.Switch(run)
}

// reuse replaces each staged file that the current version also has by a hard link to it. If the file
// system refuses the link, or the published file is damaged, the staged file stays, at the cost of disk
// space.
func (s Store) reuse(ctx context.Context, staged string, m Manifest, current string, old *Manifest) error {
	var published []DataFile
	if old != nil {
		published = dataFiles(old.Files)
	}
	link := s.link
	if link == nil {
		link = os.Link
	}
	for _, c := range dataFiles(m.Files) {
		if err := ctx.Err(); err != nil {
			return err
		}
		here := filepath.Join(staged, filepath.FromSlash(c.Path))
		if err := durable.RemoveIfExists(here + linkSuffix); err != nil {
			return err
		}
		if !slices.Contains(published, c) {
			continue
		}
		there := filepath.Join(s.path(current), filepath.FromSlash(c.Path))
		same, err := reusable(ctx, there, here, c)
		if err != nil {
			return err
		}
		if !same || link(there, here+linkSuffix) != nil {
			continue
		}
		s.done("link " + c.Path)
		if err := os.Rename(here+linkSuffix, here); err != nil {
			return err
		}
		s.done("reuse " + c.Path)
	}
	return nil
}

// reusable reports whether the published file there still has the content of c, and here is not already
// a link to it: renaming one link of a file over another leaves both.
func reusable(ctx context.Context, there, here string, c DataFile) (bool, error) {
	a, err := os.Stat(here)
	if err != nil {
		return false, err
	}
	b, err := os.Stat(there)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if os.SameFile(a, b) || b.Size() != c.Size {
		return false, nil
	}
	sha, err := HashFile(ctx, there)
	return sha == c.SHA256, err
}

// allow gives the readers of aggregates access to the versions.
func (s Store) allow(modes Modes) error {
	versions := filepath.Join(s.Dir, versionsDir)
	if err := os.MkdirAll(versions, 0o750); err != nil {
		return err
	}
	for _, dir := range []string{s.Dir, versions} {
		if err := grant(dir, 0o750, modes.Group); err != nil {
			return err
		}
	}
	s.done("allow readers")
	return nil
}

// seal gives a complete staged directory the modes of a published one, and syncs it to disk.
func (s Store) seal(ctx context.Context, staged string, modes Modes) error {
	intern := filepath.Join(staged, internDir)
	return filepath.WalkDir(staged, func(path string, e fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		filePerm, dirPerm, group := fs.FileMode(0o640), fs.FileMode(0o750), modes.Group
		if path == intern || filepath.Dir(path) == intern {
			if group = modes.InternGroup; group == nil {
				filePerm, dirPerm = 0o600, 0o700
			}
		}
		if e.IsDir() {
			if err := errors.Join(grant(path, dirPerm, group), durable.SyncDir(path)); err != nil {
				return err
			}
			s.done("seal directory")
			return nil
		}
		if err := errors.Join(grant(path, filePerm, group), durable.SyncFile(path)); err != nil {
			return err
		}
		s.done("seal " + strings.TrimPrefix(path, staged))
		return nil
	})
}

// grant sets the group before the mode, so that the wrong group cannot read path in between.
func grant(path string, perm fs.FileMode, group *int) error {
	if group != nil {
		if err := os.Lchown(path, -1, *group); err != nil {
			return fmt.Errorf("set group %d, of which the service user must be a member: %w", *group, err)
		}
	}
	return os.Chmod(path, perm)
}

// Stage adds manifest.json and datapackage.json to dir, which contains the verified files of m and nothing
// else. It sets m.Set and returns the manifest as written. Staging again replaces both files.
func Stage(dir string, m Manifest, d Dataset) (Manifest, error) {
	m.Set = SetFingerprint(m.Files)
	m = m.normal()
	pkg, err := Datapackage(m, d)
	if err == nil {
		err = m.Write(dir)
	}
	if err == nil {
		err = durable.WriteFile(filepath.Join(dir, datapackageName), pkg, 0o600)
	}
	if err == nil {
		err = complete(dir, m)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("stage: %w", err)
	}
	return m, nil
}

// complete reports an error unless dir has exactly the files of m, with their sizes.
func complete(dir string, m Manifest) error {
	if err := m.validate(); err != nil {
		return err
	}
	if set := SetFingerprint(m.Files); set != m.Set {
		return fmt.Errorf("manifest of run %s: set is %s, but its files make %s", m.Run, m.Set, set)
	}
	want := map[string]int64{manifestName: -1, datapackageName: -1} // -1: any size
	for _, c := range dataFiles(m.Files) {
		want[filepath.FromSlash(c.Path)] = c.Size
	}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if e.IsDir() {
			if rel != "." && rel != internDir && rel != csvDir {
				return fmt.Errorf("%s is not in the manifest", name)
			}
			return nil
		}
		size, ok := want[rel]
		if !ok {
			return fmt.Errorf("%s is not in the manifest", name)
		}
		delete(want, rel)
		info, err := e.Info()
		switch {
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file", name)
		case size >= 0 && info.Size() != size:
			return fmt.Errorf("%s has %d bytes, expected %d", name, info.Size(), size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var missing []error
	for _, name := range slices.Sorted(maps.Keys(want)) {
		missing = append(missing, fmt.Errorf("%s is missing", filepath.Join(dir, name)))
	}
	return errors.Join(missing...)
}

// exists reports whether dir exists and is a directory.
func exists(dir string) (bool, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return info.IsDir(), nil
}
