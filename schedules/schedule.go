// Package schedules owns when a run is due. A schedule says at which wall times, in which time zone,
// and what to do about the ones that were missed. A window is one instant at which a schedule is
// due. Everything here is a pure function of schedule and time.
package schedules

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	// A machine without a time zone database must not move the night.
	_ "time/tzdata"

	"github.com/robfig/cron/v3"

	"inbeeld/pipeline/projectfile"
)

// A CatchUp says which of the windows that were missed still run.
type CatchUp string

// The ways to catch up.
const (
	CatchUpNone   CatchUp = "none"
	CatchUpLatest CatchUp = "latest"
	CatchUpAll    CatchUp = "all"
)

// An Overlap says what happens to a window that is due while a run is going on.
type Overlap string

// The ways to handle overlap.
const (
	OverlapSkip  Overlap = "skip"
	OverlapQueue Overlap = "queue"
)

// A Schedule says when runs are due.
type Schedule struct {
	// Name is an identifier: schedules/nachtelijk.yaml is "nachtelijk".
	Name, Path string
	// Cron has five fields: minute, hour, day of month, month, day of week.
	Cron    string
	Zone    *time.Location
	Days    Days
	CatchUp CatchUp
	Overlap Overlap
	// Timeout ends a run that takes longer; 0 lets it go on.
	Timeout time.Duration
	Retry   Retry
	// Deadline is the wall time by which there must be a publication, as time since midnight; nil when
	// there is none.
	Deadline *time.Duration
	// Watch asks for a run beside the windows of Cron when deliveries have come in; nil does not.
	Watch *Watch

	spec cron.Schedule
}

// A Watch asks for a run when files lie in the inbox that have not changed for a while.
type Watch struct {
	// Sources are those whose files count; none is all.
	Sources []string
	// Quiet is how long no file must have come or changed.
	Quiet time.Duration
}

// Retry says how often a failed run is tried in all, and how long to wait before each further try.
type Retry struct {
	Attempts int
	Backoff  time.Duration
}

// file is a schedule as written.
type file struct {
	Cron     string `yaml:"cron"`
	Timezone string `yaml:"timezone"`
	Days     string `yaml:"days"`
	CatchUp  string `yaml:"catch_up"`
	Overlap  string `yaml:"overlap"`
	Timeout  string `yaml:"timeout"`
	Retry    *struct {
		Attempts *int   `yaml:"attempts"`
		Backoff  string `yaml:"backoff"`
	} `yaml:"retry"`
	Deadline string `yaml:"deadline"`
	Watch    *struct {
		Sources []string `yaml:"sources"`
		Quiet   string   `yaml:"quiet"`
	} `yaml:"watch"`
}

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	clock      = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)$`)
)

// ParseSchedule reads the schedule at name, schedules/<name>.yaml. Only cron and timezone must be
// there; by default every day counts, the latest missed window is caught up, overlap is skipped, and a
// run is tried once without a time limit. With faults there is no schedule.
func ParseSchedule(name string, data []byte) (*Schedule, projectfile.Faults) {
	doc, faults := projectfile.Parse(name, data)
	if len(faults) > 0 {
		return nil, faults
	}
	f := file{Days: string(DaysAll), CatchUp: string(CatchUpLatest), Overlap: string(OverlapSkip)}
	if faults := doc.Decode(&f); len(faults) > 0 {
		return nil, faults
	}
	s := &Schedule{
		Path: name, Name: strings.TrimSuffix(path.Base(name), ".yaml"), Cron: f.Cron, Days: Days(f.Days),
		CatchUp: CatchUp(f.CatchUp), Overlap: Overlap(f.Overlap), Retry: Retry{Attempts: 1},
	}
	add := func(at, hint, format string, args ...any) { faults = append(faults, doc.At(at, hint, format, args...)) }
	if !identifier.MatchString(s.Name) {
		add("$", "use lower-case letters, digits and _, and .yaml", "the file name is the name of the schedule, and %q is not an identifier", s.Name)
	}
	var err error
	if s.spec, err = parseCron(f.Cron); err != nil {
		add("$.cron", `write minute, hour, day of month, month, day of week, such as "30 2 * * *"`, "cron %q: %v", f.Cron, err)
	}
	if s.Zone, err = time.LoadLocation(f.Timezone); err != nil || f.Timezone == "" || f.Timezone == "Local" {
		add("$.timezone", "write a name such as Europe/Amsterdam", "unknown timezone %q", f.Timezone)
	}
	choose := func(key, value string, from ...string) {
		for _, c := range from {
			if value == c {
				return
			}
		}
		add("$."+key, projectfile.DidYouMean(value, from), "unknown %s %q", key, value)
	}
	choose("days", f.Days, string(DaysAll), string(DaysWorking), string(DaysFirstWorking))
	choose("catch_up", f.CatchUp, string(CatchUpNone), string(CatchUpLatest), string(CatchUpAll))
	choose("overlap", f.Overlap, string(OverlapSkip), string(OverlapQueue))
	span := func(key, value string) time.Duration {
		if value == "" {
			return 0
		}
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			add("$."+key, "write a time such as 10m or 2h", "%s is not a duration: %q", key, value)
		}
		return d
	}
	s.Timeout = span("timeout", f.Timeout)
	if r := f.Retry; r != nil {
		s.Retry.Backoff = span("retry.backoff", r.Backoff)
		if r.Attempts != nil {
			s.Retry.Attempts = *r.Attempts
		}
		if s.Retry.Attempts < 1 || s.Retry.Attempts > 100 {
			add("$.retry.attempts", "write 1 for no retry", "retry.attempts must be 1 to 100, not %d", s.Retry.Attempts)
		}
	}
	if f.Deadline != "" {
		if s.Deadline, err = parseClock(f.Deadline); err != nil {
			add("$.deadline", `write hours and minutes in quotes, such as "07:00"`, "deadline: %v", err)
		}
	}
	if w := f.Watch; w != nil {
		s.Watch = &Watch{Sources: w.Sources, Quiet: 5 * time.Minute}
		if w.Quiet != "" {
			s.Watch.Quiet = span("watch.quiet", w.Quiet)
		}
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	if s.Days != DaysAll && s.before(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		add("$.days", "change cron or days", "cron %q never fires on days: %s", s.Cron, s.Days)
		return nil, faults
	}
	return s, nil
}

func parseClock(text string) (*time.Duration, error) {
	m := clock.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%q is not a time of day", text)
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	return &d, nil
}

// parseCron refuses what the cron package would take or stumble over: zones, which the schedule has
// a key for, intervals, which depend on when they began, and specs that never fire.
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
	// Within the five years that the package looks ahead from here there is a 29 February.
	if spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("it never fires")
	}
	return spec, nil
}
