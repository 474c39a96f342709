package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"inbeeld/pipeline/bucket"
	"inbeeld/sources/contract"
)

// A bucketPlace is a folder (a prefix) of an object store. A read returns one version of an object, even if
// it is overwritten meanwhile.
type bucketPlace struct {
	*bucket.Bucket
	from contract.From
	// prefix ends with a slash, or is "" for all of the bucket.
	prefix string
}

// bucketError translates an error of the store.
func bucketError(err error) error {
	var fault *bucket.Fault
	switch {
	case errors.As(err, &fault):
		return statusError(fault.Status, fault.Code)
	case errors.Is(err, bucket.ErrChanged):
		return ErrChanged
	}
	return err
}

func (b *bucketPlace) List(ctx context.Context) ([]Found, error) {
	return walk(ctx, b.from, func(ctx context.Context, folder string) ([]Found, error) {
		prefix := b.prefix
		if folder != "" {
			prefix += folder + "/"
		}
		objects, folders, err := b.Bucket.List(ctx, prefix, "/")
		if err != nil {
			return nil, bucketError(err)
		}
		var found []Found
		for _, key := range folders {
			if name := strings.TrimSuffix(strings.TrimPrefix(key, prefix), "/"); name != "" {
				found = append(found, Found{Name: name, Ignored: IsFolder})
			}
		}
		for _, o := range objects {
			// A key that ends with a slash marks a folder.
			if name := strings.TrimPrefix(o.Key, prefix); name != "" && !strings.HasSuffix(name, "/") {
				found = append(found, Found{Name: name, Size: o.Size, Modified: o.Modified.UTC(), Version: o.ETag})
			}
		}
		return found, nil
	})
}

func (b *bucketPlace) object(found Found) bucket.Object {
	return bucket.Object{Key: b.prefix + found.Name, Size: found.Size, Modified: found.Modified, ETag: found.Version}
}

func (b *bucketPlace) Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error) {
	r, err := b.Bucket.Open(ctx, b.object(found), offset)
	if errors.Is(err, bucket.ErrMissing) || errors.Is(err, bucket.ErrChanged) {
		return nil, ErrChanged
	}
	return r, bucketError(err)
}

// Remove moves an object to the archive: it copies and then deletes it. After a crash in between, it copies
// the object again.
func (b *bucketPlace) Remove(ctx context.Context, found Found) error {
	if b.from.Archive == "" {
		return ErrReadOnly
	}
	object, err := b.Stat(ctx, b.prefix+found.Name)
	if errors.Is(err, bucket.ErrMissing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("archive: %w", bucketError(err))
	}
	if object.Size != found.Size || object.ETag != found.Version {
		return ErrChanged
	}
	if err = b.Copy(ctx, object, b.prefix+archivePath(b.from, found)); err == nil {
		err = b.Delete(ctx, object.Key)
	}
	switch {
	case errors.Is(err, bucket.ErrChanged):
		return ErrChanged
	case err != nil:
		return fmt.Errorf("archive: %w", bucketError(err))
	}
	return nil
}
