package schedules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each case is an hourly schedule: the records in the ledger as hour and state, the time, and the decisions
// as hour and reason.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		name, catchUp, overlap string
		records, now           string
		going, restarted       bool
		want                   string
	}{
		{name: "a new schedule begins now", now: "05:30", want: "5 new"},
		{name: "nothing is due", records: "5 done", now: "05:59"},
		{name: "due at this very moment", records: "5 done", now: "06:00", want: "6"},
		{name: "due, noticed in time", records: "5 done", now: "06:01", want: "6"},
		{name: "missed: none", catchUp: "none", records: "5 done", now: "08:30", want: "6 missed, 7 missed, 8 missed"},
		{name: "missed: latest", records: "5 done", now: "08:30", want: "6 later, 7 later, 8"},
		{name: "missed: all", catchUp: "all", records: "5 done", now: "08:30", want: "6, 7, 8"},
		{name: "missed, and one in time: none", catchUp: "none", records: "5 done", now: "08:01", want: "6 missed, 7 missed, 8"},
		{name: "missed, and one in time: latest", records: "5 done", now: "08:01", want: "6 later, 7 later, 8"},
		{name: "overlap: skip", records: "5 going", now: "06:00", going: true, want: "6 overlap"},
		{name: "overlap: queue", overlap: "queue", records: "5 going", now: "06:00", going: true, want: "6"},
		{name: "missed while a run that was left is going", records: "5 going", now: "08:01", going: true, want: "6 later, 7, 8 overlap"},
		{name: "what waited is not due again", overlap: "queue", records: "5 queued", now: "05:30", going: true},
		{name: "what waited before a restart is run", records: "5 queued", now: "05:30", restarted: true},
		{name: "what waited gives way to a later one: latest", records: "5 queued", now: "07:30", restarted: true, want: "5 later, 6 later, 7"},
		{name: "what waited is run too: all", catchUp: "all", records: "5 queued", now: "06:30", restarted: true, want: "6"},
		{name: "what waited was not missed: none", catchUp: "none", records: "5 queued", now: "05:30", restarted: true},
		{name: "another attempt gives way to the next window", records: "5 retrying", now: "06:00", want: "5 superseded, 6"},
		{name: "but not to one that is left out", records: "5 retrying", now: "06:00", going: true, want: "6 overlap"},
		{name: "the clock was set back a day", records: "5 done, 29 done, 30 done", now: "06:00", want: "6"},
		{name: "the clock was set back: what was run is not run again", records: "4 done, 5 done, 6 done", now: "05:30"},
		{name: "the clock was set ahead a day", records: "5 done", now: "30:00", catchUp: "none", want: "6 missed … 29 missed, 30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "cron: 0 * * * *\ntimezone: UTC\n"
			if c.catchUp != "" {
				text += "catch_up: " + c.catchUp + "\n"
			}
			if c.overlap != "" {
				text += "overlap: " + c.overlap + "\n"
			}
			s, faults := ParseSchedule("x.yaml", []byte(text))
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			var records []Record
			for _, r := range strings.Split(c.records, ", ") {
				if hour, state, ok := strings.Cut(r, " "); ok {
					states := map[string]State{"queued": Queued, "going": Running, "retrying": Retrying, "done": Done}
					records = append(records, Record{Window: midnight.Add(time.Duration(number(t, hour)) * time.Hour), State: states[state]})
				}
			}
			hour, minute, _ := strings.Cut(c.now, ":")
			now := midnight.Add(time.Duration(number(t, hour))*time.Hour + time.Duration(number(t, minute))*time.Minute)
			var got []string
			for _, d := range s.Settle(records, now, c.going, c.restarted) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s", int(d.Window.Sub(midnight)/time.Hour), d.Skip)))
			}
			if first, last, cut := strings.Cut(c.want, " … "); cut && len(got) > 3 {
				got = []string{got[0], "…", strings.Join(got[len(got)-2:], ", ")}
				c.want = first + ", …, " + last
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var midnight = time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)

func TestReady(t *testing.T) {
	s, faults := ParseSchedule("x.yaml", []byte("cron: 0 * * * *\ntimezone: UTC\nretry: {attempts: 4, backoff: 10m}\n"))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	ended := midnight.Add(7 * time.Minute)
	for _, c := range []struct {
		record Record
		want   time.Duration // after midnight; negative is never
	}{
		{Record{State: Queued}, 0},
		{Record{State: Retrying, Attempts: 1}, 17 * time.Minute},
		{Record{State: Retrying, Attempts: 2}, 27 * time.Minute},
		{Record{State: Retrying, Attempts: 3}, 47 * time.Minute},
		{Record{State: Retrying, Attempts: 4}, -1},
		{Record{State: Running}, -1},
		{Record{State: Done}, -1},
	} {
		c.record.Window, c.record.Ended = midnight, ended
		at, ok := s.Ready(c.record)
		if ok != (c.want >= 0) || ok && at.Sub(midnight) != c.want {
			t.Errorf("%+v: ready at %s, %v", c.record, at, ok)
		}
	}
	if wait := s.Backoff(60); wait != 24*time.Hour {
		t.Errorf("after many attempts the wait is %s", wait)
	}
}

func TestLate(t *testing.T) {
	s := schedule(t, "30 2 * * *", "Europe/Amsterdam") // deadline 07:00, in winter 06:00 UTC
	window := moment(t, "2024-01-10T01:30:00Z")
	for _, c := range []struct {
		name, now, published string
		want                 bool
	}{
		{"not yet", "2024-01-10T05:59:59Z", "", false},
		{"nothing published", "2024-01-10T06:00:00Z", "", true},
		{"published in time", "2024-01-10T09:00:00Z", "2024-01-10T05:00:00Z", false},
		{"published too late", "2024-01-10T09:00:00Z", "2024-01-10T06:00:01Z", true},
		{"published the night before", "2024-01-10T09:00:00Z", "2024-01-09T05:00:00Z", true},
	} {
		var published []time.Time
		if c.published != "" {
			published = append(published, moment(t, c.published))
		}
		deadline, got := s.Late(window, moment(t, c.now), published)
		if got != c.want || !deadline.Equal(moment(t, "2024-01-10T06:00:00Z")) {
			t.Errorf("%s: late %v, deadline %s", c.name, got, deadline)
		}
	}
	if _, late := schedule(t, "0 * * * *", "UTC").Late(window, window, nil); late {
		t.Error("late before the deadline")
	}
}
