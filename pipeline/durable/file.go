package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

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
