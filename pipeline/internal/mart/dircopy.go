package mart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/durable"
)

const (
	copyMark     = ".inbeeld"
	copyMarkText = "This folder belongs to inbeeld: it copies what it publishes here, and removes everything else.\n"
	copyTemp     = ".tmp-inbeeld"
)

// CopyToDir copies the published version without intern marts to dir, as plain files: dir may be a file
// share without links. It returns the version that dir has, or "" after an error.
//
// It removes the manifest first and writes it last, and it writes each file under a temporary name: a
// folder without manifest.json is incomplete, and the next call finishes it. It removes all other files.
// It refuses a folder with files that is not marked as ours, and, if claimed, one without the mark: then
// the share is not mounted, and it would write to the disk below.
func (s Store) CopyToDir(ctx context.Context, dir string, claimed bool) (version string, err error) {
	version, open, err := s.withoutIntern()
	if err != nil || version == "" {
		return "", err
	}
	if err := claim(dir, claimed); err != nil {
		return "", err
	}
	old, err := ReadManifest(dir)
	if err != nil { // missing or damaged: write all files again
		old = &Manifest{}
	}
	copied := dataFiles(old.Files)
	missing := slices.DeleteFunc(dataFiles(open.Files), func(c DataFile) bool {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(c.Path)))
		return err == nil && info.Size() == c.Size && slices.Contains(copied, c)
	})
	if old.Run == open.Run && len(missing) == 0 {
		return version, nil
	}
	if err := s.writeCopy(ctx, version, dir, open, missing); err != nil {
		return "", err
	}
	return version, nil
}

// withoutIntern returns the published version and its manifest without intern marts.
func (s Store) withoutIntern() (version string, m Manifest, err error) {
	version, current, err := s.Current()
	if err != nil || version == "" {
		return "", m, err
	}
	m = *current
	m.Files = slices.DeleteFunc(slices.Clone(current.Files), func(f File) bool { return f.Intern })
	m.Set = SetFingerprint(m.Files)
	return version, m, nil
}

// describe returns the data package and the manifest m of a copy of a version.
func (s Store) describe(version string, m Manifest) (pkg, manifest []byte, err error) {
	d, err := readDataset(s.path(version))
	if err != nil {
		return nil, nil, err
	}
	if pkg, err = Datapackage(m, d); err != nil {
		return nil, nil, err
	}
	manifest, err = encodeJSON(m.normal())
	return pkg, manifest, err
}

// claim creates and marks a folder, or checks the mark of an earlier CopyToDir.
func claim(dir string, claimed bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) && !claimed {
		err = os.MkdirAll(dir, 0o750)
	}
	if err != nil {
		return err
	}
	marked := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == copyMark })
	switch {
	case marked:
		return nil
	case claimed:
		return markMissing(dir)
	case len(entries) > 0:
		return fmt.Errorf("%s contains files that inbeeld did not write; name an empty folder", dir)
	}
	return os.WriteFile(filepath.Join(dir, copyMark), []byte(copyMarkText), 0o640)
}

// checkMark checks that dir still has the mark: after an unmount, dir is the mount point, which must stay
// as it is.
func checkMark(dir string) error {
	_, err := os.Lstat(filepath.Join(dir, copyMark))
	if errors.Is(err, fs.ErrNotExist) {
		return markMissing(dir)
	}
	return err
}

func markMissing(dir string) error {
	return fmt.Errorf("%s is not the folder that earlier copies went to: it has no %s; mount the share again, or create that file to use this folder", dir, copyMark)
}

func (s Store) writeCopy(ctx context.Context, version, to string, m Manifest, missing []DataFile) error {
	pkg, manifest, err := s.describe(version, m)
	if err != nil {
		return err
	}
	if err := durable.RemoveIfExists(filepath.Join(to, manifestName)); err != nil {
		return err
	}
	s.done("take the manifest away")
	if err := removeExtra(to, m); err != nil { // first, to free disk space
		return err
	}
	for _, c := range missing {
		if err := s.copyFile(ctx, filepath.Join(s.path(version), filepath.FromSlash(c.Path)), to, c.Path); err != nil {
			return err
		}
	}
	if err := s.writeCopyFile(to, datapackageName, bytes.NewReader(pkg)); err != nil {
		return err
	}
	return s.writeCopyFile(to, manifestName, bytes.NewReader(manifest))
}

func (s Store) copyFile(ctx context.Context, from, dir, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	return errors.Join(s.writeCopyFile(dir, name, in), in.Close())
}

// writeCopyFile writes a file of dir under a temporary name, and renames it. It removes an incomplete file.
func (s Store) writeCopyFile(dir, name string, from io.Reader) error {
	if err := checkMark(dir); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if folder := filepath.Dir(path); folder != dir {
		if err := os.Mkdir(folder, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	tmp := path + copyTemp
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	_, err = io.Copy(out, from)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		_ = os.Remove(tmp) // the share may be gone
		return fmt.Errorf("copy %s: %w", name, err)
	}
	s.done("write " + name)
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	s.done("copy " + name)
	return nil
}

// removeExtra removes the files of a copy that m does not name.
func removeExtra(dir string, m Manifest) error {
	if err := checkMark(dir); err != nil {
		return err
	}
	keep := []string{copyMark, datapackageName}
	for _, c := range dataFiles(m.Files) {
		keep = append(keep, filepath.FromSlash(c.Path))
	}
	return filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || slices.Contains(keep, rel) {
			return err
		}
		return os.Remove(name)
	})
}
