package sources

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Connector reaches the files of one place. Pull uses it from one goroutine. A driver only lists,
// opens and removes; Pull decides what a file is, looks twice, hashes, caps and lands.
type Connector interface {
	// List gives everything there, in any order. What can be no delivery, such as a folder, a link, a
	// hidden or a temporary file, is given with the reason in Ignored. A place that does not exist
	// yet is empty.
	List(ctx context.Context) ([]Found, error)
	// Open reads the file. The bytes are exactly those of found: when the file is no longer what was
	// found, Open or the read that would end it gives ErrChanged.
	Open(ctx context.Context, found Found) (io.ReadCloser, error)
	// Remove takes the file away. A file that is gone already is no error; one that is no longer what
	// was found stays, with ErrChanged.
	Remove(ctx context.Context, found Found) error
}

// ErrChanged says that a file changed since it was listed.
var ErrChanged = errors.New("the file changed while it was read")

// Found is a file as listed.
type Found struct {
	// Name is without folder.
	Name string
	// Size is in bytes.
	Size     int64
	Modified time.Time
	// Ignored is why the file can be no delivery; "" for one that can.
	Ignored Reason
}

func (f Found) same(other Found) bool {
	return f.Name == other.Name && f.Size == other.Size && f.Modified.Equal(other.Modified)
}
