package duck

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/arrow/memory/mallocator"
	"github.com/marcboeker/go-duckdb"
)

// A Batch is a part of a stream: for each of N records its first line, its structural fault (0 for none),
// and the text of its fields by column.
type Batch struct {
	N       int
	Regel   []int64
	Fault   []uint8
	Columns []TextColumn
}

// A TextColumn has N concatenated texts. Text i is Data[Offsets[i]:Offsets[i+1]]; it is NULL if bit i of
// Valid, least significant first, is 0.
type TextColumn struct {
	Data    []byte
	Offsets []int32
	Valid   []byte
	Nulls   int
}

// Stream registers next as a table: regel BIGINT, fout UTINYINT, c0, c1, … VARCHAR. next fills a batch
// and returns io.EOF after the last; a goroutine calls it ahead of time. The table can be read once, by a
// statement that reads all columns. The caller must then call stop, which ends the goroutine and returns
// the error of next with its type, which DuckDB loses.
func (s *Session) Stream(ctx context.Context, table string, columns int, next func(*Batch) error) (stop func() error, err error) {
	fields := []arrow.Field{{Name: "regel", Type: arrow.PrimitiveTypes.Int64}, {Name: "fout", Type: arrow.PrimitiveTypes.Uint8}}
	for i := range columns {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("c%d", i), Type: arrow.BinaryTypes.String, Nullable: true})
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &reader{ctx: ctx, schema: arrow.NewSchema(fields, nil), ahead: make(chan arrow.Record, 2), done: make(chan struct{})}
	var release func()
	err = s.conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err != nil {
			return err
		}
		release, err = a.RegisterView(r, table)
		return err
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("register the record stream: %w", err)
	}
	go r.readAhead(next)
	var once sync.Once
	return func() error {
		once.Do(func() {
			cancel()
			<-r.done
			for rec := range r.ahead {
				rec.Release()
			}
			release()
		})
		return r.failed()
	}, nil
}

// A reader is an array.RecordReader that DuckDB calls from its own threads.
type reader struct {
	ctx    context.Context
	schema *arrow.Schema
	ahead  chan arrow.Record
	done   chan struct{}
	record arrow.Record
	err    atomic.Pointer[error]
}

func (r *reader) readAhead(next func(*Batch) error) {
	defer close(r.done)
	defer close(r.ahead)
	defer func() {
		if p := recover(); p != nil {
			r.fail(fmt.Errorf("read records: %v", p))
		}
	}()
	alloc := mallocator.NewMallocator()
	var b Batch
	for {
		err := next(&b)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.fail(err)
			return
		}
		rec := record(alloc, r.schema, &b)
		select {
		case r.ahead <- rec:
		case <-r.ctx.Done():
			rec.Release()
			r.fail(r.ctx.Err())
			return
		}
	}
}

func (r *reader) fail(err error) { r.err.CompareAndSwap(nil, &err) }

func (r *reader) failed() error {
	if err := r.Err(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (r *reader) Retain()  {}
func (r *reader) Release() {}

func (r *reader) Schema() *arrow.Schema { return r.schema }

func (r *reader) Next() bool {
	if r.record != nil {
		r.record.Release()
	}
	var ok bool
	r.record, ok = <-r.ahead
	return ok
}

func (r *reader) Record() arrow.Record { return r.record }

func (r *reader) Err() error {
	if err := r.err.Load(); err != nil {
		return *err
	}
	return nil
}

// record copies a batch to memory outside the Go heap, because DuckDB keeps pointers to it.
func record(alloc memory.Allocator, schema *arrow.Schema, b *Batch) arrow.Record {
	regel := fixed(alloc, arrow.PrimitiveTypes.Int64, b.N, arrow.Int64Traits.CastToBytes(b.Regel[:b.N]))
	fault := fixed(alloc, arrow.PrimitiveTypes.Uint8, b.N, b.Fault[:b.N])
	columns := []arrow.Array{regel, fault}
	for _, c := range b.Columns {
		buffers := []*memory.Buffer{
			buffer(alloc, c.Valid[:(b.N+7)/8]),
			buffer(alloc, arrow.Int32Traits.CastToBytes(c.Offsets[:b.N+1])),
			buffer(alloc, c.Data[:c.Offsets[b.N]]),
		}
		columns = append(columns, text(b.N, buffers, c.Nulls))
	}
	rec := array.NewRecord(schema, columns, int64(b.N))
	for _, c := range columns {
		c.Release()
	}
	return rec
}

func fixed(alloc memory.Allocator, t arrow.DataType, n int, raw []byte) arrow.Array {
	data := array.NewData(t, n, []*memory.Buffer{nil, buffer(alloc, raw)}, nil, 0, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

func text(n int, buffers []*memory.Buffer, nulls int) arrow.Array {
	data := array.NewData(arrow.BinaryTypes.String, n, buffers, nil, nulls, 0)
	defer data.Release()
	for _, b := range buffers {
		b.Release()
	}
	return array.MakeFromData(data)
}

func buffer(alloc memory.Allocator, raw []byte) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(max(len(raw), 1))
	copy(b.Bytes(), raw)
	b.ResizeNoShrink(len(raw))
	return b
}
