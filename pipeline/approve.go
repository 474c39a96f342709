package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources"
)

// Approve decides that what a run held may be published, as it was held: the next run publishes it. It is
// refused when that run is no longer the last that judged, or something else came since. Approving the same
// again decides nothing new, so that one that was cut short may be repeated.
func Approve(ctx context.Context, o Options, run, who, reason string) (err error) {
	if strings.TrimSpace(reason) == "" {
		return usage.Errorf("say why with --reason")
	}
	if strings.TrimSpace(who) == "" {
		return usage.Errorf("say who decides with --who")
	}
	if err := CheckData(o.Data); err != nil {
		return err
	}
	release, err := lockData(o, "inbeeld approve")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	r, err := inspect(o)
	if err != nil {
		return err
	}
	r.book = ledger.Ledger{Dir: filepath.Join(o.Data, "runs")}
	hold, err := r.holdOf(run)
	if err != nil {
		return err
	}
	if pin, err := r.store.Pinned(); err != nil {
		return err
	} else if pin != nil {
		return usage.Errorf("version %s is pinned, so nothing would be published; first: inbeeld rollback --release --data %s", pin.Version, o.Data)
	}
	if err := r.unchangedSince(ctx, run, hold); err != nil {
		return err
	}
	if approval(r.decisions, hold.Digest) == nil {
		err = sources.WriteDecision(o.Data, sources.Decision{
			Sequence: sources.NextSequence(r.deliveries, r.decisions), Kind: sources.Approve,
			Held: &sources.Held{Run: run, Digest: hold.Digest}, Who: who, Reason: reason, At: o.Now().UTC(),
		})
	}
	if err == nil {
		r.at("approved")
	}
	return err
}

// undecided are the outcomes of runs that say nothing of what may be published.
var undecided = []string{"", string(mart.Failed), string(mart.Interrupted), string(Exported), string(Computed), ledger.Skipped, ledger.Queued}

// holdOf is what a run held, when it is the last run that judged.
func (r *runner) holdOf(id string) (*ledger.Hold, error) {
	run, err := r.book.Read(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage.Errorf("no run %s in %s; list runs with: inbeeld runs --data %s", id, r.Data, r.Data)
	case err != nil:
		return nil, err
	case run.Hold == nil:
		return nil, usage.Errorf("run %s does not wait for approval: its outcome is %s", id, run.Outcome)
	}
	runs, _, err := (&ledger.Index{Ledger: r.book}).Runs()
	if err != nil {
		return nil, err
	}
	last := slices.IndexFunc(runs, func(r *ledger.Run) bool { return !slices.Contains(undecided, r.Outcome) })
	switch {
	case last < 0 || runs[last].ID == id:
		return run.Hold, nil
	case runs[last].Hold != nil:
		return nil, usage.Errorf("run %s is no longer the last: run %s came after it, and is what waits now; look at it with: inbeeld show %s --data %s", id, runs[last].ID, runs[last].ID, r.Data)
	}
	return nil, usage.Errorf("run %s is no longer the last: run %s came after it, with outcome %s", id, runs[last].ID, runs[last].Outcome)
}

// unchangedSince refuses an approval when a run would not make what was held: for another project, other
// deliveries, also those that lie in the inbox, or another decision.
func (r *runner) unchangedSince(ctx context.Context, run string, hold *ledger.Hold) (err error) {
	if r.key, err = planKey(r.Options, r.loads); err != nil {
		return err
	}
	plan := &Plan{}
	if err := r.expect(ctx, plan); err != nil {
		return err
	}
	if r.upToDate() || r.inputs == hold.Inputs {
		return nil
	}
	since := "the project, a decision, or a delivery"
	if len(plan.Load) > 0 {
		since = fmt.Sprintf("%d deliveries, of which %s", len(plan.Load), plan.Load[0].File)
	}
	return usage.Errorf("what run %s held is not what a run would publish now, because something came since: %s; see what would change with: inbeeld run --data %s", run, since, r.Data)
}
