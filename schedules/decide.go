package schedules

import (
	"slices"
	"time"
)

// A State is how far a window has come.
type State int

// The states of a window that the ledger knows.
const (
	// Queued waits for its first attempt, or for another one after an interruption.
	Queued State = iota
	// Going has a run now.
	Going
	// Retrying failed in a way that another attempt may mend.
	Retrying
	// Done is everything else: published, nothing to do, blocked, failed for good, or skipped.
	Done
)

// A Record is what the ledger says about one window.
type Record struct {
	Window time.Time
	State  State
	// Attempts were begun; Ended is when the last of them did.
	Attempts int
	Ended    time.Time
}

// A Reason says why a window has no run of its own.
type Reason string

// The reasons.
const (
	// New: the window was due before the schedule was first seen.
	New Reason = "new"
	// Missed: nobody was there to run it, and catch_up is none.
	Missed Reason = "missed"
	// Later: nobody was there to run it, and a later window does its work.
	Later Reason = "later"
	// Overlapped: another run was going on, and overlap is skip.
	Overlapped Reason = "overlap"
	// Superseded: it failed, and the next window came before the next attempt.
	Superseded Reason = "superseded"
)

// A Decision is about a window that is due: it is to be queued, or with a Reason left out.
type Decision struct {
	Window time.Time
	Skip   Reason
}

// Tolerance is how long after its time a window still counts as noticed in time; later it was missed.
const Tolerance = 2 * time.Minute

// mostMissed bounds how many missed windows are looked at, for a schedule of every minute after a
// long absence. Those before them are not accounted for one by one.
const mostMissed = 1000

// Settle decides about every window up to now that has no record yet, and about those that waited
// when the service began (restarted). The decisions are in order of window; a window that stays
// queued is not among them. Nothing is due twice: windows up to the newest record that is not in the
// future have been decided about, so neither a clock that was set back nor a cron that was changed
// brings old windows up.
func (s *Schedule) Settle(records []Record, now time.Time, going, restarted bool) []Decision {
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
	missed = missed[max(0, len(missed)-mostMissed):]
	overlaps := going && s.Overlap == OverlapSkip
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

// superseded are the windows that wait for another attempt while a later one is to run.
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
	var given []Decision
	for _, r := range records {
		if r.State == Retrying && r.Window.Before(last) {
			given = append(given, Decision{Window: r.Window, Skip: Superseded})
		}
	}
	return given
}

// Ready is when the next attempt at a window may begin; it is not ok when there is none to come.
func (s *Schedule) Ready(r Record) (at time.Time, ok bool) {
	switch r.State {
	case Queued:
		return r.Window, true
	case Retrying:
		return r.Ended.Add(s.Backoff(r.Attempts)), r.Attempts < s.Retry.Attempts
	case Going, Done:
	}
	return time.Time{}, false
}

// longest is the longest wait between two attempts.
const longest = 24 * time.Hour

// Backoff is the wait after so many failed attempts: that of the schedule, doubled each time.
func (s *Schedule) Backoff(attempts int) time.Duration {
	wait := s.Retry.Backoff
	for i := 1; i < attempts && wait < longest; i++ {
		wait *= 2
	}
	return min(wait, longest)
}

// Late tells whether at now the deadline of a window has passed without a publication: published are
// the moments at which a run ended with the marts in order. The moment is that of the deadline.
func (s *Schedule) Late(window, now time.Time, published []time.Time) (deadline time.Time, late bool) {
	deadline, ok := s.DeadlineAfter(window)
	if !ok || now.Before(deadline) {
		return deadline, false
	}
	return deadline, !slices.ContainsFunc(published, func(at time.Time) bool { return !at.Before(window) && !at.After(deadline) })
}

// before is the last window up to now, the zero time when there was none for a long time.
func (s *Schedule) before(now time.Time) time.Time {
	for days := 1; days <= 16*366; days *= 4 {
		if w := s.Windows(now.AddDate(0, 0, -days), now.Add(1)); len(w) > 0 {
			return w[len(w)-1]
		}
	}
	return time.Time{}
}
