package persons

import (
	"context"
	"errors"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// Hold takes the lock of a data directory for a command that changes what is published or kept, and
// finishes a rewrite that was cut short.
func Hold(ctx context.Context, site *publish.Site, what string) (release func() error, err error) {
	if err := datadir.Check(site.Path); err != nil {
		return nil, err
	}
	if release, err = datadir.Lock(site.Dir, what); err != nil {
		return nil, err
	}
	if err := Finish(site, ctx); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

func wholeMarts(r *publish.Site) error {
	version, err := r.Store.Version()
	if err == nil && version != "" {
		err = r.Store.Check(version)
	}
	if err != nil {
		return usage.Errorf("what is published is damaged: %v; run inbeeld run, or inbeeld rollback, first", err)
	}
	return nil
}
