package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"inbeeld/pipeline/internal/ledger"
)

// block is what a file takes at least, in bytes, and by which it grows.
const block = 4096

// spare is how many times what the last run used must be free: what it took at its most is seen between
// stages only, and deliveries grow.
const spare = 2

// emptyRoom is what a first run takes beside its deliveries, for results, marts and warehouse.
const emptyRoom = 16_000_000

// recentRuns is how many runs are looked at for one that used anything.
const recentRuns = 50

// A roomMeter adds up what a run writes.
type roomMeter struct {
	mu      sync.Mutex
	written map[string]int64
}

// wrote counts files that stay, under the folder that they are in. Those that are not there count for
// nothing.
func (r *Journal) wrote(folder string, paths ...string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			r.addRoom(folder, blocks(info))
		}
	}
}

// wroteNew is wrote for a file that may be shared with an earlier version.
func (r *Journal) wroteNew(folder, path string) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return
	}
	r.addRoom(folder, blocks(info))
}

func (r *Journal) addRoom(folder string, bytes int64) {
	r.room.mu.Lock()
	defer r.room.mu.Unlock()
	if r.room.written == nil {
		r.room.written = map[string]int64{}
	}
	r.room.written[folder] += bytes
}

func blocks(info fs.FileInfo) int64 { return (info.Size() + block - 1) / block * block }

// measure notes in the ledger of the run what it uses now, if that is more than before.
func (r *Journal) measure() {
	if r.Run == nil || r.Run.Room == nil {
		return
	}
	work, _, err := folderSize(r.Work, nil)
	if err != nil {
		r.Log.Debug().Err(err).Msg("what the run uses is not measured here")
		return
	}
	r.room.mu.Lock()
	defer r.room.mu.Unlock()
	r.Run.Room.Written = maps.Clone(r.room.written)
	for _, n := range r.room.written {
		work += n
	}
	r.Run.Room.Used = max(r.Run.Room.Used, work)
}

// checkRoom refuses a run for which the disk of the data directory is too full. It frees nothing:
// what may go is not for a run to say.
func (r *Journal) checkRoom(ignore bool) error {
	free, lacks, err := r.lacksRoom()
	if err != nil {
		return err
	}
	r.Run.Room = &ledger.Room{Free: free}
	switch {
	case lacks == "":
	case ignore:
		r.Log.Warn().Msg(lacks)
	default:
		return errors.New(lacks + "; make room, or run once with --ignore-room when you know that it fits (inbeeld status shows what takes room)")
	}
	return nil
}

// lacksRoom says that there is too little room for a run, "" when there is enough.
func (r Dir) lacksRoom() (free int64, text string, err error) {
	if free, err = r.freeRoom(); err != nil {
		return 0, "", err
	}
	need, why, err := r.roomNeeded()
	if err != nil || free >= need {
		return free, "", err
	}
	return free, fmt.Sprintf("the disk of %s has %s free, and a run needs %s: twice %s", r.Path, SizeText(free), SizeText(need), why), nil
}

func (r Dir) freeRoom() (int64, error) {
	if r.Free != nil {
		return r.Free(r.Path)
	}
	return freeOnDisk(r.Path)
}

func freeOnDisk(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("how much room there is in %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert,gosec // the types differ by platform
}

// roomNeeded is how much must be free before a run begins, and of what that is twice: what the last run
// that wrote anything used, or what lies in the inbox when that is more. A first run is thought to use
// what lies in the inbox, and emptyRoom.
func (r Dir) roomNeeded() (need int64, why string, err error) {
	book := ledger.Ledger{Dir: filepath.Join(r.Path, "runs")}
	last, err := book.Latest(recentRuns, func(run *ledger.Run) bool { return run.Room != nil && run.Room.Used > 0 })
	if err != nil {
		return 0, "", err
	}
	inbox, _, err := folderSize(filepath.Join(r.Path, "inbox"), nil)
	if err != nil {
		return 0, "", err
	}
	switch {
	case last == nil:
		inbox += emptyRoom
		return spare * inbox, fmt.Sprintf("what a first run takes (%s)", SizeText(inbox)), nil
	case last.Room.Used >= inbox:
		return spare * last.Room.Used, fmt.Sprintf("what run %s used (%s)", last.ID, SizeText(last.Room.Used)), nil
	}
	return spare * inbox, fmt.Sprintf("what lies in the inbox (%s)", SizeText(inbox)), nil
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
	if err := CheckData(o.Path); err != nil {
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
		if f.Bytes, f.Files, err = folderSize(filepath.Join(o.Path, e.Name()), seen); err != nil {
			return nil, err
		}
		if f.Bytes > 0 {
			u.Folders = append(u.Folders, f)
		}
	}
	slices.SortStableFunc(u.Folders, func(a, b FolderUsage) int { return int(max(-1, min(1, b.Bytes-a.Bytes))) })
	if u.Free, err = o.freeRoom(); err != nil {
		return nil, err
	}
	u.Needed, _, err = o.roomNeeded()
	return u, err
}

// folderSize adds up a file, or all below a folder, but for files that were seen, by inode. What
// goes away meanwhile, or is not there, counts for nothing.
func folderSize(root string, seen map[uint64]bool) (bytes, files int64, err error) {
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
