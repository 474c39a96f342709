package schedules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseScheduleReadsTheEmbeddedOne(t *testing.T) {
	data, err := Files.ReadFile("nachtelijk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, faults := ParseSchedule("schedules/nachtelijk.yaml", data)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if s.Name != "nachtelijk" || s.Zone.String() != "Europe/Amsterdam" || s.CatchUp != CatchUpLatest || s.Overlap != OverlapSkip ||
		s.Timeout != 2*time.Hour || s.Retry != (Retry{3, 10 * time.Minute}) || *s.Deadline != 7*time.Hour {
		t.Errorf("got %+v", s)
	}
	windows := s.Windows(moment(t, "2021-01-04T00:00:00Z"), moment(t, "2021-01-05T00:00:00Z"))
	if diff := cmp.Diff([]time.Time{moment(t, "2021-01-04T01:30:00Z")}, windows); diff != "" {
		t.Error(diff)
	}
}

func TestParseScheduleDefaults(t *testing.T) {
	s, faults := ParseSchedule("schedules/uur.yaml", []byte("cron: 0 * * * *\ntimezone: UTC\n"))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if s.CatchUp != CatchUpLatest || s.Overlap != OverlapSkip || s.Timeout != 0 || s.Retry != (Retry{1, 0}) || s.Deadline != nil {
		t.Errorf("got %+v", s)
	}
	if _, ok := s.DeadlineAfter(moment(t, "2021-01-04T00:00:00Z")); ok {
		t.Error("a schedule without deadline has one")
	}
}

func TestParseScheduleFaults(t *testing.T) {
	const good = "cron: 30 2 * * *\ntimezone: Europe/Amsterdam\n"
	for _, c := range []struct{ name, yaml, want string }{
		{"empty", "", `x.yaml:1:1: cron "": it is empty`},
		{"no cron", "timezone: UTC", `cron "": it is empty`},
		{"no zone", "cron: 30 2 * * *", `unknown timezone ""; write a name`},
		{"unknown key", good + "tijd: 1", `x.yaml:3:1: unknown key "tijd"`},
		{"repeated key", good + "timezone: UTC", `x.yaml:3:1: key "timezone" occurs twice; keep one`},
		{"syntax", "cron: [", `x.yaml:1:`},
		{"zone in cron", "cron: TZ=UTC\ntimezone: UTC", `x.yaml:1:7: cron "TZ=UTC": a zone does not belong here: use timezone`},
		{"CRON_TZ", "cron: CRON_TZ=UTC 0 0 * * *\ntimezone: UTC", `a zone does not belong here`},
		{"every", `cron: "@every 1h"` + "\ntimezone: UTC", `@ is not supported`},
		{"daily", `cron: "@daily"` + "\ntimezone: UTC", `@ is not supported`},
		{"never", "cron: 0 0 30 2 *\ntimezone: UTC", `cron "0 0 30 2 *": it never fires`},
		{"31 April", "cron: 0 0 31 4,6,9,11 *\ntimezone: UTC", `it never fires`},
		{"six fields", "cron: 0 0 2 * * *\ntimezone: UTC", `expected exactly 5 fields`},
		{"step of zero", "cron: '*/0 2 * * *'\ntimezone: UTC", `cron "*/0 2 * * *": `},
		{"hour 24", "cron: 0 24 * * *\ntimezone: UTC", `above maximum`},
		{"unknown zone", "cron: 0 2 * * *\ntimezone: Europe/Hilversum", `x.yaml:2:11: unknown timezone "Europe/Hilversum"`},
		{"local zone", "cron: 0 2 * * *\ntimezone: Local", `unknown timezone "Local"`},
		{"catch up", good + "catch_up: lates", `x.yaml:3:11: unknown catch_up "lates"; did you mean "latest"?`},
		{"overlap", good + "overlap: wait", `unknown overlap "wait"; known: skip, queue`},
		{"timeout", good + "timeout: 2 uur", `timeout is not a duration: "2 uur"`},
		{"negative timeout", good + "timeout: -2h", `timeout is not a duration`},
		{"attempts", good + "retry: {attempts: 0}", `x.yaml:3:19: retry.attempts must be 1 to 100, not 0`},
		{"backoff", good + "retry: {attempts: 2, backoff: 10}", `x.yaml:3:31: retry.backoff is not a duration: "10"`},
		{"days", good + "days: workdays", `unknown days "workdays"; known: all, working, first_working_of_month`},
		{"Christmas is no working day", "cron: 0 6 25 12 *\ntimezone: UTC\ndays: working", `never fires on days: working`},
		{"watch", good + "watch: {quiet: 5}", `watch.quiet is not a duration: "5"`},
		{"watch key", good + "watch: {source: [sonar]}", `unknown key "source"`},
		{"deadline", good + `deadline: "7:00"`, `x.yaml:3:11: deadline: "7:00" is not a time of day`},
		{"deadline 24:00", good + `deadline: "24:00"`, `"24:00" is not a time of day`},
		{"more than one", "cron: x\ntimezone: y\noverlap: z", "x.yaml:1:7: cron \"x\": expected exactly 5 fields, found 1: [x]; " +
			"write minute, hour, day of month, month, day of week, such as \"30 2 * * *\"\n" +
			"x.yaml:2:11: unknown timezone \"y\"; write a name such as Europe/Amsterdam\n" +
			"x.yaml:3:10: unknown overlap \"z\"; known: skip, queue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, faults := ParseSchedule("x.yaml", []byte(c.yaml))
			if s != nil || !strings.Contains(faults.Error(), c.want) {
				t.Errorf("got %v\nwant %s", faults, c.want)
			}
		})
	}
	if _, faults := ParseSchedule("schedules/Elke nacht.yaml", []byte(good)); !strings.Contains(faults.Error(), "not an identifier") {
		t.Errorf("got %v", faults)
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, spec := range []string{"30 2 * * *", "TZ=UTC", "*/7 0-23/2 1,15 jan-mar mon", "? ? ? ? ?", "@every 1s", "- - - - -"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		parsed, err := parseCron(spec)
		if err == nil && parsed.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
			t.Errorf("%q was taken and never fires", spec)
		}
	})
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
