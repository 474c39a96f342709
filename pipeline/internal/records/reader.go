package records

import (
	"context"
	"errors"
	"io"
)

// chunk is how many bytes of the file are read at a time.
const chunk = 1 << 20

// Balance says what became of the records of a file: Records = NietData + Data.
type Balance struct {
	Records  int64
	NietData int64
	Data     int64   // faulty records included
	Totaal   *Totaal // nil if the file has no total line
}

// A source gives the records of a file one after the other, and io.EOF behind the last.
type source interface {
	next(ctx context.Context) (record, error)
}

// A titled source has its header apart from its records: keys, or a schema.
type titled interface {
	titles(ctx context.Context) (record, error)
}

// Reader reads the data records of one file, front to back, in memory that does not grow with the
// file. It is for one goroutine.
type Reader struct {
	src     source
	form    Form
	dialect Dialect
	short   bool // a record may have fewer fields than the header: the others are empty
	double  bool // the header is looked for over two records, as no record alone is one
	merged  map[int64][]merge
	matcher matcher
	header  Header
	balance Balance
	tail    tail
	held    Batch  // rows behind the last batch, of which the last may prove to be a total
	rows    int    // in a full batch
	bytes   int    // of values that fill a batch
	filled  int    // bytes of values in the batch at hand
	meant   []byte // the value at hand, where it is not as it stands in the file
	started bool
	ended   bool
	err     error
}

// NewReader reads the size bytes of src, text in the encoding enc. The columns are those of the
// contract; no others are read.
func NewReader(src io.ReaderAt, size int64, enc Encoding, d Dialect, columns []Column) *Reader {
	scan := newScanner(decoder{src: src, size: size, enc: enc, chunk: chunk}, d)
	return newReader(&scan, Form{Shape: CSV, Encoding: enc, Dialect: d}, columns)
}

func newReader(src source, form Form, columns []Column) *Reader {
	m := newMatcher(columns)
	return &Reader{
		src: src, form: form, dialect: form.Dialect, short: form.Shape == XLSX,
		matcher: m, header: m.none(), rows: BatchRows, bytes: batchBytes,
	}
}

// Form is how the file is written, as declared or as found.
func (r *Reader) Form() Form { return r.form }

// Header is what was found in the header. It is known after the first Next.
func (r *Reader) Header() Header { return r.header }

// Balance is complete, and closes, after Next gave io.EOF.
func (r *Reader) Balance() Balance { return r.balance }

// Next fills b with the next data records, at least one, or gives io.EOF when there are no more.
// After an error, also that of ctx, it gives the same error again.
func (r *Reader) Next(ctx context.Context, b *Batch) error {
	b.reset(len(r.matcher.columns))
	if r.err != nil {
		return r.err
	}
	err := r.next(ctx, b)
	if err != nil {
		b.truncate(0)
		r.err = err
	}
	return err
}

func (r *Reader) next(ctx context.Context, b *Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !r.started {
		if err := r.start(ctx); err != nil {
			return err
		}
	}
	r.filled = 0
	b.rows(&r.held, 0)
	r.held.reset(len(r.matcher.columns))
	for !r.ended && b.N < r.rows+lastRecords && (r.filled < r.bytes || b.N <= lastRecords) {
		rec, err := r.record(ctx)
		switch {
		case errors.Is(err, io.EOF):
			r.end(b)
		case err != nil:
			return err
		case r.header.Found:
			r.data(&rec, b)
		default:
			r.balance.NietData++
		}
	}
	now := b.N - lastRecords
	if r.ended {
		now = min(b.N, r.rows)
	}
	r.held.rows(b, now)
	b.truncate(now)
	if b.N == 0 {
		return io.EOF
	}
	return nil
}

// record gives the next record and counts it.
func (r *Reader) record(ctx context.Context) (record, error) {
	rec, err := r.src.next(ctx)
	if err == nil {
		r.balance.Records++
	}
	return rec, err
}

// start reads up to and including the header, or as far as it may be.
func (r *Reader) start(ctx context.Context) error {
	r.started = true
	r.held.reset(len(r.matcher.columns))
	if apart, ok := r.src.(titled); ok {
		rec, err := apart.titles(ctx)
		if err != nil {
			return err
		}
		if h, ok := r.matcher.match(&rec, r.dialect); ok {
			r.header = h
		}
		return nil
	}
	var above *titleRow
	for range headerWithin {
		rec, err := r.record(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.balance.NietData++
		if r.double {
			if r.pair(above, &rec) {
				return nil
			}
			above = r.above(&rec)
			continue
		}
		if rec.fault != NoFault {
			continue
		}
		if h, ok := r.matcher.match(&rec, r.dialect); ok {
			r.header = h
			return nil
		}
	}
	return nil
}

// data adds a record below the header to b, unless it is blank.
func (r *Reader) data(rec *record, b *Batch) {
	first := rec.first(r.dialect)
	if rec.fault == NoFault {
		if len(first) == 0 {
			r.balance.NietData++
			return
		}
		switch {
		case len(rec.cuts) == r.header.Fields || r.short && len(rec.cuts) < r.header.Fields:
			if rec.kinds != nil && r.without(rec) {
				rec.fault = NoValue
			}
		default:
			rec.fault = FieldCount
		}
	}
	r.balance.Data++
	r.tail.add(rec, first, r.dialect)
	b.row(rec.regel, rec.fault)
	for c, field := range r.header.Index {
		if field < 0 || rec.fault != NoFault || field >= len(rec.cuts) {
			b.Columns[c].null()
			continue
		}
		r.value(c, &b.Columns[c], rec, field)
	}
}

// without says whether a field of a column holds no value that a column can have.
func (r *Reader) without(rec *record) bool {
	for _, field := range r.header.Index {
		if field >= 0 && field < len(rec.kinds) && rec.kinds[field] == noValue {
			return true
		}
	}
	return false
}

// value adds a field of rec to column c.
func (r *Reader) value(c int, v *Values, rec *record, field int) {
	text := rec.field(field)
	if rec.cuts[field]&cutDoubled != 0 {
		r.meant = r.dialect.appendMeant(r.meant[:0], text)
		text = r.meant
	}
	switch text = trim(text); {
	case len(text) == 0:
		v.null()
	case rec.kinds != nil && rec.kinds[field] != plainText && r.matcher.columns[c].Date:
		r.meant = appendDay(r.meant[:0], text, rec.kinds[field])
		v.add(r.meant)
	default:
		v.add(text)
	}
	r.filled += len(text)
}

// end takes the total line and what is below it out of the last rows of the file.
func (r *Reader) end(b *Batch) {
	r.ended = true
	totaal, below := r.tail.total()
	r.balance.Totaal = totaal
	r.balance.Data -= int64(below)
	r.balance.NietData += int64(below)
	b.truncate(b.N - below)
}
