package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

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

func IsThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func RemoveIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
