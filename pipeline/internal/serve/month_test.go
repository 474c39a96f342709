package serve

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/testing/need"
	"inbeeld/schedules"
)

var (
	monthSeed = flag.Uint64("month-seed", 0, "seed of the first simulated month; 0 draws one")
	months    = flag.Int("months", need.Count(1, 3), "how many months are simulated")
)

// A world is a machine with a simulated clock, on which the service is started and stopped. Its children
// are simulated, its ledger is real.
type world struct {
	t       testing.TB
	rand    *rand.Rand
	dir     string
	now     time.Time     // what the clock on the wall shows
	elapsed time.Duration // what no one can set
	list    []*schedules.Schedule
	s       *Supervisor
	child   *madeUp
	current string
	held    bool // by a run of somebody else
	inbox   []Waiting

	fate      func(o Order, attempt int) fate
	begun     map[string]int // attempts by id
	published map[string]int
	ticks     int
}

// A fate is how an attempt ends.
type fate struct {
	after   time.Duration
	outcome string // of the ledger; "" writes none
	exit    Exit
	hangs   bool // until it is interrupted
	deaf    bool // until it is killed
}

type madeUp struct {
	w      *world
	order  Order
	fate   fate
	ends   time.Duration // elapsed
	exit   Exit
	done   chan struct{}
	killed bool
}

func (c *madeUp) PID() int              { return 1 }
func (c *madeUp) Done() <-chan struct{} { return c.done }
func (c *madeUp) Exit() Exit            { return c.exit }

func (c *madeUp) Interrupt() error {
	if !c.fate.deaf {
		c.end(interrupted, Exit{Code: exitInterrupted})
	}
	return nil
}

func (c *madeUp) Kill() error {
	c.killed = true
	c.end("", Exit{Code: -1, Signal: "killed"})
	return nil
}

// end ends a child as a run does: it writes the ledger and exits.
func (c *madeUp) end(outcome string, exit Exit) {
	select {
	case <-c.done:
		return
	default:
	}
	if outcome != "" {
		c.w.write(c.order, outcome)
	}
	c.exit = exit
	close(c.done)
}

// write writes the end of a run to the ledger, as a run does.
func (w *world) write(o Order, outcome string) {
	w.t.Helper()
	book := ledger.Ledger{Dir: w.dir}
	run, err := book.Read(o.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	if run.Decided() {
		return // a window that was decided is not run again
	}
	now := w.now.UTC()
	run.Outcome, run.Finished = outcome, &now
	run.Again = outcome == failed || outcome == interrupted
	if run.Again {
		run.Failure = "disk full"
	}
	if outcome == published {
		w.published[o.ID]++
		w.current, run.Version = o.ID, o.ID
	}
	if err := book.Write(run); err != nil {
		w.t.Fatal(err)
	}
}

func newWorld(t testing.TB, now time.Time, texts map[string]string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: now, begun: map[string]int{}, published: map[string]int{}}
	w.fate = func(Order, int) fate { return fate{after: time.Minute, outcome: published} }
	for _, name := range []string{"nacht", "uur", "kijk"} {
		if texts[name] == "" {
			continue
		}
		s, faults := schedules.ParseSchedule("schedules/"+name+".yaml", []byte(texts[name]))
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		w.list = append(w.list, s)
	}
	w.boot()
	return w
}

// boot starts the service.
func (w *world) boot() {
	book := ledger.Ledger{Dir: w.dir}
	w.s = &Supervisor{
		Ledger: book, Index: &ledger.Index{Ledger: book}, Grace: 30 * time.Second, MaxSleep: 10 * time.Minute, Log: zerolog.Nop(),
		Launch:  w.launch,
		Free:    func() (bool, error) { return !w.held, nil },
		Current: func() (string, error) { return w.current, nil },
		Inbox:   func([]string) ([]Waiting, error) { return w.inbox, nil },
		Elapsed: func() time.Duration { return w.elapsed },
	}
	w.s.Replace(w.list)
}

func (w *world) launch(o Order) (Child, error) {
	w.begun[o.ID]++
	f := w.fate(o, w.begun[o.ID])
	w.child = &madeUp{w: w, order: o, fate: f, ends: w.elapsed + f.after, done: make(chan struct{})}
	if f.exit.Code == exitLocked || f.exit.Code == 2 { // it does not get as far as the ledger
		return w.child, nil
	}
	book := ledger.Ledger{Dir: w.dir}
	run, err := book.Read(o.ID)
	if err != nil {
		return nil, err
	}
	run.Started, run.Outcome, run.Again, run.Finished, run.Failure = w.now.UTC(), "", false, nil, ""
	return w.child, book.Write(run)
}

// pass lets time pass while the service is on.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for end := w.elapsed + d; ; {
		w.ticks++
		sleep := w.s.Tick(w.now, false)
		step := min(sleep, end-w.elapsed)
		if c := w.child; c != nil && !c.fate.hangs && w.s.Going() != nil {
			step = min(step, max(c.ends-w.elapsed, 0))
		}
		if step == 0 && w.elapsed >= end {
			return
		}
		w.skip(step)
		if c := w.child; c != nil && !c.fate.hangs && w.elapsed >= c.ends {
			c.end(c.fate.outcome, c.fate.exit)
		}
	}
}

// skip lets time pass while the service is off.
func (w *world) skip(d time.Duration) { w.now, w.elapsed = w.now.Add(d), w.elapsed+d }

// crash ends the service and its child, like a power failure.
func (w *world) crash() { w.child = nil; w.boot() }

// TestSimulatedMonth simulates a month of nights with crashes, hangs, restarts, a manual run and late files,
// and then checks the outcome of every window.
func TestSimulatedMonth(t *testing.T) {
	t.Parallel()
	seed := *monthSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	for n := range uint64(*months) {
		t.Run(fmt.Sprintf("seed %d", seed+n), func(t *testing.T) { simulateMonth(t, seed+n) })
	}
}

func simulateMonth(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 8))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	begin := time.Date(2024, 10, 1, 8, 0, 0, 0, time.UTC) // the clock goes back on the 27th
	w := newWorld(t, begin, map[string]string{
		"nacht": "cron: 30 2 * * *\ntimezone: Europe/Amsterdam\ntimeout: 2h\nretry: {attempts: 3, backoff: 10m}\ndeadline: '07:00'\noverlap: " +
			pick("skip", "queue") + "\ncatch_up: " + pick("none", "latest", "all"),
		"uur":  "cron: 0 */4 * * *\ntimezone: UTC\ntimeout: 1h\noverlap: " + pick("skip", "queue") + "\ncatch_up: " + pick("none", "latest", "all"),
		"kijk": "cron: 0 12 1 * *\ntimezone: UTC\ntimeout: 2h\nwatch: {quiet: 10m}",
	})
	w.rand = r
	w.fate = func(Order, int) fate {
		after := time.Duration(1+r.IntN(90)) * time.Minute
		switch n := r.IntN(20); {
		case n < 9:
			return fate{after: after, outcome: published}
		case n < 11:
			return fate{after: after, outcome: nothing}
		case n < 12:
			return fate{after: after, outcome: "blocked", exit: Exit{Code: exitBlocked}}
		case n < 14:
			return fate{after: after, outcome: failed, exit: Exit{Code: exitFailed, LastLine: "no space left on device"}}
		case n < 15:
			return fate{after: after, exit: Exit{Code: 2, LastLine: "the project has faults"}}
		case n < 16:
			return fate{after: after, exit: Exit{Code: -1, Signal: "killed"}}
		case n < 17: // killed when the marts were published, before the ledger lastLine so
			return fate{after: after, outcome: published, exit: Exit{Code: -1, Signal: "killed"}}
		case n < 18:
			return fate{hangs: true}
		case n < 19:
			return fate{hangs: true, deaf: true}
		}
		return fate{after: time.Second, exit: Exit{Code: exitLocked}}
	}
	w.pass(time.Minute)
	for w.elapsed < 31*24*time.Hour {
		w.pass(time.Duration(r.IntN(12*60)) * time.Minute)
		switch r.IntN(6) {
		case 0:
			w.crash()
			w.skip(time.Duration(r.IntN(48*60)) * time.Minute)
		case 1: // the run goes on without the service
			orphan := w.child
			w.held = orphan != nil && w.s.Going() != nil
			w.crash()
			w.skip(time.Duration(r.IntN(60)) * time.Minute)
			w.pass(time.Minute)
			if w.held {
				orphan.end(published, Exit{})
			}
			w.held = false
		case 2:
			w.inbox = append(w.inbox, Waiting{File: fmt.Sprint(len(w.inbox)), Modified: w.now})
		case 3:
			w.inbox = nil
		}
	}
	w.fate = func(Order, int) fate { return fate{after: time.Second, outcome: published} }
	w.pass(24 * time.Hour)
	w.accounted(begin.Add(time.Hour), w.now.Add(-time.Hour))
	t.Logf("%d ticks, %d runs begun, %d published", w.ticks, len(w.begun), len(w.published))
}

// accounted checks that every window has exactly one entry, that it is decided, and that nothing was
// published twice.
func (w *world) accounted(from, to time.Time) {
	w.t.Helper()
	runs, damaged, err := (&ledger.Index{Ledger: ledger.Ledger{Dir: w.dir}}).Runs()
	if err != nil || len(damaged) > 0 {
		w.t.Fatal(err, damaged)
	}
	entries := map[string]*ledger.Run{}
	for _, r := range runs {
		entries[r.ID] = r
		switch {
		case r.Window == nil:
			w.t.Errorf("%s belongs to no window", r.ID)
		case r.Window.After(to):
		case !r.Decided():
			w.t.Errorf("%s is not decided: %q, again %v", r.ID, r.Outcome, r.Again)
		case r.Outcome == ledger.Skipped && r.Skipped == "":
			w.t.Errorf("%s is left out and does not say why", r.ID)
		case r.Outcome == failed && r.Failure == "":
			w.t.Errorf("%s failed and does not say why", r.ID)
		}
	}
	for _, s := range w.list {
		for _, at := range s.Windows(from, to) {
			if entries[ledger.WindowID(s.Name, at)] == nil {
				w.t.Errorf("window %s of %s is lost", at, s.Name)
			}
		}
	}
	for id, n := range w.published {
		if n > 1 {
			w.t.Errorf("%s published %d times", id, n)
		}
	}
	if files, err := filepath.Glob(filepath.Join(w.dir, "*.json")); err != nil || len(files) != len(runs) {
		w.t.Errorf("%d files for %d runs, %v", len(files), len(runs), err)
	}
}

// entry returns the window of a schedule in the ledger.
func (w *world) entry(name, window string) *ledger.Run {
	w.t.Helper()
	at, err := time.Parse(time.RFC3339, window)
	if err != nil {
		w.t.Fatal(err)
	}
	run, err := ledger.Ledger{Dir: w.dir}.Read(ledger.WindowID(name, at))
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// events returns the events, as kind and window.
func (w *world) events() string {
	w.t.Helper()
	events, err := ledger.Ledger{Dir: w.dir}.Events()
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, e := range events {
		lines = append(lines, e.Kind+" "+e.Window.Format("02T15:04"))
	}
	return strings.Join(lines, ", ")
}

func (w *world) damage(name, window string) {
	w.t.Helper()
	path := filepath.Join(w.dir, w.entry(name, window).ID+".json")
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, text[:len(text)/2], 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
