package ledger

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// An Index caches the runs of a ledger, without their findings, deliveries, notes and changes, and rereads
// only files that changed. It may be used by several goroutines at once.
type Index struct {
	Ledger Ledger

	mu    sync.Mutex
	files map[string]indexed
}

type indexed struct {
	modified time.Time
	size     int64
	run      *Run // nil if the file is damaged
}

// Runs returns all runs, latest first, and the names of damaged files. The caller must not change them.
func (x *Index) Runs() (runs []*Run, damaged []string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	entries, err := x.Ledger.files()
	if err != nil {
		return nil, nil, err
	}
	files := map[string]indexed{}
	for id, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // just removed
		}
		f, known := x.files[id]
		if !known || !f.modified.Equal(info.ModTime()) || f.size != info.Size() {
			run, err := x.Ledger.Read(id)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			f = indexed{modified: info.ModTime(), size: info.Size()}
			if err == nil {
				f.run = run
				f.run.Findings, f.run.Loaded, f.run.Notes, f.run.Changes = nil, nil, nil, nil
			}
		}
		files[id] = f
	}
	x.files = files
	for id, f := range files {
		if f.run == nil {
			damaged = append(damaged, id)
		} else {
			runs = append(runs, f.run)
		}
	}
	slices.Sort(damaged)
	sortRuns(runs)
	return runs, damaged, nil
}

func sortRuns(runs []*Run) {
	slices.SortFunc(runs, func(a, b *Run) int {
		// Of runs in the same second, the tenth follows the ninth.
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID))
	})
}

// Free reports whether the lock of a data directory is free. It takes the lock for a moment.
func Free(path string) (bool, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	release, err := Lock(path, Holder{PID: os.Getpid(), What: "a check whether the lock is free"})
	var locked *LockedError
	if errors.As(err, &locked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, release()
}

// LockPath returns the path of the lock of a data directory.
func LockPath(data string) string { return filepath.Join(data, ".lock") }

// DiskUse is the disk space that a run used, in bytes, with each file counted in whole blocks of 4096.
type DiskUse struct {
	Free int64 `json:"free"` // before it began
	// Used is the largest total of its new files, scratch included, as measured between stages.
	Used int64 `json:"used"`
	// Written is the size of the new files that remain, by directory; marts includes the warehouse.
	Written map[string]int64 `json:"written,omitempty"`
}

// Latest returns the last written of at most most runs for which is holds, or nil. It skips damaged files.
func (l Ledger) Latest(most int, is func(*Run) bool) (*Run, error) {
	entries, err := l.files()
	if err != nil {
		return nil, err
	}
	type file struct {
		id       string
		modified time.Time
	}
	var files []file
	for id, e := range entries {
		if info, err := e.Info(); err == nil {
			files = append(files, file{id, info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(b.modified.Compare(a.modified), cmp.Compare(b.id, a.id)) })
	for _, f := range files[:min(most, len(files))] {
		if r, err := l.Read(f.id); err == nil && is(r) {
			return r, nil
		}
	}
	return nil, nil
}
