package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// BlockSize is what a file takes at least, in bytes, and by which it grows.
const BlockSize = 4096

// Spare is how many times what the last run used must be free: what it took at its most is seen between
// stages only, and deliveries grow.
const SpaceFactor = 2

// emptyRoom is what a first run takes beside its deliveries, for results, marts and warehouse.
const FirstRunSpace = 16_000_000

// RecentRuns is how many runs are looked at for one that used anything.
const RecentRuns = 50

func blocks(info fs.FileInfo) int64 { return (info.Size() + BlockSize - 1) / BlockSize * BlockSize }

func freeOnDisk(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("how much room there is in %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert,gosec // the types differ by platform
}

// A Usage is what a data directory takes, and has left, in bytes.
type Usage struct {
	Folders []FolderUsage `json:"folders"`
	Free    int64         `json:"free"`
	// Needed is what must be free before a run begins.
	Needed int64 `json:"needed"`
}

// FolderUsage is what one folder, or file, of the data directory takes. A file that stands in several
// versions of the marts is counted once.
type FolderUsage struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Files int64  `json:"files"`
}

// UsageOf adds up what a data directory takes.
func UsageOf(o Dir) (*Usage, error) {
	if err := Check(o.Path); err != nil {
		return nil, err
	}
	u := &Usage{Folders: []FolderUsage{}}
	entries, err := os.ReadDir(o.Path)
	if err != nil {
		return nil, fmt.Errorf("what takes room in %s: %w", o.Path, err)
	}
	seen := map[uint64]bool{}
	for _, e := range entries {
		f := FolderUsage{Name: e.Name()}
		if f.Bytes, f.Files, err = FolderSize(filepath.Join(o.Path, e.Name()), seen); err != nil {
			return nil, err
		}
		if f.Bytes > 0 {
			u.Folders = append(u.Folders, f)
		}
	}
	slices.SortStableFunc(u.Folders, func(a, b FolderUsage) int { return int(max(-1, min(1, b.Bytes-a.Bytes))) })
	if u.Free, err = o.FreeSpace(); err != nil {
		return nil, err
	}
	u.Needed, _, err = o.SpaceNeeded()
	return u, err
}

// FolderSize adds up a file, or all below a folder, but for files that were seen, by inode. What
// goes away meanwhile, or is not there, counts for nothing.
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
		return 0, 0, fmt.Errorf("what takes room in %s: %w", root, err)
	}
	return bytes, files, nil
}

// SizeText writes a size for people, in powers of 1000.
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
