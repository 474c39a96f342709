package datadir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// BlockSize is the allocation unit of a disk, in bytes.
const BlockSize = 4096

// SpaceFactor is the required free space relative to the disk use of the last run. Use is only measured
// between stages, and deliveries grow.
const SpaceFactor = 2

// FirstRunSpace is the bytes that a first run needs for results, marts and warehouse.
const FirstRunSpace = 16_000_000

// RecentRuns is how many runs SpaceNeeded searches for one that wrote anything.
const RecentRuns = 50

// blocks returns the bytes that a file takes on disk.
func blocks(info fs.FileInfo) int64 { return (info.Size() + BlockSize - 1) / BlockSize * BlockSize }

func freeOnDisk(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert,gosec // the types differ by platform
}

// Usage is the disk use of a data directory, in bytes.
type Usage struct {
	Folders []FolderUsage `json:"folders"`
	Free    int64         `json:"free"`
	// Needed must be free before a run begins.
	Needed int64 `json:"needed"`
}

// FolderUsage is the disk use of one folder or file at the top of the data directory. A file that several
// versions of the marts share counts once.
type FolderUsage struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Files int64  `json:"files"`
}

// UsageOf measures the disk use of a data directory.
func UsageOf(d Dir) (*Usage, error) {
	if err := Check(d.Path); err != nil {
		return nil, err
	}
	u := &Usage{Folders: []FolderUsage{}}
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return nil, fmt.Errorf("measure disk use of %s: %w", d.Path, err)
	}
	seen := map[uint64]bool{}
	for _, e := range entries {
		f := FolderUsage{Name: e.Name()}
		if f.Bytes, f.Files, err = FolderSize(filepath.Join(d.Path, e.Name()), seen); err != nil {
			return nil, err
		}
		if f.Bytes > 0 {
			u.Folders = append(u.Folders, f)
		}
	}
	slices.SortStableFunc(u.Folders, func(a, b FolderUsage) int { return cmp.Compare(b.Bytes, a.Bytes) })
	if u.Free, err = d.FreeSpace(); err != nil {
		return nil, err
	}
	u.Needed, _, err = d.SpaceNeeded()
	return u, err
}

// FolderSize adds up a file or the files below a folder. It skips and records inodes in seen, unless that is
// nil. A missing file counts as 0.
func FolderSize(root string, seen map[uint64]bool) (bytes, files int64, err error) {
	err = filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil && !entry.IsDir() {
			info, err = entry.Info()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || info == nil || !info.Mode().IsRegular():
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && seen != nil {
			if seen[st.Ino] {
				return nil
			}
			seen[st.Ino] = true
		}
		files++
		bytes += blocks(info)
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("measure disk use of %s: %w", root, err)
	}
	return bytes, files, nil
}

// SizeText formats a size in powers of 1000.
func SizeText(bytes int64) string {
	size, unit := float64(bytes), "B"
	for _, next := range []string{"KB", "MB", "GB", "TB"} {
		if size < 1000 {
			break
		}
		size, unit = size/1000, next
	}
	if unit == "B" || size >= 100 {
		return fmt.Sprintf("%.0f %s", size, unit)
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}
