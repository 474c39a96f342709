package schedules

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/testing/need"
)

// TestWindowsAgainstEveryMinute walks a clock minute by minute and asks at each change of its hands
// whether the spec was passed: no cron package, no reckoning with offsets.
func TestWindowsAgainstEveryMinute(t *testing.T) {
	zones := []string{"Europe/Amsterdam", "Europe/London", "America/New_York", "UTC", "Australia/Lord_Howe"}
	specs := []string{
		"30 2 * * *", "0 2 * * *", "0 3 * * *", "*/15 * * * *", "0 0 * * 1", "59 1 * * *", "15 2,3 * 3,10,11 *",
		"0 12 1 * *", "0 0 29 2 *", "45 1-3 * 4,10 0", "10 4 13 * 5",
	}
	for _, zone := range zones {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		from := moment(t, "2024-01-01T00:00:00Z")
		to := from.AddDate(need.Count(2, 7), 0, 0)
		hands := everyMinute(from.Add(-time.Hour*3), to, loc)
		for _, spec := range specs {
			t.Run(zone+" "+spec, func(t *testing.T) {
				s := schedule(t, spec, zone)
				var want []time.Time
				match := matcher(t, spec)
				for _, h := range hands {
					if !h.at.Before(from) && slices.ContainsFunc(h.passed, match) {
						want = append(want, h.at)
					}
				}
				if diff := cmp.Diff(want, s.Windows(from, to)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// hand is a minute with the wall minutes that a clock shows for the first time or skipped just now.
type hand struct {
	at     time.Time
	passed []wallMinute
}

type wallMinute struct{ minute, hour, day, month, weekday int }

func everyMinute(from, to time.Time, loc *time.Location) []hand {
	var hands []hand
	var latest time.Time
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		l := at.In(loc)
		shown := time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
		h := hand{at: at}
		if latest.IsZero() {
			latest = shown.Add(-time.Minute)
		}
		for latest.Before(shown) {
			latest = latest.Add(time.Minute)
			h.passed = append(h.passed, wallMinute{latest.Minute(), latest.Hour(), latest.Day(), int(latest.Month()), int(latest.Weekday())})
		}
		hands = append(hands, h)
	}
	return hands
}

// matcher reads numbers, lists, ranges and steps of *, which is what the test uses.
func matcher(t *testing.T, spec string) func(wallMinute) bool {
	fields := strings.Fields(spec)
	var sets [5][60]bool
	for i, f := range fields {
		for _, part := range strings.Split(f, ",") {
			lo, hi, step := 0, 59, 1
			if every, found := strings.CutPrefix(part, "*/"); found {
				step = number(t, every)
			} else if a, b, found := strings.Cut(part, "-"); found {
				lo, hi = number(t, a), number(t, b)
			} else if part != "*" {
				lo, hi = number(t, part), number(t, part)
			}
			for n := lo; n <= hi; n += step {
				sets[i][n] = true
			}
		}
	}
	return func(w wallMinute) bool {
		if !sets[0][w.minute] || !sets[1][w.hour] || !sets[3][w.month] {
			return false
		}
		day, weekday := sets[2][w.day], sets[4][w.weekday]
		either := day && weekday
		if fields[2] != "*" && fields[4] != "*" {
			either = day || weekday
		}
		return either
	}
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func schedule(t *testing.T, spec, zone string) *Schedule {
	t.Helper()
	s, faults := ParseSchedule("x.yaml", []byte("cron: '"+spec+"'\ntimezone: "+zone+"\ndeadline: '07:00'\n"))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWindows(t *testing.T) {
	for _, c := range []struct{ name, spec, zone, from, to, want string }{
		{"spring: 02:30 does not exist", "30 2 * * *", "Europe/Amsterdam", "2024-03-31T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-31T01:00:00Z"},
		{"spring: the gap makes one window", "*/30 2,3 * * *", "Europe/Amsterdam", "2024-03-31T00:00:00Z", "2024-03-31T03:00:00Z", "2024-03-31T01:00:00Z 2024-03-31T01:30:00Z"},
		{"autumn: 02:30 comes twice", "30 2 * * *", "Europe/Amsterdam", "2024-10-27T00:00:00Z", "2024-10-28T00:00:00Z", "2024-10-27T00:30:00Z"},
		{"half an hour", "15 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00:00Z", "2024-10-06T00:00:00Z", "2024-10-05T15:30:00Z"},
		{"a day that was skipped", "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z", "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z 2011-12-31T22:00:00Z"},
		{"from counts, to does not", "0 * * * *", "UTC", "2024-01-01T00:00:00Z", "2024-01-01T02:00:00Z", "2024-01-01T00:00:00Z 2024-01-01T01:00:00Z"},
		{"seconds of from", "0 * * * *", "UTC", "2024-01-01T00:00:01Z", "2024-01-01T01:00:01Z", "2024-01-01T01:00:00Z"},
		{"nothing between", "0 0 1 1 *", "UTC", "2024-01-02T00:00:00Z", "2024-12-31T00:00:00Z", ""},
		{"to before from", "* * * * *", "UTC", "2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", ""},
		{"eight years without 29 February", "0 0 29 2 *", "UTC", "2096-01-01T00:00:00Z", "2105-01-01T00:00:00Z", "2096-02-29T00:00:00Z 2104-02-29T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, w := range schedule(t, c.spec, c.zone).Windows(moment(t, c.from), moment(t, c.to)) {
				got = append(got, w.Format(time.RFC3339))
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWindowsDoNotDependOnHowTimeIsCut(t *testing.T) {
	s := schedule(t, "*/20 1-3 * * *", "Europe/Amsterdam")
	from, to := moment(t, "2024-03-25T00:00:00Z"), moment(t, "2024-11-05T00:00:00Z")
	var pieces []time.Time
	for cut := from; cut.Before(to); {
		next := cut.Add(7*time.Hour + 13*time.Minute)
		if next.After(to) {
			next = to
		}
		pieces = append(pieces, s.Windows(cut, next)...)
		cut = next
	}
	if diff := cmp.Diff(s.Windows(from, to), pieces); diff != "" {
		t.Error(diff)
	}
}

func TestDeadlineAfter(t *testing.T) {
	for _, c := range []struct{ window, want string }{
		{"2024-01-01T01:30:00Z", "2024-01-01T06:00:00Z"},
		{"2024-01-01T06:00:00Z", "2024-01-02T06:00:00Z"},
		{"2024-01-31T21:00:00Z", "2024-02-01T06:00:00Z"},
		{"2024-03-31T01:00:00Z", "2024-03-31T05:00:00Z"},
	} {
		got, ok := schedule(t, "30 2 * * *", "Europe/Amsterdam").DeadlineAfter(moment(t, c.window))
		if !ok || !got.Equal(moment(t, c.want)) {
			t.Errorf("deadline after %s is %s, want %s", c.window, got.UTC(), c.want)
		}
	}
}
