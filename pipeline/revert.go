package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
)

// Rollback makes an earlier version what people read, the one before the current when version is "",
// and holds it there: runs go on to the audit and publish nothing, until the pin is released or a
// delivery that is to blame is withdrawn. The warehouse becomes that of the version, without the last
// stand of core, which is not kept. A rollback that is cut short is finished by the next one, or the
// next run.
func Rollback(ctx context.Context, o Options, version, who, reason string) (pin *mart.Pin, err error) {
	if err := checkDecider(who, reason); err != nil {
		return nil, err
	}
	r, err := o.Site()
	if err != nil {
		return nil, err
	}
	release, err := hold(ctx, r, "inbeeld rollback")
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
	if version == "" && old != nil && !old.Settled {
		version = old.Version // asked for again: it was cut short
	}
	if version, err = r.target(version, from); err != nil {
		return nil, err
	}
	to, err := r.Store.Intact(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("version %s cannot be gone back to: %w", version, err)
	}
	p := mart.Pin{Version: version, From: from, Who: pseudonym.Mask(who), Reason: pseudonym.Mask(reason), At: o.Now().UTC(), Blamed: []string{}}
	if old != nil {
		p.From, p.Blamed = old.From, old.Blamed // further back, from the same version
	}
	if left, err := mart.ReadManifest(filepath.Join(r.Store.Dir, "versions", p.From)); err == nil {
		p.Blamed = blamed(left, to)
	}
	if err := r.Store.Hold(p); err != nil {
		return nil, err
	}
	r.at("held")
	return &p, r.settle(ctx, p)
}

// Release takes the pin away; the next run publishes again.
func Release(ctx context.Context, o Options) (err error) {
	r, err := o.Site()
	if err != nil {
		return err
	}
	release, err := hold(ctx, r, "inbeeld rollback --release")
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
	return r.rewriteStatus(ctx)
}
