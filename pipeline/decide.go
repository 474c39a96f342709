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
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/pseudonym"
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

// Rollback makes an earlier version current and pins it; "" is the version before the current one.
// While a version is pinned, runs audit but do not publish. Release removes the pin, and so does
// withdrawing a delivery that was new in the version rolled back. The warehouse then holds the marts of
// the pinned version, without the last stand of core. The next rollback or run finishes an interrupted
// one.
func Rollback(ctx context.Context, o Options, version, who, reason string) (pin *mart.Pin, err error) {
	if err := datadir.CheckDecision(who, reason); err != nil {
		return nil, err
	}
	r, err := o.Site()
	if err != nil {
		return nil, err
	}
	release, err := persons.Lock(ctx, r, "inbeeld rollback")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	from, err := r.Store.Version()
	if err != nil && version == "" {
		return nil, err
	}
	old, err := r.Store.Pinned()
	if err != nil {
		old = nil // a damaged pin is replaced
	}
	if version == "" && old != nil && !old.Applied {
		version = old.Version // finish the interrupted rollback
	}
	if version, err = r.Target(version, from); err != nil {
		return nil, err
	}
	to, err := r.Store.Intact(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("cannot roll back to version %s: %w", version, err)
	}
	p := mart.Pin{Version: version, From: from, Who: pseudonym.Mask(who), Reason: pseudonym.Mask(reason), At: o.Now().UTC(), Blamed: []string{}}
	if old != nil {
		p.From, p.Blamed = old.From, old.Blamed // further back from the same version
	}
	if left, err := mart.ReadManifest(filepath.Join(r.Store.Dir, "versions", p.From)); err == nil {
		p.Blamed = publish.DeliveriesNotIn(left, to)
	}
	if err := r.Store.SetPin(p); err != nil {
		return nil, err
	}
	r.Checkpoint("held")
	return &p, r.ApplyPin(ctx, p)
}

// Release removes the pin; the next run publishes again.
func Release(ctx context.Context, o Options) (err error) {
	r, err := o.Site()
	if err != nil {
		return err
	}
	release, err := persons.Lock(ctx, r, "inbeeld rollback --release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if pin, err := r.Store.Pinned(); err == nil && pin == nil {
		return usage.Errorf("nothing is pinned in %s", o.Path)
	}
	if err := r.Store.Release(); err != nil {
		return err
	}
	return r.RewriteStatus(ctx)
}
