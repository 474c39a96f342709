package schedules

import (
	"slices"
	"time"
)

// State is the progress of a window.
type State int

// The states of a window in the ledger.
const (
	// Queued waits for its first attempt, or for a new one after an interruption.
	Queued State = iota
	// Running has a run in progress.
	Running
	// Retrying failed in a way that another attempt may fix.
	Retrying
	// Done is everything else: published, nothing to do, blocked, failed for good, or skipped.
	Done
)

// A Record is the entry of one window in the ledger.
type Record struct {
	Window time.Time
	State  State
	// Attempts is the number of attempts so far; Ended is when the last one ended.
	Attempts int
	Ended    time.Time
}

// Reason is why a window gets no run.
type Reason string

// The reasons.
const (
	// New: the window was due before the schedule was first seen.
	New Reason = "new"
	// Missed: the service was down, and catch_up is none.
	Missed Reason = "missed"
	// Later: the service was down, and a later window does the work.
	Later Reason = "later"
	// Overlapped: another run was in progress, and overlap is skip.
	Overlapped Reason = "overlap"
	// Superseded: it failed, and the next window came before the next attempt.
	Superseded Reason = "superseded"
)

// A Decision queues a due window, or skips it for a Reason.
type Decision struct {
	Window time.Time
	Skip   Reason
}

// Tolerance is how late a window may be noticed before it counts as missed.
const Tolerance = 2 * time.Minute

// maxMissed is the maximum number of missed windows that get a record, for a schedule of every minute
// after a long absence. Earlier ones get none.
const maxMissed = 1000

// Settle decides about every window up to now that has no record yet and, if the service has restarted,
// about those that were queued. Decisions are in order of window and leave out windows that stay queued.
// No window is due twice: every window up to the newest record that is not in the future has been decided
// about, so neither a clock set back nor a changed cron revives old windows.
func (s *Schedule) Settle(records []Record, now time.Time, running, restarted bool) []Decision {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b Record) int { return a.Window.Compare(b.Window) })
	var newest time.Time
	known := map[time.Time]bool{}
	for _, r := range records {
		known[r.Window.UTC()] = true
		if !r.Window.After(now) {
			newest = r.Window
		}
	}
	if newest.IsZero() {
		before := s.before(now)
		if before.IsZero() {
			return nil
		}
		return []Decision{{Window: before, Skip: New}}
	}
	var missed, inTime []time.Time
	waited := map[time.Time]bool{}
	if restarted {
		for _, r := range records {
			if r.State == Queued && !r.Window.After(now) {
				missed = append(missed, r.Window)
				waited[r.Window] = true
			}
		}
	}
	for _, w := range s.Windows(newest.Add(1), now.Add(1)) {
		switch {
		case known[w]:
		case now.Sub(w) > Tolerance:
			missed = append(missed, w)
		default:
			inTime = append(inTime, w)
		}
	}
	missed = missed[max(0, len(missed)-maxMissed):]
	overlaps := running && s.Overlap == OverlapSkip
	var decisions []Decision
	for i, w := range missed {
		last := i == len(missed)-1 && (len(inTime) == 0 || overlaps)
		d := Decision{Window: w}
		switch {
		case s.CatchUp == CatchUpNone && !waited[w]:
			d.Skip = Missed
		case s.CatchUp == CatchUpNone && !last, s.CatchUp == CatchUpLatest && !last:
			d.Skip = Later
		}
		if d.Skip != "" || !waited[w] {
			decisions = append(decisions, d)
		}
	}
	for _, w := range inTime {
		d := Decision{Window: w}
		if overlaps {
			d.Skip = Overlapped
		}
		decisions = append(decisions, d)
	}
	return append(s.superseded(records, decisions), decisions...)
}

// superseded skips the windows that wait for another attempt although a later window will run.
func (s *Schedule) superseded(records []Record, decisions []Decision) []Decision {
	var last time.Time
	for _, d := range decisions {
		if d.Skip == "" {
			last = d.Window
		}
	}
	for _, r := range records {
		if r.State == Queued && r.Window.After(last) && !slices.ContainsFunc(decisions, func(d Decision) bool { return d.Window.Equal(r.Window) }) {
			last = r.Window
		}
	}
	var skipped []Decision
	for _, r := range records {
		if r.State == Retrying && r.Window.Before(last) {
			skipped = append(skipped, Decision{Window: r.Window, Skip: Superseded})
		}
	}
	return skipped
}

// Ready returns when the next attempt at a window may begin; ok is false if there is none.
func (s *Schedule) Ready(r Record) (at time.Time, ok bool) {
	switch r.State {
	case Queued:
		return r.Window, true
	case Retrying:
		return r.Ended.Add(s.Backoff(r.Attempts)), r.Attempts < s.Retry.Attempts
	case Running, Done:
	}
	return time.Time{}, false
}

// maxBackoff is the longest wait between two attempts.
const maxBackoff = 24 * time.Hour

// Backoff returns the wait after a number of failed attempts: that of the schedule, doubled each time, and
// at most a day.
func (s *Schedule) Backoff(attempts int) time.Duration {
	wait := s.Retry.Backoff
	for i := 1; i < attempts && wait < maxBackoff; i++ {
		wait *= 2
	}
	return min(wait, maxBackoff)
}

// Late reports whether the deadline of a window has passed without a publication; published has
// the moments at which a run ended with the marts up to date.
func (s *Schedule) Late(window, now time.Time, published []time.Time) (deadline time.Time, late bool) {
	deadline, ok := s.DeadlineAfter(window)
	if !ok || now.Before(deadline) {
		return deadline, false
	}
	return deadline, !slices.ContainsFunc(published, func(t time.Time) bool { return !t.Before(window) && !t.After(deadline) })
}

// before returns the last window up to now, or the zero time if there was none for a long time.
func (s *Schedule) before(now time.Time) time.Time {
	for days := 1; days <= 16*366; days *= 4 {
		if w := s.Windows(now.AddDate(0, 0, -days), now.Add(1)); len(w) > 0 {
			return w[len(w)-1]
		}
	}
	return time.Time{}
}
