package records

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	pqfile "github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// mostParquetRows is how many rows of a Parquet file are in memory at a time.
const mostParquetRows = 4096

func brokenParquet(err error) error {
	return &UnreadableError{Reason: "het Parquet-bestand is beschadigd of niet volledig; lever het opnieuw", Err: err}
}

// table is a source of the rows of a Parquet file, numbered from 1.
type table struct {
	in    *pqarrow.FileReader
	rows  pqarrow.RecordReader
	batch arrow.Record
	at    int64 // in batch
	regel int64
	built fields
	ended bool
}

func openParquet(src io.ReaderAt, size int64, columns []Column) (r *Reader, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, brokenParquet(fmt.Errorf("%v", p))
		}
	}()
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true
	props.BufferSize = 64 << 10
	in, err := pqfile.NewParquetReader(io.NewSectionReader(src, 0, size), pqfile.WithReadProps(props))
	if err != nil {
		return nil, brokenParquet(err)
	}
	// Not parallel: a fault in a goroutine of the library would end the program.
	rows, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{BatchSize: mostParquetRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, brokenParquet(err)
	}
	return newReader(&table{in: rows}, Form{Shape: Parquet}, columns), nil
}

// titles gives the names of the columns.
func (t *table) titles(ctx context.Context) (rec record, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = brokenParquet(fmt.Errorf("%v", p))
		}
	}()
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

func (t *table) next(ctx context.Context) (rec record, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = brokenParquet(fmt.Errorf("%v", p))
		}
	}()
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

// cell adds the value of a column in a row.
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
		f.moment(c.Value(row).ToTime())
	case *array.Date64:
		f.moment(c.Value(row).ToTime())
	case *array.Timestamp:
		f.moment(c.Value(row).ToTime(c.DataType().(*arrow.TimestampType).Unit))
	case *array.Dictionary:
		f.cell(c.Dictionary(), c.GetValueIndex(row))
		return
	default:
		k = noValue
		f.text = append(f.text, '?')
	}
	f.end(k)
}

// moment adds a date, with its time when that is not midnight.
func (f *fields) moment(t time.Time) {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		f.text = t.AppendFormat(f.text, time.DateOnly)
		return
	}
	f.text = t.AppendFormat(f.text, "2006-01-02 15:04:05.999999999")
}
