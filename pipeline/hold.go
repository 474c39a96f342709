package pipeline

import (
	"context"
	"errors"
)

// hold takes the lock of a data directory for a command that changes what is published or kept, and
// finishes a rewrite that was cut short.
func hold(ctx context.Context, site *Site, what string) (release func() error, err error) {
	if err := CheckData(site.Path); err != nil {
		return nil, err
	}
	if release, err = lockData(site.Dir, what); err != nil {
		return nil, err
	}
	if err := site.finishRewrite(ctx); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}
