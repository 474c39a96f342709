package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/projectfile"
)

// A Window is a moment at which a schedule asks for a run.
type Window struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"` // in the zone of the schedule
}

// Windows are the first n windows from a moment on, of all schedules together.
func (p *Project) Windows(from time.Time, n int) []Window {
	var all []Window
	for _, s := range p.Schedules {
		var own []time.Time
		for days := 1; len(own) < n && days <= 16*366; days *= 4 {
			own = s.Windows(from, from.AddDate(0, 0, days))
		}
		for _, at := range own[:min(n, len(own))] {
			all = append(all, Window{Schedule: s.Name, At: at.In(s.Zone)})
		}
	}
	slices.SortStableFunc(all, func(a, b Window) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Schedule, b.Schedule)) })
	return all[:min(n, len(all))]
}

// unknownWatched finds schedules that watch for what no contract delivers.
func (p *Project) unknownWatched() projectfile.Faults {
	var faults projectfile.Faults
	var names []string
	for _, c := range p.Contracts {
		names = append(names, c.Name)
	}
	for _, s := range p.Schedules {
		if s.Watch == nil {
			continue
		}
		for _, source := range s.Watch.Sources {
			if !slices.Contains(names, source) && !p.unread["raw."+source] {
				faults = append(faults, projectfile.Fault{
					Path: s.Path, Message: fmt.Sprintf("watch.sources: there is no source %q", source), Hint: projectfile.DidYouMean(source, names),
				})
			}
		}
	}
	return faults
}

// lockLook is how often a patient run looks whether the lock is free.
const lockLook = time.Second

// lock takes the lock of the data directory.
func (o Options) lock(ctx context.Context, what string) (release func() error, err error) {
	for {
		release, err = lockData(o, what)
		var locked *ledger.LockedError
		if !o.Patient || !errors.As(err, &locked) {
			return release, err
		}
		o.Log.Info().Str("holder", locked.Error()).Msg("waiting for the lock")
		if err := o.Wait(ctx, lockLook); err != nil {
			return nil, err
		}
	}
}

// newID names a run; the version that people read keeps its name, also when its run is no longer in the
// ledger.
func newID(book ledger.Ledger, store mart.Store, now time.Time) (string, error) {
	current, err := store.Version()
	if err != nil {
		current = "" // a link that cannot be read is the affair of the run
	}
	return book.NewID(now, current)
}

// begin makes the ledger entry of a run. A window that was decided before is done. One whose run was
// killed after it had published is decided here, and this run, which mends what lies beside the marts,
// gets an id of its own: so a window never publishes twice.
func (o Options) begin(book ledger.Ledger, store mart.Store) (run *ledger.Run, done bool, err error) {
	run = &ledger.Run{Program: fingerprint.Program, Started: o.Now().UTC(), Stages: []ledger.Stage{}}
	if o.Window == nil {
		run.ID, err = newID(book, store, o.Now())
		return run, false, err
	}
	at := o.Window.At.UTC()
	run.ID, run.Schedule, run.Window = ledger.WindowID(o.Window.Schedule, at), o.Window.Schedule, &at
	old, err := book.Read(run.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return run, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("%w; move it away to run this window again", err)
	case old.Decided():
		run.Notes = []string{fmt.Sprintf("window %s of %s was decided before: %s", at.Format(time.RFC3339), old.Schedule, old.Outcome)}
		return run, true, nil
	}
	run.Attempts = old.Attempts
	version, err := store.Version()
	if err != nil || version != run.ID {
		return run, false, err
	}
	now := o.Now().UTC()
	old.Outcome, old.Version, old.Finished, old.Again = string(mart.Published), version, &now, false
	old.Notes = append(old.Notes, "de run is gestopt nadat de cijfers waren gepubliceerd; de volgende run maakt af wat ernaast hoort")
	if err := book.Write(old); err != nil {
		return nil, false, err
	}
	run.Schedule, run.Window, run.Attempts = "", nil, nil
	run.ID, err = newID(book, store, o.Now())
	return run, false, err
}
