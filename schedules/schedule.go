package schedules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // for machines without a time zone database

	"github.com/robfig/cron/v3"

	"inbeeld/pipeline/projectfile"
)

// CatchUp selects which missed windows still run.
type CatchUp string

// The values of CatchUp.
const (
	CatchUpNone   CatchUp = "none"
	CatchUpLatest CatchUp = "latest"
	CatchUpAll    CatchUp = "all"
)

// Overlap selects what happens to a window that becomes due during a run.
type Overlap string

// The values of Overlap.
const (
	OverlapSkip  Overlap = "skip"
	OverlapQueue Overlap = "queue"
)

// A Schedule defines when runs are due.
type Schedule struct {
	// Name is an identifier: schedules/nachtelijk.yaml is "nachtelijk".
	Name, Path string
	// Cron has five fields: minute, hour, day of month, month, day of week.
	Cron    string
	Zone    *time.Location
	Days    Days
	CatchUp CatchUp
	Overlap Overlap
	// Timeout is the maximum duration of a run; 0 is no limit.
	Timeout time.Duration
	Retry   Retry
	// Deadline is the time of day, since midnight, by which there must be a publication; nil is none.
	Deadline *time.Duration
	// Watch, if set, also starts runs when deliveries arrive.
	Watch *Watch

	spec cron.Schedule
}

// A Watch starts a run when the files in the inbox have been still for a while.
type Watch struct {
	// Sources are the sources whose files count; empty means all.
	Sources []string
	// Quiet is how long no file may have arrived or changed.
	Quiet time.Duration
}

// Retry limits the attempts at a failing run: at most Attempts, 1 to 100, the second one after Backoff.
type Retry struct {
	Attempts int
	Backoff  time.Duration
}

// scheduleFile is a schedule as its file has it.
type scheduleFile struct {
	Cron     string `yaml:"cron"`
	Timezone string `yaml:"timezone"`
	Days     string `yaml:"days"`
	CatchUp  string `yaml:"catch_up"`
	Overlap  string `yaml:"overlap"`
	Timeout  string `yaml:"timeout"`
	Retry    struct {
		Attempts int    `yaml:"attempts"`
		Backoff  string `yaml:"backoff"`
	} `yaml:"retry"`
	Deadline string `yaml:"deadline"`
	Watch    *struct {
		Sources []string `yaml:"sources"`
		Quiet   string   `yaml:"quiet"`
	} `yaml:"watch"`
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// ParseSchedule parses the schedule file schedules/<name>.yaml. Only cron and timezone are required. By
// default a schedule is due on all days, catches up the latest missed window, skips windows during a run,
// and tries once without a time limit. The schedule is nil if there are faults.
func ParseSchedule(file string, data []byte) (*Schedule, projectfile.Faults) {
	doc, faults := projectfile.Parse(file, data)
	if len(faults) > 0 {
		return nil, faults
	}
	w := scheduleFile{Days: string(DaysAll), CatchUp: string(CatchUpLatest), Overlap: string(OverlapSkip)}
	w.Retry.Attempts = 1
	if faults := doc.Decode(&w); len(faults) > 0 {
		return nil, faults
	}
	s := &Schedule{
		Path: file, Name: strings.TrimSuffix(path.Base(file), ".yaml"), Cron: w.Cron, Days: Days(w.Days),
		CatchUp: CatchUp(w.CatchUp), Overlap: Overlap(w.Overlap), Retry: Retry{Attempts: w.Retry.Attempts},
	}
	fault := func(key, hint, format string, args ...any) {
		faults = append(faults, doc.At("$"+key, hint, format, args...))
	}
	if !identifier.MatchString(s.Name) {
		fault("", "use lower-case letters, digits and _, and .yaml", "the file name is the name of the schedule, and %q is not an identifier", s.Name)
	}
	var err error
	if s.spec, err = parseCron(w.Cron); err != nil {
		fault(".cron", `write minute, hour, day of month, month, day of week, such as "30 2 * * *"`, "cron %q: %v", w.Cron, err)
	}
	if s.Zone, err = time.LoadLocation(w.Timezone); err != nil || w.Timezone == "" || w.Timezone == "Local" {
		fault(".timezone", "write a name such as Europe/Amsterdam", "unknown timezone %q", w.Timezone)
	}
	choose := func(key, value string, known ...string) {
		if !slices.Contains(known, value) {
			fault("."+key, projectfile.DidYouMean(value, known), "unknown %s %q", key, value)
		}
	}
	choose("days", w.Days, string(DaysAll), string(DaysWorking), string(DaysFirstWorking))
	choose("catch_up", w.CatchUp, string(CatchUpNone), string(CatchUpLatest), string(CatchUpAll))
	choose("overlap", w.Overlap, string(OverlapSkip), string(OverlapQueue))
	duration := func(key, text string, byDefault time.Duration) time.Duration {
		if text == "" {
			return byDefault
		}
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			fault("."+key, "write a time such as 10m or 2h", "%s is not a duration: %q", key, text)
		}
		return d
	}
	s.Timeout, s.Retry.Backoff = duration("timeout", w.Timeout, 0), duration("retry.backoff", w.Retry.Backoff, 0)
	if s.Retry.Attempts < 1 || s.Retry.Attempts > 100 {
		fault(".retry.attempts", "write 1 for no retry", "retry.attempts must be 1 to 100, not %d", s.Retry.Attempts)
	}
	if w.Deadline != "" {
		if s.Deadline, err = parseClock(w.Deadline); err != nil {
			fault(".deadline", `write hours and minutes in quotes, such as "07:00"`, "deadline: %v", err)
		}
	}
	if w.Watch != nil {
		s.Watch = &Watch{Sources: w.Watch.Sources, Quiet: duration("watch.quiet", w.Watch.Quiet, 5*time.Minute)}
	}
	if len(faults) == 0 && s.Days != DaysAll && s.before(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		fault(".days", "change cron or days", "cron %q never fires on days: %s", s.Cron, s.Days)
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	return s, nil
}

// parseClock parses a time of day such as 07:00 into the time since midnight.
func parseClock(text string) (*time.Duration, error) {
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return nil, fmt.Errorf("%q is not a time of day", text)
	}
	d := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	return &d, nil
}

// parseCron parses a cron spec. It also refuses zones, which have their own key, intervals, which depend on
// when they began, and specs that never fire.
func parseCron(text string) (cron.Schedule, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, fmt.Errorf("it is empty")
	case strings.Contains(text, "="):
		return nil, fmt.Errorf("a zone does not belong here: use timezone")
	case strings.Contains(text, "@"):
		return nil, fmt.Errorf("@ is not supported")
	}
	spec, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
	if err != nil {
		return nil, err
	}
	// The package looks five years ahead, and from here that includes a 29 February.
	if spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("it never fires")
	}
	return spec, nil
}

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
