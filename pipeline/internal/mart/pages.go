package mart

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
)

// minLimit is the lowest limit in bytes: decoders need scratch space that no header states.
const minLimit = 1 << 20

// maxRun is more values than a run of definition levels can have.
const maxRun = 1 << 40

// cappedAllocator panics on a size that only a damaged page header can ask for; verify recovers. Without
// it, Go would end the process when the size does not fit in memory.
type cappedAllocator struct {
	*memory.GoAllocator
	limit int64 // bytes
}

func newAllocator() *cappedAllocator {
	return &cappedAllocator{GoAllocator: memory.NewGoAllocator(), limit: minLimit}
}

// allow sets the limit to the stated size of a column chunk: none of its pages is larger.
func (a *cappedAllocator) allow(chunk int64) { a.limit = max(minLimit, chunk) }

func (a *cappedAllocator) Allocate(size int) []byte {
	a.check(size)
	return a.GoAllocator.Allocate(size)
}

func (a *cappedAllocator) Reallocate(size int, b []byte) []byte {
	a.check(size)
	return a.GoAllocator.Reallocate(size, b)
}

func (a *cappedAllocator) check(size int) {
	if int64(size) > a.limit+a.limit/4 { // buffers grow in steps
		panic(fmt.Sprintf("a page of %d bytes in a column chunk of %d", size, a.limit))
	}
}

// checkedPages checks the pages of a column for what Arrow's column reader does not: definition levels
// that end before the page does make that loop forever, and it allocates a dictionary of whatever size
// the header states.
type checkedPages struct {
	file.PageReader
	ctx      context.Context // of Verify: the column reader passes none on
	optional bool
	err      error
}

func (p *checkedPages) Next() bool {
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	if p.err != nil || !p.PageReader.Next() {
		return false
	}
	p.err = p.check()
	return p.err == nil
}

func (p *checkedPages) Err() error {
	if p.err != nil {
		return p.err
	}
	return p.PageReader.Err()
}

func (p *checkedPages) check() error {
	page := p.Page()
	if d, ok := page.(*file.DictionaryPage); ok && int64(d.NumValues()) > int64(len(d.Data())) {
		return fmt.Errorf("dictionary of %d values in %d bytes", d.NumValues(), len(d.Data()))
	}
	if !p.optional {
		return nil
	}
	switch page := page.(type) {
	case *file.DataPageV1:
		if page.DefinitionLevelEncoding() != parquet.Encodings.RLE {
			return fmt.Errorf("definition levels are encoded as %s", page.DefinitionLevelEncoding())
		}
		data := page.Data()
		if len(data) < 4 {
			return errors.New("data page without definition levels")
		}
		size := int64(binary.LittleEndian.Uint32(data))
		if size > int64(len(data)-4) {
			return errors.New("definition levels run past the end of their page")
		}
		return checkLevels(data[4:4+size], int64(page.NumValues()))
	case *file.DataPageV2:
		data := page.Data()
		from, size := int64(page.RepetitionLevelByteLen()), int64(page.DefinitionLevelByteLen())
		if from+size > int64(len(data)) {
			return errors.New("definition levels run past the end of their page")
		}
		return checkLevels(data[from:from+size], int64(page.NumValues()))
	}
	return nil
}

// checkLevels checks that data has want one-bit levels in Parquet's hybrid of RLE and bit-packing.
func checkLevels(data []byte, want int64) error {
	for have := int64(0); have < want; {
		header, n := binary.Uvarint(data)
		if n <= 0 {
			return fmt.Errorf("definition levels for %d of %d values", have, want)
		}
		data = data[n:]
		bytes, values := uint64(1), header>>1
		if header&1 == 1 {
			bytes, values = header>>1, header>>1*8
		}
		if bytes > uint64(len(data)) || values > maxRun {
			return fmt.Errorf("definition levels for %d of %d values", have, want)
		}
		if header&1 == 0 && data[0] > 1 {
			return fmt.Errorf("definition level %d in a flat table", data[0])
		}
		data = data[bytes:]
		have += int64(values)
	}
	return nil
}
