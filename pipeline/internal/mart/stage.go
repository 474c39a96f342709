package mart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
)

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
		want[filepath.FromSlash(c.path)] = c.size
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
	for _, name := range sortedKeys(want) {
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
