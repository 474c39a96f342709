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
	"sync"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources"
)

// Version is that of this program; what changed in each is in CHANGELOG.md.
const Version = "0.1.0"

// Program names this program and what it computes with; it stands in manifests and ledgers.
const Program = "inbeeld " + Version + ", DuckDB 1.1.2"

// How many runs and publications stay, unless the options say otherwise.
const (
	KeepRuns     = 1000
	keepVersions = 14
)

// Options of a run.
type Options struct {
	// Data is the data directory; it exists.
	Data string
	// Project is a folder laid over the embedded project, or "".
	Project string
	// KeyFile is the pseudonym key; "" is secrets/pseudonym.key in the data directory.
	KeyFile string
	// MemoryLimit of all DuckDB instances together, in DuckDB's notation; "" is 2GB.
	MemoryLimit string
	// Spill is a local directory for what does not fit in memory; "" is work in the data directory.
	Spill string
	// Threads is how many models, loads or marts are worked on side by side; 0 is one a processor.
	Threads int
	// Intern publishes person-level marts too, in a folder of their own.
	Intern bool
	// Group and InternGroup are names of groups of this system that may read the marts, and those of
	// persons; "" is nobody but the owner.
	Group, InternGroup string
	// CSV publishes a CSV twin of each mart that is not intern, for spreadsheets.
	CSV bool
	// PublishTo is a folder, such as a share, or an object store that what is published is copied to as
	// well, but for intern marts. Without a kind it is none.
	PublishTo sources.From
	// RetainLanding is how many days the original of a delivery stays after it was received last; 0 is
	// 30. What was loaded from it stays.
	RetainLanding int
	// RetainLake is how many days what was loaded from a delivery stays after it was received last; 0 is
	// for good. What is still needed stays longer.
	RetainLake int
	// Fresh distrusts kept results and computes everything again.
	Fresh bool
	// Peildatum and Received restrict a run to deliveries about dates up to it, and received before
	// it; such a run takes nothing in and writes what it would publish to Out.
	Peildatum string
	Received  time.Time
	Out       string
	// Select names models to compute, for development; such a run takes nothing in and publishes
	// nothing.
	Select []string
	// Window makes this the run of a window: its id follows from it, and a window that was decided
	// before is not run again.
	Window *Window
	// KeepRuns and KeepVersions are how many stay; 0 is 1000 and 14.
	KeepRuns, KeepVersions int
	// IgnoreRoom begins also when the disk has less room than a run is thought to need.
	IgnoreRoom bool
	// Free is how many bytes of the disk of a folder are free; nil asks the disk.
	Free func(folder string) (int64, error)
	// Patient waits while another run holds the lock, instead of giving up at once.
	Patient bool
	// Now is the clock.
	Now func() time.Time
	// Wait passes time; tests and demos need not.
	Wait func(context.Context, time.Duration) error
	// Jitter is a number from 0 to 1 by chance, for pauses before a host is asked again; nil is 0.
	Jitter func() float64
	// Env looks up secrets that contracts and alerts name; nil is an empty environment.
	Env func(name string) string
	// MaxDelivery is the largest file that is taken in, in the notation of MemoryLimit; "" is 10GB.
	MaxDelivery string
	Log         zerolog.Logger
	// Alerts say who is told what; without recipients nobody is.
	Alerts notify.Settings
	// User is the user of the system, and Who the person that it acts for, for the processing log; "" is
	// the number of the user, and nobody that is named.
	User, Who string
	// Progress hears how far a stage is; nil is nobody.
	Progress func(stage string, done, total int)
	// crash is called at every stage boundary, for tests that kill the run there.
	crash func(at string)
}

// A Result is how a run ended.
type Result struct {
	Run      *ledger.Run
	Outcome  mart.Outcome
	Blocks   []string // why publication was withheld
	Refused  int      // deliveries that are refused now
	Alarms   int      // alarms on the last stand of each check
	Missed   []mart.Missed
	Version  string // folder of the version in current, "" when there is none
	Findings []ledger.Finding
	Selected []Selected // of a run with Select
}

// Outcomes of runs that do not publish.
const (
	Exported mart.Outcome = "exported"
	Computed mart.Outcome = "computed"
)

// Run does one run. A *UsageError, projectfile.Faults or *ledger.LockedError means that nothing was
// begun. Whatever else goes wrong, what people read is as it was.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := errors.Join(CheckData(o.Data), o.check()); err != nil {
		return nil, err
	}
	project, faults, err := LoadProject(o.Project)
	if err != nil {
		return nil, usage("%v", err)
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
	project *Project
	bound   *Bound
	book    ledger.Ledger
	store   mart.Store
	work    string
	run     *ledger.Run
	key     *pseudonym.Key
	ground  *ground
	pin     *mart.Pin // nil when what is published may change
	inputs  string
	result  Result
	loads   map[string]*Load
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
	key, err := openKey(r.Data, r.KeyFile, r.loads)
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
	bound, faults, err := r.project.Bind(ctx)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	r.bound = bound
	return nil
}

// readDeliveries reads what has landed, what was decided, and what became of it.
func (r *runner) readDeliveries() (err error) {
	if err := unlessRewriting(r.Data); err != nil {
		return err
	}
	if r.deliveries, err = sources.ReadDeliveries(r.Data); err != nil {
		return err
	}
	if r.decisions, err = sources.ReadDecisions(r.Data); err != nil {
		return err
	}
	r.state = nil
	loads, faults := make([]*Load, len(r.deliveries)), make([]error, len(r.deliveries))
	var readers sync.WaitGroup
	for first := range readersAtOnce {
		readers.Go(func() {
			for i := first; i < len(loads); i += readersAtOnce {
				loads[i], faults[i] = readLoad(r.Data, r.deliveries[i].Source, r.deliveries[i].ID)
			}
		})
	}
	readers.Wait()
	r.loads = map[string]*Load{}
	for i, d := range r.deliveries {
		if faults[i] != nil {
			return faults[i]
		}
		if loads[i] != nil {
			r.loads[loadKey(d.Source, d.ID)] = loads[i]
		}
	}
	return nil
}

// readersAtOnce is how many small files are read side by side.
const readersAtOnce = 4

// known are the deliveries of sources that the project has a contract for.
func (r *runner) known() []sources.Delivery {
	var known []sources.Delivery
	gone := r.gone()
	for _, d := range r.deliveries {
		if sequence, let := gone[loadKey(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			continue
		}
		if d, ok := r.restrict(d); ok && r.project.Contract(d.Source) != nil {
			known = append(known, d)
		}
	}
	return known
}

// fold is what is in force of all that is known. Whoever changes what is known clears state.
func (r *runner) fold() sources.State {
	if r.state != nil {
		return *r.state
	}
	accepted := r.accepted()
	state := sources.Fold(r.known(), r.decided(), func(d sources.Delivery) sources.Verdict {
		l := r.loads[loadKey(d.Source, d.ID)]
		if l == nil {
			return sources.Verdict{Reasons: []string{"nog niet geladen"}}
		}
		inSpite := l.Lenient && !accepted[loadKey(d.Source, d.ID)] // of a decision that does not count for this run
		return sources.Verdict{Accepted: l.Accepted && !inSpite, Reasons: l.Reasons}
	})
	r.state = &state
	return state
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
	return filepath.Join(r.Spill, "inbeeld-"+digest(data)[:12])
}

// settings of the DuckDB instance for models and marts.
func (r *runner) settings() duck.Settings {
	return duck.Settings{MemoryLimit: r.MemoryLimit, Threads: 1, TempDir: filepath.Join(r.spill(), "models")}
}

var (
	errBlocked = errors.New("blocked by checks")
	errHeld    = errors.New("an earlier version is pinned")
)
