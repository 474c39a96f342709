package place

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Connector lists, opens and removes the files of one place. A pull makes one call at a time, and does the
// rest, such as retrying. When ctx ends, every call returns, and so does a Read from Open. An error that a
// retry may solve is a [TransientError]; the pull itself recognises those of a network.
type Connector interface {
	// List returns everything in the place, in any order. Ignored is set for what cannot be a delivery, such
	// as a folder, a link, or a hidden or temporary file. A folder on this machine that does not exist yet
	// is empty; on another machine that is an error.
	List(ctx context.Context) ([]Found, error)
	// Open opens the file at offset, in bytes. If it is no longer the file that was found, Open or the last
	// Read returns ErrChanged. A place that cannot start in the middle returns ErrNoResume for an offset
	// other than 0.
	Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error)
	// Remove deletes the file, or moves it to the archive of the place. A missing file is no error; a file
	// that is no longer the one found stays, and Remove returns ErrChanged.
	Remove(ctx context.Context, found Found) error
	// Close closes connections. It is the last call.
	Close()
}

// ErrChanged means that a file changed since it was listed.
var ErrChanged = errors.New("the file changed while it was read")

// ErrNoResume means that a file can only be read from its beginning.
var ErrNoResume = errors.New("the read of the file cannot be resumed")

// ErrReadOnly means that files cannot be removed from a place.
var ErrReadOnly = errors.New("files cannot be removed from this place")

// unknownSize is the size of a file that is only generated when it is read.
const unknownSize = -1

// Found is a file as listed.
type Found struct {
	Name     string // relative to the place, with forward slashes
	Size     int64  // bytes, or unknownSize
	Modified time.Time
	// Version is the version that the place gave the file, such as an ETag, or "".
	Version string
	// Generated means that each request generates the file, so that the same bytes are not a new arrival.
	Generated bool
	// Ignored is why the file cannot be a delivery, or "".
	Ignored Reason
}

// Same reports whether two files have the same name, size, modification time and version.
func (f Found) Same(other Found) bool {
	return f.Name == other.Name && f.Size == other.Size && f.Modified.Equal(other.Modified) && f.Version == other.Version
}

// A Reason is why a file stays in its place or was not received again, in Dutch for operators.
type Reason string

// The reasons.
const (
	Growing        Reason = "groeit nog"
	NoPakbon       Reason = "wacht op de pakbon"
	LonePakbon     Reason = "pakbon zonder levering; lever beide opnieuw, samen"
	NoMatch        Reason = "naam niet herkend"
	NoContract     Reason = "geen bron voor deze map"
	OutsideFolder  Reason = "staat niet in de map van een bron"
	ImpossibleDate Reason = "naam met een onmogelijke datum"
	IsFolder       Reason = "is een map"
	NotRegular     Reason = "is geen gewoon bestand"
	Hidden         Reason = "verborgen bestand"
	Temporary      Reason = "tijdelijk bestand"
	OutsideGlob    Reason = "valt buiten het patroon van de bron"

	SameAsInForce Reason = "gelijk aan de levering die geldt"
	SameAsNewest  Reason = "gelijk aan de levering die net is ontvangen"
	AlreadyLanded Reason = "al ontvangen in een eerdere ronde"
)
