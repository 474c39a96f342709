package serve

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/ledger"
)

// nothing is the outcome of a run without new inputs.
const nothing = "nothing_to_do"

const (
	nightly     = "cron: 30 2 * * *\ntimezone: Europe/Amsterdam\ntimeout: 2h\nretry: {attempts: 3, backoff: 10m}\ndeadline: '07:00'\n"
	firstWindow = "2024-03-05T01:30:00Z"
)

var evening = time.Date(2024, 3, 4, 20, 0, 0, 0, time.UTC)

// nightWorld is the evening before a night, with the service on.
func nightWorld(t *testing.T, more string) *world {
	t.Helper()
	w := newWorld(t, evening, map[string]string{"nacht": nightly + more})
	w.pass(time.Minute)
	return w
}

// Each case is a night: how its attempts end, and what the ledger says in the morning.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	ok := fate{after: time.Minute, outcome: published}
	for _, c := range []struct {
		name, more string
		fates      []fate
		outcome    string
		attempts   int // that were begun
		failure    string
		told       string
	}{
		{name: "published", fates: []fate{ok}, outcome: published, attempts: 1},
		{name: "nothing to do", fates: []fate{{outcome: nothing}}, outcome: nothing, attempts: 1},
		{name: "blocked", fates: []fate{{outcome: "blocked", exit: Exit{Code: 3}}}, outcome: "blocked", attempts: 1, told: "deadline_missed 05T01:30"},
		{name: "waiting", fates: []fate{{outcome: "waiting", exit: Exit{Code: 3}}}, outcome: "waiting", attempts: 1, told: "deadline_missed 05T01:30"},
		{name: "fails once", fates: []fate{{outcome: failed, exit: Exit{Code: 1, LastLine: "disk"}}, ok}, outcome: published, attempts: 2},
		{
			name: "fails always", fates: []fate{{outcome: failed, exit: Exit{Code: 1, LastLine: "disk full"}}}, outcome: failed, attempts: 3,
			failure: "disk full", told: "deadline_missed 05T01:30, window_failed 05T01:30",
		},
		{
			name: "a fault in the project", fates: []fate{{exit: Exit{Code: 2, LastLine: "2 faults in the project"}}}, outcome: failed, attempts: 1,
			failure: "2 faults in the project", told: "deadline_missed 05T01:30, window_failed 05T01:30",
		},
		{name: "killed", fates: []fate{{exit: Exit{Code: -1, Signal: "killed"}}, ok}, outcome: published, attempts: 2},
		{
			name: "killed always", fates: []fate{{exit: Exit{Code: -1, Signal: "killed"}}}, outcome: failed, attempts: 3,
			failure: "killed by the system (killed)", told: "deadline_missed 05T01:30, window_failed 05T01:30",
		},
		{name: "hangs once", fates: []fate{{hangs: true}, ok}, outcome: published, attempts: 2},
		{name: "hangs and is deaf", fates: []fate{{hangs: true, deaf: true}, ok}, outcome: published, attempts: 2},
		{
			name: "hangs always", fates: []fate{{hangs: true}}, outcome: failed, attempts: 3, failure: "it took longer than 2h0m0s",
			told: "deadline_missed 05T01:30, window_failed 05T01:30",
		},
		{name: "killed behind the publication", fates: []fate{{outcome: published, exit: Exit{Code: -1, Signal: "killed"}}}, outcome: published, attempts: 1},
		{name: "the lock is taken: skip", fates: []fate{{exit: Exit{Code: 75}}}, outcome: ledger.Skipped, attempts: 1, told: "deadline_missed 05T01:30"},
		{name: "the lock is taken: queue", more: "overlap: queue\n", fates: []fate{{exit: Exit{Code: 75}}, {exit: Exit{Code: 75}}, ok}, outcome: published, attempts: 3},
		{name: "says that all is well, and it is not", fates: []fate{{}, ok}, outcome: published, attempts: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := nightWorld(t, c.more)
			w.fate = func(_ Order, attempt int) fate { return c.fates[min(attempt, len(c.fates))-1] }
			w.pass(13 * time.Hour)
			run := w.entry("nacht", firstWindow)
			if run.Outcome != c.outcome || w.begun[run.ID] != c.attempts || !strings.Contains(run.Failure, c.failure) || !run.Decided() {
				t.Errorf("outcome %s (%q) after %d attempts, want %s (%q) after %d", run.Outcome, run.Failure, w.begun[run.ID], c.outcome, c.failure, c.attempts)
			}
			if told := w.events(); told != c.told {
				t.Errorf("told %q, want %q", told, c.told)
			}
			if w.published[run.ID] > 1 {
				t.Errorf("published %d times", w.published[run.ID])
			}
		})
	}
}

// The time between attempts starts at that of the schedule and doubles.
func TestBackoff(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "")
	w.fate = func(Order, int) fate {
		return fate{after: time.Minute, outcome: failed, exit: Exit{Code: 1, LastLine: "x"}}
	}
	w.pass(13 * time.Hour)
	var began []string
	for _, a := range w.entry("nacht", firstWindow).Attempts {
		began = append(began, a.Started.Format("15:04"))
	}
	if got := strings.Join(began, " "); got != "01:30 01:41 02:02" {
		t.Errorf("attempts at %s", got)
	}
}

func TestDeadlineWithoutARun(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "overlap: queue\n")
	w.fate = func(Order, int) fate { return fate{after: time.Second, exit: Exit{Code: exitLocked}} }
	w.pass(9 * time.Hour) // 06:01 local time
	if got := w.events(); got != "" {
		t.Fatalf("before the deadline: %s", got)
	}
	w.pass(time.Hour)
	if got := w.events(); got != "deadline_missed 05T01:30" {
		t.Fatalf("after the deadline: %q", got)
	}
	events, err := ledger.Ledger{Dir: w.dir}.Events()
	if err != nil || events[0].Text != "De cijfers van 05-03-2024 waren om 07.00 uur niet vernieuwd. De run van 02.30 uur (schema nacht) heeft niet op tijd gepubliceerd. U leest nog de vorige cijfers." {
		t.Errorf("%+v, %v", events, err)
	}
	w.pass(2 * time.Hour)
	if got := w.events(); got != "deadline_missed 05T01:30" {
		t.Errorf("told twice: %s", got)
	}
}

// The service was off for three nights.
func TestAway(t *testing.T) {
	t.Parallel()
	for catchUp, want := range map[string]string{
		"none": "skipped missed, skipped missed, skipped missed", "latest": "skipped later, skipped later, published", "all": "published, published, published",
	} {
		w := nightWorld(t, "catch_up: "+catchUp+"\n")
		w.crash()
		w.skip(66 * time.Hour)
		w.pass(time.Hour)
		var got []string
		for _, at := range []string{firstWindow, "2024-03-06T01:30:00Z", "2024-03-07T01:30:00Z"} {
			run := w.entry("nacht", at)
			got = append(got, strings.TrimSpace(run.Outcome+" "+run.Skipped))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s, want %s", catchUp, text, want)
		}
		// Each missed its deadline, but there is no event for the first ones any more.
		if catchUp == "latest" && w.events() != "deadline_missed 06T01:30, deadline_missed 07T01:30" {
			t.Errorf("told %s", w.events())
		}
	}
}

// A run that continues while the service restarts may finish, and is not started twice.
func TestOrphan(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "")
	w.fate = func(Order, int) fate { return fate{after: 3 * time.Hour, outcome: published} }
	w.pass(6 * time.Hour)
	orphan := w.child
	w.held = true
	w.crash()
	w.pass(time.Hour)
	run := w.entry("nacht", firstWindow)
	if w.begun[run.ID] != 1 || run.Outcome != "" {
		t.Fatalf("begun %d times, %q", w.begun[run.ID], run.Outcome)
	}
	orphan.end(published, Exit{})
	w.held = false
	w.pass(time.Hour)
	if run = w.entry("nacht", firstWindow); w.begun[run.ID] != 1 || run.Outcome != published {
		t.Errorf("begun %d times, %q", w.begun[run.ID], run.Outcome)
	}
}

func TestClockIsSet(t *testing.T) {
	t.Parallel()
	for name, set := range map[string][]time.Duration{
		"an hour ahead over the window": {-2 * time.Hour, time.Hour}, "an hour back over the window": {time.Minute, -time.Hour},
		"a day ahead": {-2 * time.Hour, 24 * time.Hour}, "a day back": {time.Hour, -24 * time.Hour},
		"a day ahead and back": {time.Hour, 24 * time.Hour, -24 * time.Hour}, "six years ahead and back": {-time.Hour, 6 * 365 * 24 * time.Hour, -6 * 365 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := nightWorld(t, "")
			w.pass(5*time.Hour + 30*time.Minute + set[0])
			for _, d := range set[1:] {
				w.now = w.now.Add(d)
				w.pass(10 * time.Minute)
			}
			for w.now.Before(evening.AddDate(0, 0, 5)) {
				w.pass(time.Hour)
			}
			for at := evening.Add(time.Hour); at.Before(w.now.Add(-time.Hour)); at = at.AddDate(0, 0, 1) {
				for _, due := range w.list[0].Windows(at, at.AddDate(0, 0, 1)) {
					if due.Before(w.now) {
						if run := w.entry("nacht", due.Format(time.RFC3339)); !run.Decided() || run.Outcome == failed {
							t.Errorf("%s: %s", run.ID, run.Outcome)
						}
					}
				}
			}
			for id, n := range w.published {
				if n != 1 {
					t.Errorf("%s published %d times", id, n)
				}
			}
		})
	}
}

// Setting the clock ahead does not end the current run.
func TestTimeoutIsNoWallTime(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "")
	w.fate = func(Order, int) fate { return fate{after: time.Hour, outcome: published} }
	w.pass(6 * time.Hour)
	w.now = w.now.Add(5 * time.Hour)
	w.pass(time.Hour)
	if run := w.entry("nacht", firstWindow); run.Outcome != published {
		t.Errorf("%s: %s", run.Outcome, run.Failure)
	}
}

func TestDamagedLedger(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "")
	w.pass(13 * time.Hour)
	w.damage("nacht", firstWindow) // that of what is published now
	w.pass(time.Hour)
	if run := w.entry("nacht", firstWindow); run.Outcome != published || w.begun[run.ID] != 1 {
		t.Errorf("of what is published: %s, begun %d times", run.Outcome, w.begun[run.ID])
	}
	w.current = "another"
	w.damage("nacht", firstWindow)
	w.pass(time.Hour)
	if run := w.entry("nacht", firstWindow); run.Outcome != published || w.begun[run.ID] != 2 {
		t.Errorf("the last one: %s, begun %d times", run.Outcome, w.begun[run.ID])
	}
	w.pass(24 * time.Hour)
	w.damage("nacht", firstWindow)
	w.pass(time.Hour)
	if run := w.entry("nacht", firstWindow); run.Outcome != failed || !strings.Contains(run.Failure, "outcome is unknown") || w.begun[run.ID] != 2 {
		t.Errorf("an earlier one: %s, begun %d times", run.Outcome, w.begun[run.ID])
	}
}

// While the disk cannot be written, no run starts; afterwards the window still runs.
func TestLedgerCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "")
	if err := os.Rename(w.dir, w.dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.pass(6 * time.Hour)
	if len(w.begun) > 0 || len(w.s.State().Faults) == 0 {
		t.Errorf("begun %v, faults %v", w.begun, w.s.State().Faults)
	}
	if err := errors.Join(os.Remove(w.dir), os.Rename(w.dir+".away", w.dir)); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	if run := w.entry("nacht", firstWindow); run.Outcome != published || len(w.s.State().Faults) > 0 {
		t.Errorf("%s, faults %v", run.Outcome, w.s.State().Faults)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, evening, map[string]string{"kijk": "cron: 0 12 1 1 *\ntimezone: UTC\nwatch: {quiet: 15m}\n"})
	w.s.MaxSleep = time.Minute
	w.pass(time.Hour)
	w.inbox = []Waiting{{Source: "sonar", File: "a", Size: 1}}
	w.pass(10 * time.Minute)
	w.inbox = []Waiting{{Source: "sonar", File: "a", Size: 2}} // it grows
	w.pass(14 * time.Minute)
	if len(w.begun) > 0 {
		t.Fatalf("begun while files came in: %v", w.begun)
	}
	w.pass(2 * time.Minute)
	if len(w.begun) != 1 {
		t.Fatalf("begun: %v", w.begun)
	}
	w.pass(3 * time.Hour) // the run left the file
	if len(w.begun) != 1 {
		t.Fatalf("the same file asks again: %v", w.begun)
	}
	w.inbox = []Waiting{{Source: "sonar", File: "b", Size: 2}}
	w.pass(time.Hour)
	if len(w.begun) != 2 || len(w.published) != 2 {
		t.Errorf("begun %v, published %v", w.begun, w.published)
	}
}

// Pruning keeps the newest run of each schedule, which says up to when windows are decided.
func TestPrune(t *testing.T) {
	t.Parallel()
	w := newWorld(t, evening, map[string]string{"nacht": "cron: 0 3 1 * *\ntimezone: UTC\n", "uur": "cron: 0 * * * *\ntimezone: UTC\n"})
	w.s.Keep = 5
	w.pass(30 * time.Hour)
	runs, _, err := (&ledger.Index{Ledger: ledger.Ledger{Dir: w.dir}}).Runs()
	if err != nil || len(runs) > 7 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if run := w.entry("nacht", "2024-03-01T03:00:00Z"); run.Skipped != "new" {
		t.Errorf("%+v", run)
	}
}
