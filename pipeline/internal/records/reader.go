package records

import (
	"context"
	"errors"
	"io"
	"slices"
)

// chunk is the number of bytes of a file that are read at once.
const chunk = 1 << 20

// Balance accounts for the records of a file: Records = NietData + Data.
type Balance struct {
	Records  int64
	NietData int64
	Data     int64   // faulty records included
	Totaal   *Totaal // nil if the file has no total line
}

// Reader reads the data records of one file from front to back, in memory that does not grow with
// the file. It may be used by one goroutine at a time.
type Reader struct {
	src     source
	form    Form
	short   bool // a record may have fewer fields than the header; the others are empty
	double  bool // look for a header over two records
	merged  map[int64][]merge
	matcher matcher
	header  Header
	balance Balance
	tail    tail
	pending Batch  // rows after the last batch, one of which may prove to be the total line
	rows    int    // in a full batch
	bytes   int    // of values that fill a batch
	filled  int    // bytes of values in the current batch
	scratch []byte // the current value, if it differs from its text in the file
	started bool
	ended   bool
	err     error
}

// newReader reads the columns of a contract from src, and no others.
func newReader(src source, form Form, columns []Column) *Reader {
	m := newMatcher(columns)
	return &Reader{
		src: src, form: form, short: form.layout().shortRows,
		matcher: m, header: Header{Index: m.absent()}, rows: BatchRows, bytes: batchBytes,
	}
}

// Form returns how the file is written, as declared or as found.
func (r *Reader) Form() Form { return r.form }

// Header returns what was found in the header. It is known after the first Next.
func (r *Reader) Header() Header { return r.header }

// Balance returns the balance so far. It is complete, and closes, once Next has returned io.EOF.
func (r *Reader) Balance() Balance { return r.balance }

// Next fills b with one or more data records, or returns io.EOF after the last. After an error,
// including that of ctx, it returns the same error again.
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
	b.rows(&r.pending, 0)
	r.pending.reset(len(r.matcher.columns))
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
	r.pending.rows(b, now)
	b.truncate(now)
	if b.N == 0 {
		return io.EOF
	}
	return nil
}

// record returns the next record and counts it.
func (r *Reader) record(ctx context.Context) (record, error) {
	rec, err := r.src.next(ctx)
	if err == nil {
		r.balance.Records++
	}
	return rec, err
}

// start reads to and including the header, or as far as the header may be.
func (r *Reader) start(ctx context.Context) error {
	r.started = true
	r.pending.reset(len(r.matcher.columns))
	if apart, ok := r.src.(titledSource); ok {
		rec, err := apart.titles(ctx)
		if err != nil {
			return err
		}
		if header, ok := r.matcher.match(&rec, r.form.Dialect); ok {
			r.header = header
		}
		return nil
	}
	var above *titleRow
	for range headerSearch {
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
		if header, ok := r.matcher.match(&rec, r.form.Dialect); ok {
			r.header = header
			return nil
		}
	}
	return nil
}

// data adds a record below the header to b, unless it is blank.
func (r *Reader) data(rec *record, b *Batch) {
	first := rec.first(r.form.Dialect)
	if rec.fault == NoFault {
		if len(first) == 0 {
			r.balance.NietData++
			return
		}
		switch {
		case len(rec.cuts) == r.header.Fields || r.short && len(rec.cuts) < r.header.Fields:
			if rec.kinds != nil && r.hasNoValue(rec) {
				rec.fault = NoValue
			}
		default:
			rec.fault = FieldCount
		}
	}
	r.balance.Data++
	r.tail.add(rec, first, r.form.Dialect)
	b.row(rec.regel, rec.fault)
	for c, field := range r.header.Index {
		if field < 0 || rec.fault != NoFault || field >= len(rec.cuts) {
			b.Columns[c].null()
			continue
		}
		r.value(c, &b.Columns[c], rec, field)
	}
}

// hasNoValue reports whether a field of a column has an error, a list or an object instead of a value.
func (r *Reader) hasNoValue(rec *record) bool {
	return slices.ContainsFunc(r.header.Index, func(field int) bool {
		return field >= 0 && field < len(rec.kinds) && rec.kinds[field] == noValue
	})
}

// value adds a field of rec to column c.
func (r *Reader) value(c int, v *Values, rec *record, field int) {
	text := rec.field(field)
	if rec.cuts[field]&cutEscaped != 0 {
		r.scratch = r.form.Dialect.appendUnescaped(r.scratch[:0], text)
		text = r.scratch
	}
	switch text = trim(text); {
	case len(text) == 0:
		v.null()
	case rec.kinds != nil && rec.kinds[field] != plainText && r.matcher.columns[c].Date:
		r.scratch = appendDay(r.scratch[:0], text, rec.kinds[field])
		v.add(r.scratch)
	default:
		v.add(text)
	}
	r.filled += len(text)
}

// end removes the total line and everything below it from the last rows of the file.
func (r *Reader) end(b *Batch) {
	r.ended = true
	totaal, below := r.tail.total()
	r.balance.Totaal = totaal
	r.balance.Data -= int64(below)
	r.balance.NietData += int64(below)
	b.truncate(b.N - below)
}
