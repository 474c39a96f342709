package schedules

import "time"

// Windows returns the instants in [from, to) at which the schedule is due, in order and in UTC. A wall
// time that the clock skips in spring is due at the first instant after the gap. One that occurs twice in
// autumn is due the first time. Wall times that coincide are due once.
func (s *Schedule) Windows(from, to time.Time) []time.Time {
	var windows []time.Time
	// Wall times are computed as if they were UTC. No zone is more than a day off, and no gap is longer
	// than a day.
	wall, end := from.UTC().Add(-48*time.Hour), to.UTC().Add(48*time.Hour)
	for wall.Before(end) {
		next := s.spec.Next(wall)
		if next.IsZero() {
			// The package looks five years ahead, and around 2100 a 29 February is eight years away.
			wall = wall.AddDate(4, 0, 0)
			continue
		}
		wall = next
		if !s.Days.includes(wall) {
			continue
		}
		at := instant(wall, s.Zone)
		if at.Before(from) || !at.Before(to) || len(windows) > 0 && !at.After(windows[len(windows)-1]) {
			continue
		}
		windows = append(windows, at)
	}
	return windows
}

// DeadlineAfter returns the first deadline after a window; ok is false if the schedule has none.
func (s *Schedule) DeadlineAfter(window time.Time) (deadline time.Time, ok bool) {
	if s.Deadline == nil {
		return time.Time{}, false
	}
	y, m, d := window.In(s.Zone).Date()
	for ; ; d++ {
		at := instant(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(*s.Deadline), s.Zone)
		if at.After(window) {
			return at, true
		}
	}
}

// instant returns the first moment at which a clock in the zone shows the wall time, or the first moment
// after the gap if it never does.
func instant(wall time.Time, zone *time.Location) time.Time {
	// Of two moments, the offset from before a change yields the first. In a gap neither offset yields
	// the wall time; the one from before then yields a moment after the change.
	before, after := offsetBy(wall, -24*time.Hour, zone), offsetBy(wall, 24*time.Hour, zone)
	switch {
	case shows(before, zone).Equal(wall):
		return before
	case shows(after, zone).Equal(wall):
		return after
	}
	change, _ := before.In(zone).ZoneBounds()
	return change.UTC()
}

// offsetBy converts a wall time with the offset in use at a distance from it.
func offsetBy(wall time.Time, away time.Duration, zone *time.Location) time.Time {
	_, offset := wall.Add(away).In(zone).Zone()
	return wall.Add(-time.Duration(offset) * time.Second)
}

// shows returns what a clock in the zone shows at a moment, as if it were UTC.
func shows(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.Add(time.Duration(offset) * time.Second).UTC()
}
