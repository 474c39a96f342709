package ledger

import (
	"cmp"
	"slices"
	"time"
)

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
