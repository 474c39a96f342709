package place

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Connector reaches the files of one place. Pull calls it once at a time. A driver only lists,
// opens and removes; Pull decides what a file is, looks twice, tries again, hashes, caps and lands.
// When ctx ends every call returns, also a Read of what Open gave. An error that may be gone when the
// same is tried again is a passing one; of what a network does by itself Pull knows that.
type Connector interface {
	// List gives everything there, in any order. What can be no delivery, such as a folder, a link, a
	// hidden or a temporary file, is given with the reason in Ignored. A folder on this machine that
	// does not exist yet is empty; of another machine that is an error.
	List(ctx context.Context) ([]Found, error)
	// Open reads the file from offset. The bytes are exactly those of found: when the file is no
	// longer what was found, Open or the read that would end it gives ErrChanged. Where a read cannot
	// go on in the middle, an offset other than 0 gives errAnew.
	Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error)
	// Remove takes the file out of what is listed: away, or into the archive of the place. A file that
	// is gone already is no error; one that is no longer what was found stays, with ErrChanged.
	Remove(ctx context.Context, found Found) error
	// Close ends connections. The connector is not used after it.
	Close()
}

// ErrChanged says that a file changed since it was listed.
var ErrChanged = errors.New("the file changed while it was read")

// ErrNoResume says that a file can only be read from its beginning.
var ErrNoResume = errors.New("the file cannot be read on from the middle")

// ErrReadOnly says that nothing can be taken out of a place.
var ErrReadOnly = errors.New("nothing can be taken out of this place")

// unknownSize is the size of what is only made when it is read.
const unknownSize = -1

// Found is a file as listed.
type Found struct {
	// Name is relative to the place, with forward slashes.
	Name string
	// Size is in bytes, or unknownSize.
	Size     int64
	Modified time.Time
	// Version is what the place calls this state of the file, such as an ETag; "" when it does not.
	Version string
	// Generated says that it is made when it is asked for, so that the same bytes are no new arrival.
	Generated bool
	// Ignored is why the file can be no delivery; "" for one that can.
	Ignored Reason
}

func (f Found) Same(other Found) bool {
	return f.Name == other.Name && f.Size == other.Size && f.Modified.Equal(other.Modified) && f.Version == other.Version
}
