package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// Approve allows the next run to publish exactly what a run held. It refuses if another run has judged
// since, or if a project file, decision or delivery has changed. Approving the same run twice is
// harmless.
func Approve(ctx context.Context, o Options, run, who, reason string) error {
	site := &publish.Site{Journal: &datadir.Journal{Dir: o.Dir, Crash: o.Crash}, Store: mart.Store{Dir: filepath.Join(o.Path, "marts")}, Publish: o.Publish}
	_, err := o.Decide("inbeeld approve", who, reason, func(b *intake.Book) (*delivery.Decision, error) {
		hold, err := holdOf(o.Dir, run)
		if err != nil {
			return nil, err
		}
		if pin, err := site.Store.Pinned(); err != nil {
			return nil, err
		} else if pin != nil {
			return nil, usage.Errorf("version %s is pinned, so nothing would be published; first: inbeeld rollback --release --data %s", pin.Version, o.Path)
		}
		if err := unchangedSince(ctx, b, site, run, hold); err != nil || publish.Approval(b.Decisions, hold.Digest) != nil {
			return nil, err
		}
		return &delivery.Decision{Kind: delivery.Approve, Held: &delivery.Held{Run: run, Digest: hold.Digest}}, nil
	})
	if err == nil {
		site.Checkpoint("approved")
	}
	return err
}

// undecided lists the outcomes of runs that did not judge whether to publish.
var undecided = []string{"", string(mart.Failed), string(mart.Interrupted), string(mart.Exported), string(mart.Computed), ledger.Skipped, ledger.Queued}

// holdOf returns what a run holds for approval, if it is the last run that judged.
func holdOf(d datadir.Dir, id string) (*ledger.Hold, error) {
	book := ledger.Ledger{Dir: filepath.Join(d.Path, "runs")}
	run, err := book.Read(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage.Errorf("no run %s in %s; list runs with: inbeeld runs --data %s", id, d.Path, d.Path)
	case err != nil:
		return nil, err
	case run.Hold == nil:
		return nil, usage.Errorf("run %s does not wait for approval: its outcome is %s", id, run.Outcome)
	}
	runs, _, err := (&ledger.Index{Ledger: book}).Runs()
	if err != nil {
		return nil, err
	}
	last := slices.IndexFunc(runs, func(r *ledger.Run) bool { return !slices.Contains(undecided, r.Outcome) })
	switch {
	case last < 0 || runs[last].ID == id:
		return run.Hold, nil
	case runs[last].Hold != nil:
		return nil, usage.Errorf("run %s is no longer the last: run %s came after it, and waits now; look at it with: inbeeld show %s --data %s", id, runs[last].ID, runs[last].ID, d.Path)
	}
	return nil, usage.Errorf("run %s is no longer the last: run %s came after it, with outcome %s", id, runs[last].ID, runs[last].Outcome)
}

// unchangedSince refuses an approval if a run would now publish something else: because of the project,
// a delivery (the inbox included) or a decision.
func unchangedSince(ctx context.Context, r *intake.Book, site *publish.Site, run string, hold *ledger.Hold) (err error) {
	if r.Key, err = intake.PlanKey(r.Dir, r.Loads); err != nil {
		return err
	}
	expected, err := r.PlanLoads(ctx, true)
	if err != nil {
		return err
	}
	if upToDate, inputs := site.UpToDate(r); upToDate || inputs == hold.Inputs {
		return nil
	}
	since := "the project, a decision, or a delivery"
	if len(expected.Loads) > 0 {
		since = fmt.Sprintf("%d deliveries, of which %s", len(expected.Loads), expected.Loads[0].File)
	}
	return usage.Errorf("a run would no longer publish what run %s held, because of %s; see what would change with: inbeeld run --data %s", run, since, r.Path)
}
