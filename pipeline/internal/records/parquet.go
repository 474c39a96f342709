package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	pqfile "github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// Parquet is an Apache Parquet file.
const Parquet Shape = "parquet"

// parquetBatchRows is the number of rows of a Parquet file that are in memory at once.
const parquetBatchRows = 4096

// parquetFormat reads Parquet files. Its source is parquetRows.
type parquetFormat struct{}

func (parquetFormat) shape() Shape { return Parquet }

func (parquetFormat) layout() layout { return layout{separateHeader: true} }

func (parquetFormat) claims(_ context.Context, f file) (bool, error) {
	if bytes.HasPrefix(f.head, []byte("PAR1")) {
		return true, nil
	}
	if f.ext == ".parquet" {
		return false, &UnreadableError{Reason: "het bestand heet .parquet, maar is geen Parquet-bestand; lever het opnieuw"}
	}
	return false, nil
}

func (p parquetFormat) guess(ctx context.Context, f file) (guess, error) { return titlesOf(ctx, p, f) }

func brokenParquet(err error) error {
	return &UnreadableError{Reason: "het Parquet-bestand is beschadigd of niet volledig; lever het opnieuw", Err: err}
}

// recoverParquet turns a panic of the library, which damaged files cause, into an error.
func recoverParquet(err *error) {
	if p := recover(); p != nil {
		*err = brokenParquet(fmt.Errorf("%v", p))
	}
}

// parquetRows is the source of the rows of a Parquet file, numbered from 1.
type parquetRows struct {
	in    *pqarrow.FileReader
	rows  pqarrow.RecordReader
	batch arrow.Record
	at    int64 // in batch
	regel int64
	built fields
	ended bool
}

func (parquetFormat) open(_ context.Context, f file, _ Form, columns []Column) (_ *Reader, err error) {
	defer recoverParquet(&err)
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true
	props.BufferSize = 64 << 10
	in, err := pqfile.NewParquetReader(io.NewSectionReader(f.src, 0, f.size), pqfile.WithReadProps(props))
	if err != nil {
		return nil, brokenParquet(err)
	}
	// Not in parallel: a panic in a goroutine of the library would end the program.
	rows, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{BatchSize: parquetBatchRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, brokenParquet(err)
	}
	return newReader(&parquetRows{in: rows}, Form{Shape: Parquet}, columns), nil
}

// titles returns the column names of the schema.
func (t *parquetRows) titles(ctx context.Context) (_ record, err error) {
	defer recoverParquet(&err)
	schema, err := t.in.Schema()
	if err != nil {
		return record{}, brokenParquet(err)
	}
	for _, f := range schema.Fields() {
		t.built.text = append(t.built.text, f.Name...)
		t.built.end(plainText)
	}
	if t.rows, err = t.in.GetRecordReader(ctx, nil, nil); err != nil {
		return record{}, brokenParquet(err)
	}
	return t.built.record(0, false), nil
}

func (t *parquetRows) next(ctx context.Context) (_ record, err error) {
	defer recoverParquet(&err)
	for t.batch == nil || t.at == t.batch.NumRows() {
		if err := ctx.Err(); err != nil {
			return record{}, err
		}
		if t.ended || !t.rows.Next() {
			t.ended = true
			if err := t.rows.Err(); err != nil && !errors.Is(err, io.EOF) {
				return record{}, brokenParquet(err)
			}
			return record{}, io.EOF
		}
		t.batch, t.at = t.rows.Record(), 0
	}
	t.built.reset()
	for i := range t.batch.Columns() {
		t.built.cell(t.batch.Column(i), int(t.at))
	}
	t.at++
	t.regel++
	return t.built.record(t.regel, false), nil
}

// cell adds the value of a column in one row.
func (f *fields) cell(column arrow.Array, row int) {
	if column.IsNull(row) {
		f.end(plainText)
		return
	}
	k := plainText
	switch c := column.(type) {
	case *array.String:
		f.text = append(f.text, c.Value(row)...)
	case *array.LargeString:
		f.text = append(f.text, c.Value(row)...)
	case *array.Boolean:
		f.text = append(f.text, map[bool]byte{true: 'J', false: 'N'}[c.Value(row)])
	case *array.Int8, *array.Int16, *array.Int32, *array.Int64, *array.Uint8, *array.Uint16, *array.Uint32, *array.Uint64, *array.Decimal128, *array.Decimal256:
		f.text = appendNumber(f.text, []byte(c.ValueStr(row)), false)
	case *array.Float32:
		f.text = appendNumber(f.text, strconv.AppendFloat(nil, float64(c.Value(row)), 'e', -1, 32), false)
	case *array.Float64:
		f.text = appendNumber(f.text, strconv.AppendFloat(nil, c.Value(row), 'e', -1, 64), false)
	case *array.Date32:
		f.text = appendMoment(f.text, c.Value(row).ToTime().UTC())
	case *array.Date64:
		f.text = appendMoment(f.text, c.Value(row).ToTime().UTC())
	case *array.Timestamp:
		f.text = appendMoment(f.text, c.Value(row).ToTime(c.DataType().(*arrow.TimestampType).Unit).UTC())
	case *array.Dictionary:
		f.cell(c.Dictionary(), c.GetValueIndex(row))
		return
	default:
		k = noValue
		f.text = append(f.text, '?')
	}
	f.end(k)
}
