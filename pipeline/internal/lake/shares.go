package lake

import (
	"bytes"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
)

// Shares count, of the records of a delivery whose fields could be read, how the values of each column
// are written. They tell of no person, and are held against those of the delivery before.
type Shares struct {
	Records int64                   `json:"records"`
	Columns map[string]ColumnShares `json:"kolommen"` // by what the column is called here; of those that the file has
}

// ColumnShares count the values of one column.
type ColumnShares struct {
	Filled    int64              `json:"gevuld"`
	Notations map[Notation]int64 `json:"notaties,omitempty"`
}

// A notation is a way to write a value that another delivery may write otherwise.
type Notation string

// The notations that are counted: of dates, of decimals with a sign in them, and of BSNs that had to be
// repaired.
const (
	notationISO     Notation = "jjjj-mm-dd"
	NotationDay     Notation = "dd-mm-jjjj" // days and months of one digit too
	notationCompact Notation = "jjjjmmdd"
	notationComma   Notation = "with comma"
	notationPoint   Notation = "with point"
	notationPadded  Notation = "without zero" // it was put back
	notationSpaced  Notation = "with spaces"  // or dots
)

// notations are those that a column of a type can have, in the order in which they are told.
func notationsOf(t contract.ColumnType) []Notation {
	switch t {
	case contract.Date:
		return []Notation{notationISO, NotationDay, notationCompact}
	case contract.Decimal:
		return []Notation{notationComma, notationPoint}
	case contract.BSN:
		return []Notation{notationPadded, notationSpaced}
	case contract.Text, contract.Integer, contract.JaNee, contract.Code:
	}
	return nil
}

// newShares counts nothing yet of the columns that are not absent.
func newShares(c *contract.Contract, absent []bool) *Shares {
	s := &Shares{Columns: map[string]ColumnShares{}}
	for i, col := range c.Columns {
		if !absent[i] {
			s.Columns[col.As] = ColumnShares{Notations: map[Notation]int64{}}
		}
	}
	return s
}

// add counts a batch as it goes to the database: in the column of BSNs stand judgements.
func (s *Shares) add(c *contract.Contract, batch *duck.Batch, faults []records.Fault) {
	for _, f := range faults {
		if f == records.NoFault {
			s.Records++
		}
	}
	for i, col := range c.Columns {
		counted, there := s.Columns[col.As]
		if !there {
			continue
		}
		values := &batch.Columns[i]
		counted.Filled += int64(batch.N - values.Nulls)
		if kinds := notationsOf(col.Type); kinds != nil {
			counted.Filled -= counted.write(col.Type, kinds, values, batch.N)
		}
		s.Columns[col.As] = counted
	}
}

// write counts the notations of n values, and gives how many of these say that there is nothing.
func (s ColumnShares) write(t contract.ColumnType, kinds []Notation, values *duck.TextColumn, n int) (nothing int64) {
	seen := make([]int64, len(kinds))
	for i := range n {
		text := values.Data[values.Offsets[i]:values.Offsets[i+1]]
		switch {
		case len(text) == 0:
		case t == contract.Date && unknownDate(text):
			nothing++
		default:
			if kind := notationOf(t, text); kind >= 0 {
				seen[kind]++
			}
		}
	}
	for i, many := range seen {
		if many > 0 {
			s.Notations[kinds[i]] += many
		}
	}
	return nothing
}

// unknownDate is true of eight zeros, which are no date, also with a time of midnight behind them.
func unknownDate(text []byte) bool {
	rest, zeros := bytes.CutPrefix(text, []byte("00000000"))
	if !zeros || len(rest) == 0 {
		return zeros
	}
	time := string(bytes.TrimLeft(rest, " T"))
	return len(time) < len(rest) && (time == "00:00" || time == "00:00:00")
}

// notationOf is the number, among the notations of a type, of that of a value, by what can be seen at a
// glance: whether it is a value at all is judged elsewhere. It is -1 where there is nothing to tell apart.
func notationOf(t contract.ColumnType, text []byte) int {
	switch {
	case t == contract.BSN:
		switch text[0] {
		case '2':
			return 0
		case '1':
			return 1
		}
	case t == contract.Decimal:
		switch {
		case bytes.IndexByte(text, ',') >= 0:
			return 0
		case bytes.IndexByte(text, '.') >= 0:
			return 1
		}
	case len(text) >= 8 && bytes.IndexByte(text[:8], '-') < 0:
		return 2
	case len(text) > 4 && text[4] == '-' && bytes.IndexByte(text[:4], '-') < 0:
		return 0
	case bytes.IndexByte(text, '-') > 0:
		return 1
	}
	return -1
}
