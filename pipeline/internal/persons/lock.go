package persons

import (
	"context"
	"errors"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// Lock locks the data directory for a command that changes stored or published data, and finishes a
// rewrite that was interrupted.
func Lock(ctx context.Context, site *publish.Site, what string) (release func() error, err error) {
	if err := datadir.Check(site.Path); err != nil {
		return nil, err
	}
	if release, err = datadir.Lock(site.Dir, what); err != nil {
		return nil, err
	}
	if err := Finish(ctx, site); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// lockForRewrite locks the data directory and reads its deliveries. The published version must be
// intact: a damaged one cannot be rewritten.
func lockForRewrite(ctx context.Context, o intake.Scope, site *publish.Site, what string) (*intake.Book, func() error, error) {
	release, err := Lock(ctx, site, what)
	if err != nil {
		return nil, nil, err
	}
	b, err := o.Open()
	if err == nil {
		err = checkPublished(site)
	}
	if err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return b, release, nil
}

func checkPublished(site *publish.Site) error {
	version, err := site.Store.Version()
	if err == nil && version != "" {
		err = site.Store.Check(version)
	}
	if err != nil {
		return usage.Errorf("the published version is damaged: %v; run inbeeld run, or inbeeld rollback, first", err)
	}
	return nil
}
