package records

import (
	"context"
	"io"
)

// CSV is text with a separator.
const CSV Shape = "csv"

// separators and quoteChars are tried in this order if the contract declares none.
var (
	separators = []byte{';', ',', '\t', '|', ':', '^', '~', '#', '@', 0x1F}
	quoteChars = []byte{'"', '\''}
)

// dialectSearch is the number of bytes of a file that are searched for its dialect.
const dialectSearch = 8 << 20

// csvFormat reads text with a separator. Its source is a scanner.
type csvFormat struct{}

func (csvFormat) shape() Shape { return CSV }

func (csvFormat) layout() layout { return layout{} }

func (csvFormat) claims(context.Context, file) (bool, error) { return true, nil }

// open uses the first dialect with which the file has a header in one record, or else the first with
// which it has one over two records, or else the first dialect.
func (csvFormat) open(ctx context.Context, f file, declared Form, columns []Column) (*Reader, error) {
	seps, quotes := separators, quoteChars
	if declared.Dialect.Separator != 0 {
		seps = []byte{declared.Dialect.Separator}
	}
	if declared.Dialect.Quote != 0 {
		quotes = []byte{declared.Dialect.Quote}
	}
	open := func(i int, double bool, size int64) *Reader {
		d := Dialect{Separator: seps[i%len(seps)], Quote: quotes[i/len(seps)], Escape: declared.Dialect.Escape}
		r := newCSVReader(f.src, size, f.enc, d, columns)
		r.double = double
		return r
	}
	for _, double := range []bool{false, true} {
		found := false
		for i := range len(seps) * len(quotes) {
			r := open(i, double, min(f.size, dialectSearch))
			if r.form.Dialect.Separator == r.form.Dialect.Quote {
				continue
			}
			if err := r.start(ctx); err != nil {
				return nil, err
			}
			found = found || r.header.Found
			// One column is a header with any separator.
			if r.header.Found && (r.header.Fields > 1 || len(seps) == 1) {
				return open(i, double, f.size), nil
			}
		}
		if found {
			break
		}
	}
	return open(0, false, f.size), nil
}

func (csvFormat) guess(ctx context.Context, f file) (guess, error) {
	var best guess
	for _, quote := range quoteChars {
		for _, sep := range separators {
			form := Form{Shape: CSV, Encoding: f.enc, Dialect: Dialect{Separator: sep, Quote: quote}}
			scan := newScanner(f.src, min(f.size, dialectSearch), f.enc, form.Dialect)
			if err := best.improve(ctx, &scan, form); err != nil {
				return guess{}, err
			}
		}
	}
	return best, nil
}

// newCSVReader reads the size bytes of src, text in the encoding enc.
func newCSVReader(src io.ReaderAt, size int64, enc Encoding, d Dialect, columns []Column) *Reader {
	scan := newScanner(src, size, enc, d)
	return newReader(&scan, Form{Shape: CSV, Encoding: enc, Dialect: d}, columns)
}
