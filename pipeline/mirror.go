package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/bucket"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources"
)

// copyOut brings the copy of what is published up to date, nil when none is asked for. That it fails
// fails nothing else: the status says so, and the next run tries again.
func (r *Site) copyOut(ctx context.Context) *mart.Copy {
	c := &mart.Copy{Dir: r.Publish.To.Label()}
	if last, err := r.Store.ReadStatus(); err == nil && last != nil && last.Copy != nil && last.Copy.Dir == c.Dir {
		c.Claimed = last.Copy.Claimed
	}
	var err error
	switch r.Publish.To.Kind {
	case "":
		return nil
	case sources.FromDir:
		c.Version, err = r.Store.Mirror(ctx, r.Publish.To.Address, c.Claimed)
	default:
		c.Version, err = r.mirrorToStore(ctx)
	}
	if err != nil {
		c.Failure = pseudonym.MaskError(err, c.Dir, r.Path).Error()
	}
	c.Claimed = c.Claimed || err == nil && c.Version != ""
	return c
}

// mirrorToStore has the patience of a pull: the next run may be a day away.
func (r *Site) mirrorToStore(ctx context.Context) (version string, err error) {
	place := sources.Options{DataDir: r.Path, Env: r.Env, Wait: r.Wait, Jitter: r.Jitter}
	if place.Jitter == nil {
		place.Jitter = func() float64 { return 0 }
	}
	b, prefix, err := place.Bucket(r.Publish.To)
	if err != nil {
		return "", err
	}
	defer b.Close()
	err = place.Retry(ctx, func(ctx context.Context, moved func()) error {
		var err error
		version, err = r.Store.MirrorTo(ctx, mart.Elsewhere{Bucket: b, Prefix: prefix, Keep: cmp.Or(r.Publish.Keep, project.KeepVersions), Moved: moved})
		return refusedBy(err)
	})
	return version, err
}

// refusedBy says what to do about an answer of an object store that is published to.
func refusedBy(err error) error {
	var fault *bucket.Fault
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("no access: %w; check the credentials of publish: to, and whether they may list, read, write and delete there", err)
	case http.StatusNotFound:
		return fmt.Errorf("it does not exist: %w; check the address of publish: to", err)
	}
	return err
}

// within tells whether a path is a directory or lies in it.
func within(path, dir string) bool {
	path, perr := filepath.Abs(path)
	dir, derr := filepath.Abs(dir)
	rel, err := filepath.Rel(dir, path)
	return perr == nil && derr == nil && err == nil && (rel == "." || filepath.IsLocal(rel) && !strings.HasPrefix(rel, ".."))
}
