package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// lockInterval is the time between two attempts of a patient run to take the lock.
const lockInterval = time.Second

// lock takes the lock of the data directory.
func (o Options) lock(ctx context.Context, what string) (release func() error, err error) {
	for {
		release, err = datadir.Lock(o.Dir, what)
		var locked *ledger.LockedError
		if !o.Patient || !errors.As(err, &locked) {
			return release, err
		}
		o.Log.Info().Str("holder", locked.Error()).Msg("waiting for the lock")
		if err := o.Wait(ctx, lockInterval); err != nil {
			return nil, err
		}
	}
}

// newID names a run. It avoids the name of the current version, whose run may have left the ledger.
func newID(book ledger.Ledger, store mart.Store, now time.Time) (string, error) {
	current, err := store.Version()
	if err != nil {
		current = "" // the run itself reports a link that cannot be read
	}
	return book.NewID(now, current)
}

// entry makes the ledger entry of a run; done means that its window was decided before. If the run of
// the window was killed after it published, entry marks that run published and gives this one, which
// repairs the rest, another id: a window never publishes twice.
func (o Options) entry(book ledger.Ledger, store mart.Store) (run *ledger.Run, done bool, err error) {
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
