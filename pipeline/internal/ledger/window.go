package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
)

// The outcomes of a window beside those of a run.
const (
	Queued  = "queued"  // it is due and waits for its turn
	Skipped = "skipped" // it has no run of its own, see Run.Skipped
)

const idTime = "20060102T150405Z"

// WindowID names the run of a window: the same window has the same run, however often it is tried.
func WindowID(schedule string, window time.Time) string {
	return window.UTC().Format(idTime) + "-" + schedule
}

// ParseWindowID is the other way round; it is not ok for a run that belongs to no window.
func ParseWindowID(id string) (schedule string, window time.Time, ok bool) {
	at, schedule, found := strings.Cut(id, "-")
	window, err := time.Parse(idTime, at)
	if !found || err != nil || schedule == "" || schedule[0] < 'a' || schedule[0] > 'z' {
		return "", time.Time{}, false
	}
	return schedule, window, true
}

// Decided tells whether nothing more is to be done for a window.
func (r *Run) Decided() bool {
	return r.Outcome != "" && r.Outcome != Queued && !r.Again
}

// Ended is when the run ended, or when it began while it has not.
func (r *Run) Ended() time.Time {
	if r.Finished != nil {
		return *r.Finished
	}
	return r.Started
}

// SetAside renames the file of a run that cannot be read, so that it can be looked at and is in
// nobody's way.
func (l Ledger) SetAside(id string) error {
	path := filepath.Join(l.Dir, id+".json")
	if err := durable.Rename(path, path+".damaged"); err != nil {
		return fmt.Errorf("set the damaged ledger file of run %s aside: %w", id, err)
	}
	return nil
}

// Log is the path of what the run of a window logged.
func (l Ledger) Log(id string) string { return filepath.Join(l.Dir, id+".log") }

// Prune removes the oldest runs, with their logs, until keep are left. The newest run of each schedule
// stays, and so does what is not decided yet, or cannot be read.
func (l Ledger) Prune(keep int) (removed int, err error) {
	ids, err := l.IDs()
	if err != nil || len(ids) <= keep {
		return 0, err
	}
	newest := map[string]string{}
	for _, id := range ids { // in order of time
		if schedule, _, ok := ParseWindowID(id); ok {
			newest[schedule] = id
		}
	}
	for _, id := range ids[:len(ids)-keep] {
		schedule, _, ok := ParseWindowID(id)
		if ok && newest[schedule] == id {
			continue
		}
		if r, err := l.Read(id); err != nil || ok && !r.Decided() {
			continue // it is for somebody to look at
		}
		// The log first: a log without its run would never be found again.
		for _, path := range []string{l.Log(id), filepath.Join(l.Dir, id+".json")} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, fmt.Errorf("remove run %s: %w", id, err)
			}
		}
		removed++
	}
	return removed, nil
}
