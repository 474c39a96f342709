package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"inbeeld/sources/contract"
)

// A Directory is the connector of a folder on this machine. Path may be a link to a folder; inside
// it only regular files count, and nothing outside it is ever opened. Glob comes from the contract.
type Directory struct{ Path, Glob string }

// List lists the folder.
func (d Directory) List(ctx context.Context) ([]Found, error) {
	return walk(ctx, contract.From{Glob: d.Glob}, d.read)
}

// Close does nothing.
func (d Directory) Close() {}

func (d Directory) read(ctx context.Context, folder string) ([]Found, error) {
	entries, err := os.ReadDir(filepath.Join(d.Path, filepath.FromSlash(folder)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	var found []Found
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		found = append(found, foundOf(info.Name(), info))
	}
	return found, ctx.Err()
}

// foundOf returns a file as listed. What is not a regular file is ignored.
func foundOf(name string, info fs.FileInfo) Found {
	f := Found{Name: name, Size: info.Size(), Modified: info.ModTime()}
	switch mode := info.Mode(); {
	case mode.IsDir():
		f.Ignored = IsFolder
	case !mode.IsRegular():
		f.Ignored = NotRegular
	}
	return f
}

// Open opens a file in the folder.
func (d Directory) Open(_ context.Context, found Found, offset int64) (io.ReadCloser, error) {
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer func() { _ = root.Close() }()
	listed, err := root.Lstat(found.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrChanged
	}
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	// Without O_NONBLOCK, a named pipe that just replaced the file would block forever.
	f, err := root.OpenFile(found.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	opened, err := f.Stat()
	if err == nil && (!listed.Mode().IsRegular() || !os.SameFile(listed, opened)) {
		err = ErrChanged
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &unchanged{f, found}, nil
}

// Remove deletes a file in the folder.
func (d Directory) Remove(_ context.Context, found Found) error {
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	defer func() { _ = root.Close() }()
	info, err := root.Lstat(found.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	if !foundOf(found.Name, info).Same(found) {
		return ErrChanged
	}
	if err := root.Remove(found.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}

// unchanged reads a file, and checks at its end that it did not change.
type unchanged struct {
	file  *os.File
	found Found
}

func (u *unchanged) Close() error { return u.file.Close() }

func (u *unchanged) Read(p []byte) (int, error) {
	n, err := u.file.Read(p)
	if errors.Is(err, io.EOF) {
		if info, statErr := u.file.Stat(); statErr != nil || !foundOf(u.found.Name, info).Same(u.found) {
			return n, errors.Join(ErrChanged, statErr)
		}
	}
	return n, err
}
