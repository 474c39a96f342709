package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/usage"
)

// Within reports whether a path is a directory or lies in it.
func Within(path, dir string) bool {
	path, perr := filepath.Abs(path)
	dir, derr := filepath.Abs(dir)
	rel, err := filepath.Rel(dir, path)
	return perr == nil && derr == nil && err == nil && (rel == "." || filepath.IsLocal(rel) && !strings.HasPrefix(rel, ".."))
}

// CheckOutput returns an error unless out is a new file outside the data directory.
func CheckOutput(data, out string) error {
	if out == "" {
		return usage.Errorf("say where the file goes with --out FILE")
	}
	if Within(out, data) {
		return usage.Errorf("%s is inside the data directory; name a file elsewhere", out)
	}
	if _, err := os.Lstat(out); err == nil {
		return usage.Errorf("%s exists; name a new file", out)
	}
	return nil
}

// WriteNew writes a new file that only its owner can read.
func WriteNew(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return durable.SyncDir(filepath.Dir(path))
}
