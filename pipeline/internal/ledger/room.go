package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Room is what a run took of the disk, in bytes, each file counted in whole blocks of 4096.
type Room struct {
	Free int64 `json:"free"` // before it began
	// Used is the most that its new files took together, those in work too, as seen between its stages.
	Used int64 `json:"used"`
	// Written are the new files that stay, by folder; marts has the warehouse as well.
	Written map[string]int64 `json:"written,omitempty"`
}

// Latest is the run, among the last so many whose file was written, that is what is asked for; nil when
// there is none. Damaged files are passed over.
func (l Ledger) Latest(most int, is func(*Run) bool) (*Run, error) {
	entries, err := os.ReadDir(l.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	type file struct {
		id       string
		modified time.Time
	}
	var files []file
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		info, err := e.Info()
		if ok && err == nil && !e.IsDir() && !strings.HasPrefix(id, ".") {
			files = append(files, file{id, info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return b.modified.Compare(a.modified) })
	for _, f := range files[:min(most, len(files))] {
		if r, err := l.Read(f.id); err == nil && is(r) {
			return r, nil
		}
	}
	return nil, nil
}
