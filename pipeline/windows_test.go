package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

// library is a data directory of the library project, with a clock that is set by the test.
type library struct {
	t       *testing.T
	data    string
	project string
	now     time.Time
}

func newLibrary(t *testing.T, proj string) *library {
	t.Helper()
	l := &library{t: t, data: t.TempDir(), project: proj, now: time.Date(2024, 3, 1, 1, 30, 0, 0, time.UTC)}
	p, faults, err := project.Load(proj)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	if err := CreateData(l.data, p); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *library) deliver(peildatum, lines string) {
	l.t.Helper()
	path := filepath.Join(l.data, "inbox", "uitleningen", "uitleningen_"+peildatum+".csv")
	if err := os.WriteFile(path, []byte("Exemplaar;Vestiging;UitgeleendOp;Boete\n"+lines), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) options() Options {
	return Options{
		Scope: Scope{ProjectDir: l.project, Dir: Dir{
			Path: l.data, Log: zerolog.Nop(), Threads: 1, Now: func() time.Time { return l.now },
			Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		}},
	}
}

func (l *library) run(o Options) *Result {
	l.t.Helper()
	res, err := Run(l.t.Context(), o)
	if err != nil {
		l.t.Fatal(err)
	}
	return res
}

func (l *library) versions() []string {
	l.t.Helper()
	versions, err := mart.Store{Dir: filepath.Join(l.data, "marts")}.Versions()
	if err != nil {
		l.t.Fatal(err)
	}
	return versions
}

// A window publishes once, also when more has been delivered since.
func TestWindowPublishesOnce(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, bibliotheek)
	o := l.options()
	o.Window = &project.Window{Schedule: "nacht", At: l.now}
	l.deliver("20240131", "1;C;2024-01-02;1,50\n")
	if res := l.run(o); res.Outcome != mart.Published || res.Run.ID != "20240301T013000Z-nacht" || res.Run.Schedule != "nacht" {
		t.Fatalf("%+v", res.Run)
	}
	l.deliver("20240229", "2;C;2024-02-02;1,50\n")
	if res := l.run(o); res.Outcome != mart.NothingToDo || len(res.Run.Notes) != 1 {
		t.Errorf("%s %+v", res.Outcome, res.Run)
	}
	if v := l.versions(); len(v) != 1 {
		t.Errorf("versions %v", v)
	}
	for _, o := range []Options{{Window: o.Window, Out: "x"}, {Window: o.Window, Select: []string{"x"}}} {
		var misuse *usage.Error
		if err := o.check(); !errors.As(err, &misuse) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// A run that is killed behind the switch has published its window: the next attempt says so, and
// mends what lies beside the marts as a run of its own.
func TestWindowKilledBehindTheSwitch(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, bibliotheek)
	o := l.options()
	o.Window = &project.Window{Schedule: "nacht", At: l.now}
	l.deliver("20240131", "1;C;2024-01-02;1,50\n")
	o.Crash = func(at string) {
		if at == "switched" {
			panic(at)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the run was not killed")
			}
		}()
		_, _ = Run(t.Context(), o)
	}()
	book := ledger.Ledger{Dir: filepath.Join(l.data, "runs")}
	left, err := book.Read("20240301T013000Z-nacht")
	if err != nil || left.Decided() {
		t.Fatalf("%+v, %v", left, err)
	}
	o.Crash, l.now = nil, l.now.Add(10*time.Minute)
	l.deliver("20240229", "2;C;2024-02-02;1,50\n")
	res := l.run(o)
	if res.Outcome != mart.Published || res.Run.ID != "20240301T014000Z" || res.Run.Window != nil {
		t.Errorf("the repair: %+v", res.Run)
	}
	window, err := book.Read("20240301T013000Z-nacht")
	if err != nil || window.Outcome != string(mart.Published) || window.Version != window.ID || !window.Decided() {
		t.Errorf("the window: %+v, %v", window, err)
	}
	if _, err := os.Stat(filepath.Join(l.data, "warehouse.duckdb")); err != nil {
		t.Error(err)
	}
}

// A failed run of a window says that another attempt may follow; attempts before it stay in its file.
func TestWindowFails(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, bibliotheek)
	book := ledger.Ledger{Dir: filepath.Join(l.data, "runs")}
	window := l.now
	queued := &ledger.Run{ID: ledger.WindowID("nacht", window), Schedule: "nacht", Window: &window, Started: window, Outcome: ledger.Queued, Stages: []ledger.Stage{}, Attempts: []ledger.Attempt{{Started: window, Finished: window, Outcome: "failed", Failure: "disk"}}}
	if err := book.Write(queued); err != nil {
		t.Fatal(err)
	}
	o := l.options()
	o.Window = &project.Window{Schedule: "nacht", At: window}
	ctx, stop := context.WithCancel(t.Context())
	o.Crash = func(string) { stop() }
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	run, err := book.Read(queued.ID)
	if err != nil || run.Outcome != string(mart.Interrupted) || !run.Again || run.Decided() || len(run.Attempts) != 1 {
		t.Errorf("%+v, %v", run, err)
	}
	if err := os.WriteFile(filepath.Join(book.Dir, queued.ID+".json"), []byte(`{"run": "2024`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), l.options().with(o.Window)); err == nil || !strings.Contains(err.Error(), "move it away to run this window again") {
		t.Errorf("a damaged ledger file: %v", err)
	}
}

func (o Options) with(w *project.Window) Options { o.Window = w; return o }

// A patient run waits for the lock.
func TestPatientRun(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, bibliotheek)
	release, err := ledger.Lock(ledger.LockPath(l.data), ledger.Holder{PID: 7, What: "inbeeld run"})
	if err != nil {
		t.Fatal(err)
	}
	o := l.options()
	var locked *ledger.LockedError
	if _, err := Run(t.Context(), o); !errors.As(err, &locked) {
		t.Fatalf("a run that does not wait: %v", err)
	}
	waits := 0
	o.Patient, o.Wait = true, func(ctx context.Context, _ time.Duration) error {
		if waits++; waits == 3 {
			return errors.Join(release(), ctx.Err())
		}
		return ctx.Err()
	}
	if _, err := Run(t.Context(), o); err != nil || waits < 3 {
		t.Errorf("%v after %d waits", err, waits)
	}
}

// Old runs go when there are more than stay.
func TestRetentionOfRuns(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, bibliotheek)
	o := l.options()
	o.KeepRuns = 3
	for range 5 {
		l.now = l.now.Add(time.Hour)
		l.run(o)
	}
	ids, err := ledger.Ledger{Dir: filepath.Join(l.data, "runs")}.IDs()
	if err != nil || strings.Join(ids, " ") != "20240301T043000Z 20240301T053000Z 20240301T063000Z" {
		t.Errorf("%v, %v", ids, err)
	}
}
