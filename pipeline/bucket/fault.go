package bucket

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var (
	// ErrMissing says that there is no object under a key.
	ErrMissing = errors.New("there is no such object")
	// ErrChanged says that an object is no longer the one that is meant.
	ErrChanged = errors.New("the object has changed")
)

// A Fault is what a store answers instead of doing it. It is ErrMissing or ErrChanged when it says that.
type Fault struct { //nolint:errname // a fault is the word for it
	Status int    // of HTTP
	Code   string // what the store calls it, "" when it does not
}

// Error names status and code.
func (f *Fault) Error() string {
	code := f.Code
	if code == "" {
		code = http.StatusText(f.Status)
	}
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", f.Status, code))
}

// withoutBucket are the codes of a store that has no such bucket: then the key is not the matter.
var withoutBucket = []string{"NoSuchBucket", "ContainerNotFound"}

// Is tells ErrMissing and ErrChanged from other answers.
func (f *Fault) Is(target error) bool {
	switch target {
	case ErrMissing:
		return f.Status == http.StatusNotFound && !slices.Contains(withoutBucket, f.Code)
	case ErrChanged:
		return f.Status == http.StatusPreconditionFailed || f.Status == http.StatusRequestedRangeNotSatisfiable
	}
	return false
}

// Passing says that the same may succeed later.
func (f *Fault) Passing() bool {
	return f.Status == http.StatusTooManyRequests || f.Status == http.StatusRequestTimeout || f.Status >= 500
}

// said is an error without the words of a library, and without the address: that may hold a token.
func (b *Bucket) said(err error) error {
	if err == nil {
		return nil
	}
	if status, code, ok := b.answer(err); ok {
		return &Fault{Status: status, Code: code}
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
