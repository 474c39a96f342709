// Package pipeline composes sources, models, checks and publication into a run:
// plan → extract → load → transform → audit → publish → notify.
//
// Words: a run is one pass over all of it for one data directory; a night without news ends after
// plan. A load is what became of a delivery. A stand is the result of a model on a peildatum. A
// finding is a verdict with its history. The outcome of a run says what changed in what people read.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources"
)

// Run does one run. A *UsageError, projectfile.Faults or *ledger.LockedError means that nothing was
// begun. Whatever else goes wrong, what people read is as it was.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := errors.Join(CheckData(o.Data), o.check()); err != nil {
		return nil, err
	}
	project, faults, err := project.Load(o.Project)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	book := ledger.Ledger{Dir: filepath.Join(o.Data, "runs")}
	if o.MemoryLimit == "" {
		o.MemoryLimit = "2GB"
	}
	if _, err := memoryShare(o.MemoryLimit, 1); err != nil {
		return nil, err
	}
	if _, err := largestDelivery(o.MaxDelivery); err != nil {
		return nil, err
	}
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0 }
	}
	modes, err := modesOf(o)
	if err != nil {
		return nil, err
	}
	release, err := o.lock(ctx, "inbeeld run")
	if err != nil {
		return nil, err
	}
	defer func() { _ = release() }()
	store := mart.Store{Dir: filepath.Join(o.Data, "marts")}
	if err := (&runner{Options: o, modes: modes, store: store}).finishRewrite(ctx); err != nil {
		return nil, err
	}
	run, done, err := o.begin(book, store)
	if err != nil || done {
		return &Result{Run: run, Outcome: mart.NothingToDo}, err
	}
	r := &runner{
		Options: o, modes: modes, project: project, book: book, store: store,
		work: filepath.Join(o.Data, "work", run.ID), run: run,
	}
	if o.Threads == 0 {
		r.Threads = runtime.NumCPU()
	}
	result, err := r.finish(ctx, r.do(ctx))
	// Sending may take its time; the next run need not wait for it.
	if r.telling() && result != nil && release() == nil {
		r.send(ctx)
	}
	return result, err
}

type runner struct {
	Options
	modes   mart.Modes
	project *project.Project
	bound   *graph.Graph
	book    ledger.Ledger
	store   mart.Store
	work    string
	run     *ledger.Run
	key     *pseudonym.Key
	ground  *ground
	pin     *mart.Pin // nil when what is published may change
	inputs  string
	result  Result
	loads   map[string]*lake.Load
	late    []ledger.Finding // of checks on time
	timely  []timedVerdict   // all of these, those in order too
	retired int              // originals that this run removed
	overdue []overdue        // what stays too long; nil until that was judged

	discarded int // deliveries that this run let go
	room      roomMeter

	deliveries []sources.Delivery
	decisions  []sources.Decision
	state      *sources.State // of these, once it was asked for
}

var errNothingToDo = errors.New("nothing to do")

// do runs the stages. It returns errNothingToDo, errBlocked, or what stopped it.
func (r *runner) do(ctx context.Context) error {
	if err := r.stage(ctx, "plan", r.plan); err != nil {
		return err
	}
	if r.aside() == "" {
		if err := r.stage(ctx, "extract", r.extract); err != nil {
			return err
		}
	}
	if err := r.stage(ctx, "load", r.load); err != nil {
		return err
	}
	if r.aside() == "" {
		r.retire()
		if err := r.expire(); err != nil {
			return err
		}
		if err := r.judgeAges(ctx); err != nil {
			return err
		}
	}
	if r.upToDate() && r.aside() == "" && !r.Fresh {
		return errNothingToDo
	}
	return r.compute(ctx)
}

// stage runs one stage and writes the ledger behind it.
func (r *runner) stage(ctx context.Context, name string, do func(context.Context, map[string]int64) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := ledger.Stage{Name: name, Started: r.Now().UTC(), Counts: map[string]int64{}}
	began := time.Now()
	r.Log.Debug().Str("stage", name).Msg("begin")
	err := do(ctx, s.Counts)
	s.Seconds = float64(time.Since(began).Milliseconds()) / 1000
	r.run.Stages = append(r.run.Stages, s)
	event := r.Log.Info().Str("stage", name).Float64("seconds", s.Seconds)
	for k, v := range s.Counts {
		event = event.Int64(k, v)
	}
	event.Msg("stage done")
	if err != nil {
		return err
	}
	r.measure()
	if err := r.book.Write(r.run); err != nil {
		return err
	}
	r.at(name)
	return nil
}

func (r *runner) at(point string) {
	r.measure()
	if r.crash != nil {
		r.crash(point)
	}
}

func (r *runner) progress(stage string, done, total int) {
	if r.Progress != nil {
		r.Progress(stage, done, total)
	}
}

// plan clears what a killed run left, opens the key, and makes sure that the project can be run.
func (r *runner) plan(ctx context.Context, counts map[string]int64) error {
	if err := os.RemoveAll(filepath.Join(r.Data, "work")); err != nil {
		return fmt.Errorf("sweep work: %w", err)
	}
	if err := os.RemoveAll(r.spill()); err != nil {
		return fmt.Errorf("sweep what a run before spilled: %w", err)
	}
	for _, dir := range []string{r.work, r.spill()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the work folder: %w", err)
		}
	}
	if err := sweepData(r.Data); err != nil {
		return err
	}
	if err := r.store.Sweep(); err != nil {
		return err
	}
	if err := r.checkRoom(); err != nil {
		return err
	}
	if err := r.readDeliveries(); err != nil {
		return err
	}
	key, err := lake.OpenKey(r.Data, r.KeyFile, r.loads)
	if err != nil {
		return err
	}
	r.key = key
	if r.aside() == "" {
		if err := r.readPin(ctx); err != nil {
			return err
		}
	}
	counts["deliveries"] = int64(len(r.deliveries))
	if r.knownGood() {
		return nil
	}
	return r.bind(ctx)
}

func (r *runner) bind(ctx context.Context) error {
	bound, faults, err := graph.Bind(r.project, ctx)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	r.bound = bound
	return nil
}

// spill is the folder for what does not fit in memory, of this data directory alone.
func (r *runner) spill() string {
	if r.Spill == "" {
		return filepath.Join(r.work, "spill")
	}
	data, err := filepath.Abs(r.Data)
	if err != nil {
		data = r.Data
	}
	return filepath.Join(r.Spill, "inbeeld-"+fingerprint.Of(data)[:12])
}

// settings of the DuckDB instance for models and marts.
func (r *runner) settings() duck.Settings {
	return duck.Settings{MemoryLimit: r.MemoryLimit, Threads: 1, TempDir: filepath.Join(r.spill(), "models")}
}

var (
	errBlocked = errors.New("blocked by checks")
	errHeld    = errors.New("an earlier version is pinned")
)
