// Package durable writes files so that a crash leaves either the old content or the new, never a
// mixture: it writes a temporary file next to the target, syncs it, renames it and syncs the directory.
// It also has the small file operations that several packages need.
package durable

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// temporary follows the dot and the name of the target in the name of a temporary file.
const temporary = ".tmp-"

// WriteFile replaces path by a file with data. Readers see either the old bytes or the new.
func WriteFile(path string, data []byte, perm fs.FileMode) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+temporary+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if _, err = tmp.Write(data); err == nil {
		err = errors.Join(tmp.Chmod(perm), tmp.Sync())
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return Rename(tmp.Name(), path)
}

// WriteJSON replaces path by a file with v as indented JSON, which only its owner can read.
func WriteJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return WriteFile(path, append(text, '\n'), 0o600)
}

// Sweep removes the temporary files that interrupted calls of WriteFile left in dir. No other process may
// write there meanwhile. A missing dir is not an error.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep %s: %w", dir, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.Contains(e.Name(), temporary) && e.Type().IsRegular() {
			if err := RemoveIfExists(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("sweep %s: %w", dir, err)
			}
		}
	}
	return nil
}

// Rename moves oldPath to newPath so that the move survives a power failure.
func Rename(oldPath, newPath string) error {
	if err := os.Rename(oldPath, newPath); err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(newPath)); err != nil {
		return err
	}
	if filepath.Dir(oldPath) != filepath.Dir(newPath) {
		return SyncDir(filepath.Dir(oldPath))
	}
	return nil
}

// SyncFile flushes the content of an existing file to disk.
func SyncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncDir flushes the names in dir to disk. It does nothing on a file system that cannot sync a directory:
// some network shares return EINVAL or ENOTSUP.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// CopyFile copies a file to a new file with mode 0600, and syncs it. It fails if to exists.
func CopyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// LinkExists reports whether path exists, also as a link to nothing.
func LinkExists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Exists reports whether path exists, following links.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// RemoveIfExists removes path. A missing file is not an error.
func RemoveIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
