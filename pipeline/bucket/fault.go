package bucket

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var (
	// ErrMissing means that no object has the key.
	ErrMissing = errors.New("no such object")
	// ErrChanged means that an object is no longer the expected version.
	ErrChanged = errors.New("the object has changed")
)

// A Fault is a response of the store other than success. It matches ErrMissing or ErrChanged if it means
// that.
type Fault struct { //nolint:errname // a fault is the word of this package
	Status int    // HTTP status
	Code   string // the store's error code, or ""
}

// Error returns the status and the code.
func (f *Fault) Error() string {
	code := cmp.Or(f.Code, http.StatusText(f.Status))
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", f.Status, code))
}

// missingBucketCodes are the codes for a missing bucket, as opposed to a missing object.
var missingBucketCodes = []string{"NoSuchBucket", "ContainerNotFound"}

// Is reports whether the response means target: ErrMissing or ErrChanged.
func (f *Fault) Is(target error) bool {
	switch target {
	case ErrMissing:
		return f.Status == http.StatusNotFound && !slices.Contains(missingBucketCodes, f.Code)
	case ErrChanged:
		return f.Status == http.StatusPreconditionFailed || f.Status == http.StatusRequestedRangeNotSatisfiable
	}
	return false
}

// Transient reports whether the request may succeed later.
func (f *Fault) Transient() bool {
	return f.Status == http.StatusTooManyRequests || f.Status == http.StatusRequestTimeout || f.Status >= 500
}

// sanitize removes from an error the texts of the library and the URL, which may contain a token.
func (b *Bucket) sanitize(err error) error {
	if err == nil {
		return nil
	}
	if status, code, ok := b.answer(err); ok {
		return &Fault{Status: status, Code: code}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
