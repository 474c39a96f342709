package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Shape is what kind of file it is.
type Shape string

// The shapes in which a delivery may come.
const (
	CSV       Shape = "csv"
	XLSX      Shape = "xlsx"
	JSON      Shape = "json"  // an array of objects, or an object that holds one
	JSONLines Shape = "jsonl" // an object on each line
	Parquet   Shape = "parquet"
)

// Form is how a file is written.
type Form struct {
	Shape    Shape    `json:"shape"`
	Encoding Encoding `json:"encoding,omitempty"` // of text
	Dialect  Dialect  `json:"dialect,omitzero"`   // of CSV
	Sheet    string   `json:"sheet,omitempty"`    // of XLSX
}

// UnreadableError says that a file cannot be read to its end, whatever its records hold.
type UnreadableError struct {
	Reason string // Dutch, for the supplier
	Err    error
}

func (e *UnreadableError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// Refusal is the reason for the supplier.
func (e *UnreadableError) Refusal() string { return e.Reason }

// separators and quotes are tried, in this order, where the contract declares none.
var (
	separators = []byte{';', ',', '\t', '|', ':', '^', '~', '#', '@', 0x1F}
	quotes     = []byte{'"', '\''}
)

// Open begins to read a file. What declared leaves open is found: the shape from the first bytes and
// the name, the encoding from the profile, separator and quote as the first with which there is a
// header, the sheet as the first that has one. A file that is something else altogether is
// *UnreadableError.
func Open(ctx context.Context, src io.ReaderAt, size int64, name string, declared Form, p Profile, columns []Column) (*Reader, error) {
	if declared.Encoding == "" || p.BOM {
		declared.Encoding = p.Encoding
	}
	shape, err := shapeOf(ctx, src, size, name, declared.Encoding)
	if err != nil {
		return nil, err
	}
	declared.Shape = shape
	switch shape {
	case XLSX:
		return openXLSX(ctx, src, size, declared, columns)
	case JSON, JSONLines:
		return openJSON(src, size, declared, columns), nil
	case Parquet:
		return openParquet(src, size, columns)
	case CSV:
	}
	return openCSV(ctx, src, size, declared, columns)
}

// dialectWithin is how many bytes are looked at in search of a dialect.
const dialectWithin = 8 << 20

// openCSV looks for a dialect with which the file has a header, and where none has one, for a dialect
// with which it has a header over two records. Where there is none either, it is the first.
func openCSV(ctx context.Context, src io.ReaderAt, size int64, declared Form, columns []Column) (*Reader, error) {
	seps, marks := separators, quotes
	if declared.Dialect.Separator != 0 {
		seps = []byte{declared.Dialect.Separator}
	}
	if declared.Dialect.Quote != 0 {
		marks = []byte{declared.Dialect.Quote}
	}
	open := func(i int, double bool, size int64) *Reader {
		d := Dialect{Separator: seps[i%len(seps)], Quote: marks[i/len(seps)], Escape: declared.Dialect.Escape}
		r := NewReader(src, size, declared.Encoding, d, columns)
		r.double = double
		return r
	}
	for _, double := range []bool{false, true} {
		found := false
		for i := range len(seps) * len(marks) {
			r := open(i, double, min(size, dialectWithin))
			if r.dialect.Separator == r.dialect.Quote {
				continue
			}
			if err := r.start(ctx); err != nil {
				return nil, err
			}
			found = found || r.header.Found
			// One column is a header with any separator.
			if r.header.Found && (r.header.Fields > 1 || len(seps) == 1) {
				return open(i, double, size), nil
			}
		}
		if found {
			break
		}
	}
	return open(0, false, size), nil
}

// shapeOf looks at the first bytes, and at the name where these leave it open.
func shapeOf(ctx context.Context, src io.ReaderAt, size int64, name string, enc Encoding) (Shape, error) {
	head := make([]byte, min(size, 512))
	if n, err := src.ReadAt(head, 0); n < len(head) {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: the file is shorter than the %d bytes it was; deliver it again", io.ErrUnexpectedEOF, size)
		}
		return "", fmt.Errorf("read the start of the file: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return XLSX, nil
	case bytes.HasPrefix(head, []byte("PAR1")):
		return Parquet, nil
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return "", &UnreadableError{Reason: "het bestand is een Excel-bestand met een wachtwoord of een oud .xls-bestand; lever een .xlsx-bestand zonder wachtwoord"}
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".jsonl", ".ndjson":
		return JSONLines, nil
	case ".json":
		return jsonShape(ctx, newText(src, size, enc))
	case ".xlsx":
		if size == 0 {
			break
		}
		if bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(head)), []byte("<")) {
			return "", &UnreadableError{Reason: "het bestand heet .xlsx, maar is een webpagina; exporteer het opnieuw als Excel-werkmap"}
		}
	case ".parquet":
		return "", &UnreadableError{Reason: "het bestand heet .parquet, maar is geen Parquet-bestand; lever het opnieuw"}
	}
	return CSV, nil
}
