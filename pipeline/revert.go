package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

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
