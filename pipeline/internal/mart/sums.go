package mart

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"regexp"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// batch is how many values are decoded at a time.
const batch = 8192

// buffers receive the decoded values of all columns of a file.
type buffers struct {
	levels []int16
	bools  []bool
	int32s []int32
	int64s []int64
	bytes  []parquet.ByteArray
	fixed  []parquet.FixedLenByteArray
}

// scratchBuffer returns *buf, with space for one batch.
func scratchBuffer[T any](buf *[]T) []T {
	if *buf == nil {
		*buf = make([]T, batch)
	}
	return *buf
}

// tally is the sum and the number of NULLs of one column.
type tally struct {
	sum   sum
	nulls int64
}

// scan reads all values of a file.
type scan struct {
	r      *file.Reader
	memory *cappedAllocator
	size   int64 // of the file, in bytes
	buf    buffers
}

// verifyColumns reads every value once, column by column within a row group: the order of the file.
func (s *scan) verifyColumns(ctx context.Context, want Expectation) error {
	tallies := make([]tally, len(want.Columns))
	columns := s.r.MetaData().Schema
	for g := range s.r.NumRowGroups() {
		group := s.r.RowGroup(g)
		if group.NumColumns() != len(tallies) {
			return fmt.Errorf("row group %d has %d columns, expected %d", g, group.NumColumns(), len(tallies))
		}
		for i := range tallies {
			if err := s.readChunk(ctx, &tallies[i], group, columns.Column(i), i); err != nil {
				return fmt.Errorf("column %q: row group %d cannot be read: %w", columns.Column(i).Name(), g, err)
			}
		}
	}
	var faults []error
	for i, c := range want.Columns {
		if got, expected := tallies[i].nulls, want.Nulls[c.Name]; got != expected {
			faults = append(faults, fmt.Errorf("column %q: has %d NULLs, expected %d", c.Name, got, expected))
		}
		if err := compareSum(tallies[i].sum, columns.Column(i), want.Sums); err != nil {
			faults = append(faults, fmt.Errorf("column %q: %w", c.Name, err))
		}
	}
	return errors.Join(faults...)
}

func (s *scan) readChunk(ctx context.Context, t *tally, group *file.RowGroupReader, c *schema.Column, i int) error {
	if err := s.checkExtent(group, i); err != nil {
		return err
	}
	pages, err := group.GetColumnPageReader(i)
	if err != nil {
		return err
	}
	checked := &checkedPages{PageReader: pages, ctx: ctx, optional: c.MaxDefinitionLevel() > 0}
	rows, levels := group.NumRows(), scratchBuffer(&s.buf.levels)
	switch r := file.NewColumnReader(c, checked, s.memory, s.r.BufferPool()).(type) {
	case *file.BooleanColumnChunkReader:
		return read(t, r, rows, scratchBuffer(&s.buf.bools), levels, (*sum).addBools)
	case *file.Int32ColumnChunkReader:
		return read(t, r, rows, scratchBuffer(&s.buf.int32s), levels, (*sum).addInt32s)
	case *file.Int64ColumnChunkReader:
		return read(t, r, rows, scratchBuffer(&s.buf.int64s), levels, (*sum).addInt64s)
	case *file.ByteArrayColumnChunkReader:
		return read(t, r, rows, scratchBuffer(&s.buf.bytes), levels, (*sum).addTexts)
	case *file.FixedLenByteArrayColumnChunkReader:
		return read(t, r, rows, scratchBuffer(&s.buf.fixed), levels, (*sum).addFixed)
	default:
		return fmt.Errorf("physical type %s", c.PhysicalType())
	}
}

// checkExtent checks the footer of a column chunk against the file. Arrow accepts an impossible length;
// other readers do not.
func (s *scan) checkExtent(group *file.RowGroupReader, i int) error {
	chunk, err := group.MetaData().ColumnChunk(i)
	if err != nil {
		return err
	}
	start, size := chunk.DataPageOffset(), chunk.TotalCompressedSize()
	if at := chunk.DictionaryPageOffset(); chunk.HasDictionaryPage() && at > 0 {
		start = min(start, at)
	}
	if start < int64(len(magic)) || size < 0 || start > s.size || size > s.size-start {
		return fmt.Errorf("%d bytes at %d of a file of %d", size, start, s.size)
	}
	if chunk.NumValues() != group.NumRows() {
		return fmt.Errorf("has %d values, expected %d", chunk.NumValues(), group.NumRows())
	}
	s.memory.allow(chunk.TotalUncompressedSize())
	return nil
}

// chunkReader is Arrow's column reader for one physical type.
type chunkReader[T any] interface {
	HasNext() bool
	Err() error
	ReadBatch(size int64, values []T, defLvls, repLvls []int16) (total int64, read int, err error)
}

// read adds the rows of one column chunk to t.
func read[T any](t *tally, c chunkReader[T], rows int64, values []T, levels []int16, add func(*sum, []T) error) error {
	var seen int64
	for seen < rows {
		total, n, err := c.ReadBatch(min(batch, rows-seen), values, levels, nil)
		if err = errors.Join(err, c.Err()); err != nil {
			return err
		}
		if total == 0 {
			break
		}
		seen += total
		t.nulls += total - int64(n)
		if err := add(&t.sum, values[:n]); err != nil {
			return err
		}
	}
	switch {
	case seen < rows:
		return fmt.Errorf("has %d values, expected %d", seen, rows)
	case c.HasNext():
		return fmt.Errorf("has more than %d values", rows)
	}
	return c.Err()
}

// sum is exact: 2^63 values of 64 bits fit in its 128 bits.
type sum struct {
	hi int64
	lo uint64
}

func (s *sum) add(v int64) {
	lo, carry := bits.Add64(s.lo, uint64(v), 0)
	s.lo = lo
	s.hi += v>>63 + int64(carry)
}

func (s *sum) addBools(values []bool) error {
	var n int64
	for _, v := range values {
		if v {
			n++
		}
	}
	s.add(n)
	return nil
}

func (s *sum) addInt32s(values []int32) error {
	var n int64 // a batch of them cannot overflow
	for _, v := range values {
		n += int64(v)
	}
	s.add(n)
	return nil
}

func (s *sum) addInt64s(values []int64) error {
	for _, v := range values {
		s.add(v)
	}
	return nil
}

func (s *sum) addTexts(values []parquet.ByteArray) error {
	var n int64
	for _, v := range values {
		if !utf8.Valid(v) {
			return errors.New("contains text that is not UTF-8")
		}
		n += int64(len(v))
	}
	s.add(n)
	return nil
}

// addFixed adds decimals of at most 18 digits that are stored as big-endian bytes.
func (s *sum) addFixed(values []parquet.FixedLenByteArray) error {
	for _, v := range values {
		var n int64
		for i, b := range v {
			if i == 0 {
				n = int64(int8(b))
				continue
			}
			if n > 1<<55-1 || n < -1<<55 {
				return errors.New("contains a decimal of more than 18 digits")
			}
			n = n<<8 | int64(b)
		}
		s.add(n)
	}
	return nil
}

func (s *sum) big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(s.lo))
}

var decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// compareSum compares a sum with the expected text; 1.5 and 1.50 are equal.
func compareSum(got sum, c *schema.Column, sums map[string]string) error {
	text, ok := sums[c.Name()]
	if !ok {
		return errors.New("the expected sum is missing")
	}
	if !decimalText.MatchString(text) {
		return fmt.Errorf("the expected sum %q is not a decimal number", text)
	}
	scale := 0
	if d, ok := c.LogicalType().(*schema.DecimalLogicalType); ok {
		scale = int(d.Scale())
	}
	want, _ := new(big.Rat).SetString(text)
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	found := new(big.Rat).SetFrac(got.big(), unit)
	if found.Cmp(want) != 0 {
		return fmt.Errorf("sum is %s, expected %s", found.FloatString(scale), text)
	}
	return nil
}
