package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"inbeeld/pipeline/bucket"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources/contract"
	"inbeeld/sources/place"
)

// explainFault adds what to do about a refusal by the object store of publish: to.
func explainFault(err error) error {
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

// UpdateCopy copies the published version to publish: to; nil means that none is configured. A failure is
// reported in the Copy and fails nothing else: the next run tries again.
func (s *Site) UpdateCopy(ctx context.Context) *mart.Copy {
	c := &mart.Copy{Dir: s.Publish.To.Label()}
	if last, err := s.Store.ReadStatus(); err == nil && last != nil && last.Copy != nil && last.Copy.Dir == c.Dir {
		c.Claimed = last.Copy.Claimed
	}
	var err error
	switch s.Publish.To.Kind {
	case "":
		return nil
	case contract.FromDir:
		c.Version, err = s.Store.CopyToDir(ctx, s.Publish.To.Address, c.Claimed)
	default:
		c.Version, err = s.copyToBucket(ctx)
	}
	if err != nil {
		c.Failure = pseudonym.MaskError(err, c.Dir, s.Path).Error()
	}
	c.Claimed = c.Claimed || err == nil && c.Version != ""
	return c
}

// copyToBucket retries as a pull does, because the next run may be a day away.
func (s *Site) copyToBucket(ctx context.Context) (version string, err error) {
	dialer := place.Dialer{DataDir: s.Path, Env: s.Env, Wait: s.Wait, Jitter: s.Jitter}
	if dialer.Jitter == nil {
		dialer.Jitter = func() float64 { return 0 }
	}
	b, prefix, err := dialer.Bucket(project.ConfigFile+": publish.to", s.Publish.To)
	if err != nil {
		return "", err
	}
	defer b.Close()
	err = dialer.Retry(ctx, 0, func(ctx context.Context, progress func()) error {
		var err error
		version, err = s.Store.CopyToBucket(ctx, mart.BucketCopy{Bucket: b, Prefix: prefix, Keep: cmp.Or(s.Publish.Keep, project.KeepVersions), Progress: progress})
		return explainFault(err)
	})
	return version, err
}
