package serve

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/schedules"
)

// recordOf returns the record of a run for package schedules.
func recordOf(r *ledger.Run) schedules.Record {
	rec := schedules.Record{Window: *r.Window, State: schedules.Running}
	switch {
	case r.Decided():
		rec.State = schedules.Done
	case r.Outcome == ledger.Queued:
		rec.State = schedules.Queued
	case r.Again:
		rec.State = schedules.Retrying
	}
	for _, a := range r.Attempts {
		if a.Outcome == failed {
			rec.Attempts++
			rec.Ended = a.Finished
		}
	}
	return rec
}

// records reads the ledger and repairs what an earlier service left: damaged files, and windows whose run
// ended unobserved.
func (s *Supervisor) records(now time.Time) ([]*ledger.Run, error) {
	runs, damaged, err := s.Index.Runs()
	if err != nil {
		return nil, err
	}
	changed := false
	for _, id := range damaged {
		schedule, window, ok := ledger.ParseWindowID(id)
		if !ok || s.going != nil && s.going.order.ID == id {
			continue // a run without a window: the commands report it
		}
		last := !slices.ContainsFunc(runs, func(r *ledger.Run) bool { return r.Schedule == schedule && r.Window != nil && r.Window.After(window) })
		if err := s.restore(now, id, schedule, window, last); err != nil {
			return nil, err
		}
		changed = true
	}
	for _, r := range runs {
		if r.Window == nil || s.going != nil && s.going.order.ID == r.ID || !s.unjudged(r) {
			continue
		}
		if free, err := s.Free(); err != nil || !free {
			return runs, err // this run or another is still in progress: try again later
		}
		// The run may just have ended.
		fresh, err := s.Ledger.Read(r.ID)
		if err != nil {
			return nil, err
		}
		if !s.unjudged(fresh) {
			continue
		}
		why := fresh.Failure
		if fresh.Outcome == "" {
			why = "the run stopped without an outcome: it was killed, or the machine stopped"
		}
		order := Order{ID: r.ID, Schedule: r.Schedule, Window: *r.Window}
		if err := s.failed(s.schedule(r.Schedule), order, fresh.Started, fresh.Ended(), why, true); err != nil {
			return nil, err
		}
		changed = true
	}
	if !changed {
		return runs, nil
	}
	runs, _, err = s.Index.Runs()
	return runs, err
}

// unjudged reports whether a run of a window ended without being judged.
func (s *Supervisor) unjudged(r *ledger.Run) bool {
	judged := len(r.Attempts) > 0 && r.Attempts[len(r.Attempts)-1].Started.Equal(r.Started)
	return r.Outcome == "" || r.Again && !judged
}

// restore replaces a damaged ledger file. A window whose version is current is done. Otherwise the last
// window of its schedule runs again; an earlier one does not, since it may have published.
func (s *Supervisor) restore(now time.Time, id, schedule string, window time.Time, last bool) error {
	s.Log.Error().Str("run", id).Msg("the ledger file is damaged; it is renamed, and the window is settled again")
	current, err := s.Current()
	if err != nil {
		return err
	}
	if err := s.Ledger.MarkDamaged(id); err != nil {
		return err
	}
	now = now.UTC()
	run := &ledger.Run{
		ID: id, Schedule: schedule, Window: &window, Started: now, Stages: []ledger.Stage{},
		Notes: []string{"het logboekbestand was beschadigd; het staat ernaast als " + id + ".json.damaged"},
	}
	switch {
	case current == id:
		run.Outcome, run.Version, run.Finished = published, id, &now
	case last:
		run.Outcome = ledger.Queued
	default:
		run.Outcome, run.Finished, run.Failure = failed, &now, "its ledger file is damaged, so its outcome is unknown; what was published since is intact"
	}
	return s.Ledger.Write(run)
}

// settle records every window that is due, and whether it runs.
func (s *Supervisor) settle(now time.Time, runs []*ledger.Run) error {
	busy := s.going != nil
	for _, r := range runs {
		busy = busy || r.Window != nil && recordOf(r).State == schedules.Running
	}
	for _, sch := range s.schedules {
		var records []schedules.Record
		for _, r := range runs {
			if r.Schedule == sch.Name && r.Window != nil {
				records = append(records, recordOf(r))
			}
		}
		for _, d := range sch.Settle(records, now, busy, !s.started) {
			if err := s.decide(now, sch, d); err != nil {
				return err
			}
		}
		if err := s.watch(now, sch, records); err != nil {
			return err
		}
	}
	return nil
}

// decide writes one decision to the ledger.
func (s *Supervisor) decide(now time.Time, sch *schedules.Schedule, d schedules.Decision) error {
	window := d.Window.UTC()
	id := ledger.WindowID(sch.Name, window)
	run, err := s.Ledger.Read(id)
	if errors.Is(err, fs.ErrNotExist) {
		run, err = &ledger.Run{ID: id, Schedule: sch.Name, Window: &window, Started: now.UTC(), Stages: []ledger.Stage{}}, nil
	}
	if err != nil {
		return err
	}
	switch d.Skip {
	case "":
		run.Outcome = ledger.Queued
	case schedules.Superseded: // still failed
		run.Again, run.Skipped = false, string(d.Skip)
	default:
		ended := now.UTC()
		run.Outcome, run.Skipped, run.Finished, run.Again = ledger.Skipped, string(d.Skip), &ended, false
	}
	s.Log.Info().Str("run", id).Str("outcome", run.Outcome).Str("reason", string(d.Skip)).Msg("window")
	s.wrote = true
	if err := s.Ledger.Write(run); err != nil {
		return err
	}
	if d.Skip == schedules.Superseded {
		return s.noteFailure(now, run)
	}
	return nil
}

// deadlines records events for windows without a publication by their deadline, whether or not a run
// started.
func (s *Supervisor) deadlines(now time.Time, runs []*ledger.Run) error {
	var ended []time.Time
	for _, r := range runs {
		if r.InOrder() && r.Finished != nil {
			ended = append(ended, *r.Finished)
		}
	}
	for _, sch := range s.schedules {
		if sch.Deadline == nil {
			continue
		}
		own := slices.DeleteFunc(slices.Clone(runs), func(r *ledger.Run) bool {
			return r.Schedule != sch.Name || r.Window == nil || r.Window.After(now) || r.Skipped == string(schedules.New)
		})
		slices.SortFunc(own, func(a, b *ledger.Run) int { return cmp.Compare(a.ID, b.ID) }) // by window
		// Earlier ones were checked when they were the last.
		for _, r := range own[max(0, len(own)-2):] {
			deadline, late := sch.Late(*r.Window, now, ended)
			if !late {
				continue
			}
			noted, err := s.Ledger.Note(ledger.Event{
				Kind: ledger.DeadlineMissed, At: deadline.UTC(), Schedule: sch.Name, Window: *r.Window,
				Text: sentence("deadline", sch.Name, *r.Window, sch),
			})
			if err != nil {
				return err
			}
			if noted {
				s.Log.Error().Str("run", r.ID).Time("deadline", deadline).Msg("no publication at the deadline")
				s.announce()
			}
		}
	}
	return nil
}

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
