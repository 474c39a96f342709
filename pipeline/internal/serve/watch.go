package serve

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/schedules"
)

// Waiting is a file in an inbox that matches a contract.
type Waiting struct {
	Source, File string
	Size         int64
	Modified     time.Time
}

// arrivals are the files in the inbox at the last tick, and when they last changed.
type arrivals struct {
	fingerprint string
	changed     time.Time
	handled     bool // there is a window for these
}

// watch makes a window when files have arrived and have not changed for long enough. It makes only one
// for the same files: a file that a run leaves in the inbox needs a person.
func (s *Supervisor) watch(now time.Time, sch *schedules.Schedule, records []schedules.Record) error {
	if sch.Watch == nil {
		return nil
	}
	files, err := s.Inbox(sch.Watch.Sources)
	if err != nil {
		return fmt.Errorf("watch the inbox for schedule %s: %w", sch.Name, err)
	}
	if s.inbox == nil {
		s.inbox = map[string]*arrivals{}
	}
	seen := s.inbox[sch.Name]
	if fingerprint := fingerprintOf(files); seen == nil || seen.fingerprint != fingerprint {
		seen = &arrivals{fingerprint: fingerprint, changed: now}
		s.inbox[sch.Name] = seen
	}
	if len(files) == 0 || seen.handled || now.Sub(seen.changed) < sch.Watch.Quiet {
		return nil
	}
	// A queued or current run will process these files, or the next tick makes a window.
	if slices.ContainsFunc(records, func(r schedules.Record) bool { return r.State == schedules.Queued || r.State == schedules.Running }) {
		return nil
	}
	window := now.UTC().Truncate(time.Second)
	if err := s.decide(now, sch, schedules.Decision{Window: window}); err != nil {
		return err
	}
	seen.handled = true
	s.Log.Info().Str("run", ledger.WindowID(sch.Name, window)).Int("files", len(files)).Msg("deliveries have arrived")
	return nil
}

func fingerprintOf(files []Waiting) string {
	lines := make([]string, len(files))
	for i, f := range files {
		lines[i] = fmt.Sprintf("%s\x00%s\x00%d\x00%d", f.Source, f.File, f.Size, f.Modified.UnixNano())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
