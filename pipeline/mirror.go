package pipeline

import (
	"context"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
)

// copyOut brings the copy of what is published up to date, nil when none is asked for. That it fails
// fails nothing else: the status says so, and the next run tries again.
func (r *runner) copyOut(ctx context.Context) *mart.Copy {
	if r.PublishTo == "" {
		return nil
	}
	c := &mart.Copy{Dir: r.PublishTo}
	var err error
	if c.Version, err = r.store.Mirror(ctx, r.PublishTo); err != nil {
		c.Failure = pseudonym.MaskError(err, r.PublishTo, r.Data).Error()
	}
	return c
}

// within tells whether a path is a directory or lies in it.
func within(path, dir string) bool {
	path, perr := filepath.Abs(path)
	dir, derr := filepath.Abs(dir)
	rel, err := filepath.Rel(dir, path)
	return perr == nil && derr == nil && err == nil && (rel == "." || filepath.IsLocal(rel) && !strings.HasPrefix(rel, ".."))
}
