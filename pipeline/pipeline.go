// Package pipeline is the night: it composes the rooms into a run.
//
// A run is one pass of the stages plan, extract, load, retain, transform, audit, publish and notify over
// one data directory; a night without news ends after retain. A load is the result of loading a delivery.
// A stand is the result of a model on a peildatum. A finding is a verdict with its history. The outcome
// of a run says what changed in what people read.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
)

// Run does one run. It returns a *usage.Error, projectfile.Faults or *ledger.LockedError if the run did
// not start. After any other error the published marts are unchanged.
func Run(ctx context.Context, o Options) (*Result, error) {
	n, err := begin(ctx, &o)
	defer n.end()
	if err != nil || n.decided {
		return n.result, err
	}
	outcome, err := n.run(ctx,
		stage{"plan", n.plan},           // sweep, open the key, read what is known
		stage{"extract", n.extract},     // land what suppliers offer
		stage{"load", n.load},           // landed files to lake files
		stage{"retain", n.retain},       // apply retention; end here if nothing is new
		stage{"transform", n.transform}, // models to results
		stage{"audit", n.audit},         // judge, write and verify the marts, compare with what is published
		stage{"publish", n.publish},     // switch
	)
	err = n.notify(ctx, outcome, err) // status, ledger and messages, whatever happened
	return n.result, err
}

// A stage is a step of a run. An outcome ends the run; "" goes on with the next stage.
type stage struct {
	name string
	do   func(ctx context.Context, counts map[string]int64) (mart.Outcome, error)
}

// A night is one run, from its lock to its ledger entry.
type night struct {
	*intake.Book
	*publish.Site
	opt     Options
	graph   *graph.Graph      // nil until a stage needs it
	engine  *transform.Engine // from transform on
	staged  *publish.Staged   // from audit on
	pin     *mart.Pin         // nil when what is published may change
	inputs  string            // fingerprint of what the run reads
	ages    audit.Ages
	retired int // originals removed
	expired int // deliveries removed
	decided bool
	result  *Result
	release func() error
}

// begin checks the options, takes the lock, finishes an interrupted rewrite, and makes the ledger entry.
// A window that was decided before ends here. The night is never nil.
func begin(ctx context.Context, o *Options) (*night, error) {
	n := &night{release: func() error { return nil }}
	if err := errors.Join(datadir.Check(o.Path), o.check()); err != nil {
		return n, err
	}
	proj, faults, err := project.Load(o.ProjectDir)
	if err != nil {
		return n, usage.Errorf("%v", err)
	}
	if len(faults) > 0 {
		return n, faults
	}
	o.MemoryLimit, o.Threads = cmp.Or(o.MemoryLimit, "2GB"), cmp.Or(o.Threads, runtime.NumCPU())
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0 }
	}
	if _, err := datadir.MemoryShare(o.MemoryLimit, 1); err != nil {
		return n, err
	}
	if _, err := datadir.LargestDelivery(o.MaxDelivery); err != nil {
		return n, err
	}
	journal := &datadir.Journal{Dir: o.Dir, Ledger: ledger.Ledger{Dir: filepath.Join(o.Path, "runs")}, Progress: o.Progress, Crash: o.Crash}
	site, err := publish.NewSite(journal, o.Publish)
	if err != nil {
		return n, err
	}
	release, err := o.lock(ctx, "inbeeld run")
	if err != nil {
		return n, err
	}
	n.release = release
	if err := persons.Finish(ctx, site); err != nil {
		return n, err
	}
	run, decided, err := o.entry(journal.Ledger, site.Store)
	if err != nil || decided {
		n.decided, n.result = true, &Result{Run: run, Outcome: mart.NothingToDo}
		return n, err
	}
	journal.Run, journal.Work = run, filepath.Join(o.Path, "work", run.ID)
	n.Book, n.Site, n.opt, n.result = &intake.Book{Dir: o.Dir, Asof: o.Asof, Retain: o.Retain, Project: proj}, site, *o, &Result{Run: run}
	return n, nil
}

// end releases the lock.
func (n *night) end() { _ = n.release() }

// run does the stages in order. If a stored result turns out damaged, it removes the result and goes back
// to transform.
func (n *night) run(ctx context.Context, stages ...stage) (mart.Outcome, error) {
	itsTransform := slices.IndexFunc(stages, func(s stage) bool { return s.name == "transform" })
	defer func() { n.closeEngine() }()
	for i := 0; i < len(stages); i++ {
		outcome, err := n.stage(ctx, stages[i])
		var damaged *transform.DamagedError
		if errors.As(err, &damaged) {
			n.Note("bewaard resultaat is beschadigd en wordt opnieuw berekend: %s", damaged.Path)
			if err := os.Remove(damaged.Path); err != nil {
				return "", fmt.Errorf("remove a damaged result: %w", err)
			}
			n.closeEngine()
			i = itsTransform - 1
			continue
		}
		if err != nil || outcome != "" {
			return outcome, err
		}
	}
	return cmp.Or(n.opt.outside(), mart.Published), nil
}

func (n *night) closeEngine() {
	if n.engine != nil {
		if err := n.engine.Close(); err != nil {
			n.Log.Warn().Err(err).Msg("closing the database failed")
		}
		n.engine = nil
	}
}

// stage does one stage and records it in the ledger.
func (n *night) stage(ctx context.Context, s stage) (mart.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	entry := ledger.Stage{Name: s.name, Started: n.Now().UTC(), Counts: map[string]int64{}}
	began := time.Now()
	n.Log.Debug().Str("stage", s.name).Msg("begin")
	outcome, err := s.do(ctx, entry.Counts)
	entry.Seconds = float64(time.Since(began).Milliseconds()) / 1000
	n.Run.Stages = append(n.Run.Stages, entry)
	event := n.Log.Info().Str("stage", s.name).Float64("seconds", entry.Seconds)
	for k, v := range entry.Counts {
		event = event.Int64(k, v)
	}
	event.Msg("stage done")
	if err != nil || outcome != "" {
		return outcome, err
	}
	n.Measure()
	if err := n.Ledger.Write(n.Run); err != nil {
		return "", err
	}
	n.Checkpoint(s.name)
	return "", nil
}

// bind binds the project, unless it is bound.
func (n *night) bind(ctx context.Context) (err error) {
	if n.graph == nil {
		n.graph, err = graph.Open(ctx, n.Project)
	}
	return err
}
