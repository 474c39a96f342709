package records

import (
	"bytes"
	"unicode/utf8"
)

// BatchRows is the number of rows in a full batch. A batch of large values closes with fewer.
const BatchRows = 8192

// batchBytes is the number of bytes of values that closes a batch.
const batchBytes = 16 << 20

// Fault is the reason why a record cannot be read. Of several, the record has the first in the order
// Bytes, Quoting, TooLong, Syntax, FieldCount, NoValue.
type Fault uint8

// The faults of a record.
const (
	NoFault    Fault = iota
	FieldCount       // the number of fields differs from that of the header
	Quoting          // a quote is not closed, or closes in the middle of a value
	Bytes            // bytes that are no character in the encoding of the file
	TooLong          // longer than MaxRecord
	Syntax           // not a valid JSON object
	NoValue          // a field of the contract has an error, a list or an object
)

// Batch contains data records in file order. The zero value is ready for use. Reader.Next reuses its
// memory.
type Batch struct {
	N       int
	Regel   []int64 // of each record
	Fault   []Fault
	Columns []Values // one for each contract column, in the order of the contract
}

// Values is one column in the layout of an Arrow string array. Leading and trailing white space is
// removed; what is then empty is null. All values of a faulty record are null, and so are those of a
// column that the header lacks.
type Values struct {
	Data    []byte
	Offsets []int32 // value i is Data[Offsets[i]:Offsets[i+1]]
	Valid   []byte  // bit i, lowest first, is set unless value i is null
	Nulls   int     // number of nulls
}

// reset empties the batch and gives it n columns.
func (b *Batch) reset(n int) {
	b.N, b.Regel, b.Fault = 0, b.Regel[:0], b.Fault[:0]
	if len(b.Columns) != n {
		b.Columns = make([]Values, n)
	}
	for i := range b.Columns {
		v := &b.Columns[i]
		v.Data, v.Valid, v.Nulls = v.Data[:0], v.Valid[:0], 0
		v.Offsets = append(v.Offsets[:0], 0)
	}
}

// row adds a row without values; the caller adds one to each column.
func (b *Batch) row(regel int64, fault Fault) {
	b.N++
	b.Regel = append(b.Regel, regel)
	b.Fault = append(b.Fault, fault)
}

// rows appends the rows of from, starting at row i.
func (b *Batch) rows(from *Batch, i int) {
	for ; i < from.N; i++ {
		b.row(from.Regel[i], from.Fault[i])
		for c := range b.Columns {
			v := &from.Columns[c]
			if v.Valid[i>>3]&(1<<(i&7)) == 0 {
				b.Columns[c].null()
			} else {
				b.Columns[c].add(v.Data[v.Offsets[i]:v.Offsets[i+1]])
			}
		}
	}
}

// truncate removes all but the first n rows.
func (b *Batch) truncate(n int) {
	for c := range b.Columns {
		v := &b.Columns[c]
		for i := n; i < b.N; i++ {
			if bit := byte(1) << (i & 7); v.Valid[i>>3]&bit == 0 {
				v.Nulls--
			} else {
				v.Valid[i>>3] &^= bit
			}
		}
		v.Data, v.Offsets, v.Valid = v.Data[:v.Offsets[n]], v.Offsets[:n+1], v.Valid[:(n+7)/8]
	}
	b.N, b.Regel, b.Fault = n, b.Regel[:n], b.Fault[:n]
}

// null adds a null.
func (v *Values) null() {
	v.next()
	v.Nulls++
	v.Offsets = append(v.Offsets, int32(len(v.Data)))
}

// add adds a value.
func (v *Values) add(b []byte) {
	i := v.next()
	v.Valid[i>>3] |= 1 << (i & 7)
	v.Data = append(v.Data, b...)
	v.Offsets = append(v.Offsets, int32(len(v.Data)))
}

// next extends Valid for the next value and returns its row.
func (v *Values) next() int {
	i := len(v.Offsets) - 1
	if i&7 == 0 {
		v.Valid = append(v.Valid, 0)
	}
	return i
}

// trim removes leading and trailing white space.
func trim(b []byte) []byte {
	if isTrimmed(b) {
		return b
	}
	return bytes.TrimSpace(b)
}

// isTrimmed reports, from two bytes alone, that b has no white space around it. It may miss some.
func isTrimmed(b []byte) bool {
	return len(b) == 0 || isPlain(b[0]) && isPlain(b[len(b)-1])
}

// isPlain reports whether c is an ASCII character other than white space.
func isPlain(c byte) bool { return c-'!' < utf8.RuneSelf-'!' }
