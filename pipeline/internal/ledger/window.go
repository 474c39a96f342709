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

// The outcomes of a window besides those of a run.
const (
	Queued  = "queued"  // due, and waiting for its turn
	Skipped = "skipped" // without a run of its own; see Run.Skipped
)

const idTime = "20060102T150405Z"

// WindowID returns the name of the run of a window. All attempts have the same name.
func WindowID(schedule string, window time.Time) string {
	return window.UTC().Format(idTime) + "-" + schedule
}

// ParseWindowID is the inverse of WindowID. It is not ok for a run that belongs to no window.
func ParseWindowID(id string) (schedule string, window time.Time, ok bool) {
	at, schedule, found := strings.Cut(id, "-")
	window, err := time.Parse(idTime, at)
	if !found || err != nil || schedule == "" || schedule[0] < 'a' || schedule[0] > 'z' {
		return "", time.Time{}, false
	}
	return schedule, window, true
}

// Decided reports whether nothing more will be done for a window.
func (r *Run) Decided() bool {
	return r.Outcome != "" && r.Outcome != Queued && !r.Again
}

// Ended returns when the run ended, or when it began if it has not.
func (r *Run) Ended() time.Time {
	if r.Finished != nil {
		return *r.Finished
	}
	return r.Started
}

// MarkDamaged renames the damaged file of a run, so that it is preserved without being read again.
func (l Ledger) MarkDamaged(id string) error {
	path := filepath.Join(l.Dir, id+".json")
	if err := durable.Rename(path, path+".damaged"); err != nil {
		return fmt.Errorf("rename the damaged ledger file of run %s: %w", id, err)
	}
	return nil
}

// Log returns the path of the log of a run.
func (l Ledger) Log(id string) string { return filepath.Join(l.Dir, id+".log") }

// Prune removes the oldest runs and their logs until keep are left. It leaves the newest run of each
// schedule, undecided windows and damaged files.
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
			continue // a person must look at it
		}
		// Remove the log first: without its run it would never be found again.
		for _, path := range []string{l.Log(id), filepath.Join(l.Dir, id+".json")} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, fmt.Errorf("remove run %s: %w", id, err)
			}
		}
		removed++
	}
	return removed, nil
}
