package datadir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"

	"inbeeld/pipeline/internal/usage"
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
	err = EachFile(root, func(info fs.FileInfo) {
		st, ok := info.Sys().(*syscall.Stat_t)
		switch {
		case !info.Mode().IsRegular():
			return
		case ok && seen != nil && seen[st.Ino]:
			return
		case ok && seen != nil:
			seen[st.Ino] = true
		}
		files++
		bytes += blocks(info)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("measure disk use of %s: %w", root, err)
	}
	return bytes, files, nil
}

// EachFile calls do for each file below a folder. It skips files that are removed meanwhile.
func EachFile(root string, do func(fs.FileInfo)) error {
	return filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil && !entry.IsDir() {
			info, err = entry.Info()
		}
		if info != nil && err == nil {
			do(info)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
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

var memoryText = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)$`)

// memoryUnits are DuckDB's: powers of 1000, or of 1024 with an i.
var memoryUnits = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// minMemory is the least memory that a database can work with, in bytes.
const minMemory = 64e6

// parseSize returns a size in bytes.
func parseSize(text string) (bytes float64, ok bool) {
	m := memoryText.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(m[1], 64)
	return number * memoryUnits[m[2]], err == nil
}

// defaultMaxDelivery is the default of max_delivery, in bytes. No real extract comes near it.
const defaultMaxDelivery = 10_000_000_000

// LargestDelivery parses max_delivery: the size in bytes above which a file is not taken in.
func LargestDelivery(limit string) (int64, error) {
	if limit == "" {
		return defaultMaxDelivery, nil
	}
	bytes, ok := parseSize(limit)
	if !ok || bytes < 1 || bytes > 1e15 {
		return 0, usage.Errorf("max_delivery %q; write a number with KB, MB, GB or TB, such as 10GB", limit)
	}
	return int64(bytes), nil
}

// MemoryShare divides a memory limit over n databases that are open at the same time.
func MemoryShare(limit string, n int) (string, error) {
	bytes, ok := parseSize(limit)
	if !ok {
		return "", usage.Errorf("memory limit %q; write a number with KB, MB, GB or TB, such as 4GB", limit)
	}
	if bytes < minMemory {
		return "", usage.Errorf("memory limit %s is too small; give at least 64MB", limit)
	}
	return fmt.Sprintf("%.0fKB", max(bytes/float64(n), minMemory)/1e3), nil
}
