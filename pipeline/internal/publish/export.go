package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
)

// export copies a staged version to a new folder, by one rename.
func export(staged, out string) error {
	out = filepath.Clean(out)
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return fmt.Errorf("write to %s: %w", out, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".tmp-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", out, err)
	}
	err = filepath.WalkDir(staged, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(staged, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(tmp, rel), 0o700)
		}
		return durable.CopyFile(name, filepath.Join(tmp, rel))
	})
	if err == nil {
		if err = os.Remove(out); errors.Is(err, fs.ErrNotExist) { // an empty folder may exist
			err = nil
		}
	}
	if err == nil {
		err = durable.Rename(tmp, out)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write to %s: %w", out, err), os.RemoveAll(tmp))
	}
	return nil
}
