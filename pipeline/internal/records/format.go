package records

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// A format is the driver of one kind of file. A new format touches three files: its own, with its Shape,
// a type that implements this interface, and a source; this one, with a line in the table formats; and
// formats_test.go, with a case that proves the driver. No code outside a driver compares shapes: callers
// ask the Form, and the Form asks the driver.
//
// A driver must be stateless and may be used by several goroutines at once. It reads a file only
// through file.src, never changes it, and writes nothing to disk, since a decoded copy would contain
// BSNs. It wraps errors of file.src and of the context; a file that is damaged, truncated or dangerous
// is an *UnreadableError, never a panic.
type format interface {
	// shape returns the name of the format.
	shape() Shape
	// layout returns what callers may assume of its records.
	layout() layout
	// claims reports whether f is of this format, judged by its first bytes and its name. The first
	// format that claims a file gets it, so a claim must be certain. An *UnreadableError refuses a
	// file that only pretends to be of this format.
	claims(ctx context.Context, f file) (bool, error)
	// open returns a Reader for the columns. It detects what declared leaves open. It does not read to
	// the end, so damage may surface only in Next.
	open(ctx context.Context, f file, declared Form, columns []Column) (*Reader, error)
	// guess proposes column names and a form for a file without a contract. It returns no names if
	// nothing looks like a header.
	guess(ctx context.Context, f file) (guess, error)
}

// A layout is what may be assumed of the records of a format.
type layout struct {
	cells          bool // a field is in a lettered column of a sheet; its regel is the row
	shortRows      bool // a record may lack its last fields; they are empty
	separateHeader bool // column names are outside the records; the source is a titledSource
}

// A source returns the records of an open file one by one, and io.EOF after the last.
type source interface {
	next(ctx context.Context) (record, error)
}

// A titledSource is a source whose column names are outside its records. Call titles before next.
type titledSource interface {
	source
	titles(ctx context.Context) (record, error)
}

// formats claim a file in this order. CSV claims every file.
var formats = []format{xlsxFormat{}, parquetFormat{}, jsonFormat{lines: true}, jsonFormat{}, csvFormat{}}

// headLength is the number of bytes by which a format claims a file.
const headLength = 512

// A file is what is delivered, without the archive or encryption it came in.
type file struct {
	src  io.ReaderAt
	size int64
	head []byte // its first bytes, at most headLength
	ext  string // the extension of its name, in lower case
	enc  Encoding
}

// identify finds the format of a file.
func identify(ctx context.Context, src io.ReaderAt, size int64, name string, enc Encoding) (format, file, error) {
	f := file{src: src, size: size, head: make([]byte, min(size, headLength)), ext: strings.ToLower(path.Ext(name)), enc: enc}
	if n, err := src.ReadAt(f.head, 0); n < len(f.head) {
		if errors.Is(err, io.EOF) {
			err = shrunk(size)
		}
		return nil, f, fmt.Errorf("read the start of the file: %w", err)
	}
	for _, driver := range formats {
		if ok, err := driver.claims(ctx, f); ok || err != nil {
			return driver, f, err
		}
	}
	return nil, f, errors.New("no format claims the file")
}

// shrunk returns the error for a file that is shorter than the size it was opened with.
func shrunk(size int64) error {
	return fmt.Errorf("%w: the file is shorter than its recorded %d bytes; deliver it again", io.ErrUnexpectedEOF, size)
}

// Open opens a file of size bytes. It detects what declared leaves open: the format from the first
// bytes and the name, the encoding from the profile, the dialect or sheet as the first with which
// the file has a header. A file that is damaged or in no known format is an *UnreadableError.
func Open(ctx context.Context, src io.ReaderAt, size int64, name string, declared Form, p Profile, columns []Column) (*Reader, error) {
	if declared.Encoding == "" || p.BOM {
		declared.Encoding = p.Encoding
	}
	driver, f, err := identify(ctx, src, size, name, declared.Encoding)
	if err != nil {
		return nil, err
	}
	declared.Shape = driver.shape()
	return driver.open(ctx, f, declared, columns)
}

// Titles guesses the column names of a file without a contract, and the form in which it is written.
// It returns no names if no record looks like a header.
func Titles(ctx context.Context, src io.ReaderAt, size int64, name string, p Profile) ([]string, Form, error) {
	driver, f, err := identify(ctx, src, size, name, p.Encoding)
	if err != nil {
		return nil, Form{}, err
	}
	g, err := driver.guess(ctx, f)
	return g.names, g.form, err
}

// Shape is the name of a format.
type Shape string

// Form describes how a file is written.
type Form struct {
	Shape    Shape    `json:"shape"`
	Encoding Encoding `json:"encoding,omitempty"` // of text
	Dialect  Dialect  `json:"dialect,omitzero"`   // of CSV
	Sheet    string   `json:"sheet,omitempty"`    // of a workbook
}

// String describes the form in a few words, for a person who looks at a delivery.
func (f Form) String() string {
	text := string(f.Shape)
	if f.Dialect != (Dialect{}) {
		text += ", " + string(f.Encoding) + ", separator " + strconv.Quote(string(f.Dialect.Separator)) + ", quote " + string(f.Dialect.Quote)
		if f.Dialect.Escape != 0 {
			text += ", escape " + string(f.Dialect.Escape)
		}
	}
	if f.Sheet != "" {
		text += ", sheet " + f.Sheet
	}
	return text
}

// SeparateHeader reports whether the column names are outside the records, as keys or in a schema.
func (f Form) SeparateHeader() bool { return f.layout().separateHeader }

// CellColumn returns the letters of the column of field i, counted from 0, or "" if the format has no
// cells.
func (f Form) CellColumn(i int) string {
	if !f.layout().cells {
		return ""
	}
	letters := ""
	for i++; i > 0; i = (i - 1) / 26 {
		letters = string(rune('A'+(i-1)%26)) + letters
	}
	return letters
}

// layout returns the layout of the form's format, or the zero layout if the form has none.
func (f Form) layout() layout {
	for _, driver := range formats {
		if driver.shape() == f.Shape {
			return driver.layout()
		}
	}
	return layout{}
}

// UnreadableError reports that a file cannot be read to its end.
type UnreadableError struct {
	Reason string // Dutch, for the supplier
	Err    error  // what was found; may be nil
}

func (e *UnreadableError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// Refusal returns the reason for the supplier.
func (e *UnreadableError) Refusal() string { return e.Reason }
