package lake

import (
	"bytes"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
)

// Shares counts how the values of each column are written, in the records whose fields could be read. It says
// nothing about persons, and is compared with the preceding delivery.
type Shares struct {
	Records int64                   `json:"records"`
	Columns map[string]ColumnShares `json:"kolommen"` // by our name; only columns that the file has
}

// ColumnShares counts the values of a column.
type ColumnShares struct {
	Filled    int64              `json:"gevuld"`
	Notations map[Notation]int64 `json:"notaties,omitempty"`
}

// A Notation is one of several ways to write a value.
type Notation string

// The notations that are counted: of dates, of decimals with a separator, and of repaired BSNs.
const (
	notationISO     Notation = "jjjj-mm-dd"
	NotationDay     Notation = "dd-mm-jjjj" // also with days and months of one digit
	notationCompact Notation = "jjjjmmdd"
	notationComma   Notation = "with comma"
	notationPoint   Notation = "with point"
	notationPadded  Notation = "without zero" // it was restored
	notationSpaced  Notation = "with spaces"  // or dots
)

// notationsOf returns the notations of a column type, in the order in which they are reported.
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

// newShares returns empty counts of the columns that are not absent.
func newShares(c *contract.Contract, absent []bool) *Shares {
	s := &Shares{Columns: map[string]ColumnShares{}}
	for i, col := range c.Columns {
		if !absent[i] {
			s.Columns[col.As] = ColumnShares{Notations: map[Notation]int64{}}
		}
	}
	return s
}

// add counts a batch for the database, in which BSNs are replaced by judgements.
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
			counted.Filled -= counted.count(col.Type, kinds, values, batch.N)
		}
		s.Columns[col.As] = counted
	}
}

// count counts the notations of n values, and returns how many of the values mean "none".
func (s ColumnShares) count(t contract.ColumnType, kinds []Notation, values *duck.TextColumn, n int) (nothing int64) {
	seen := make([]int64, len(kinds))
	for i := range n {
		text := values.Data[values.Offsets[i]:values.Offsets[i+1]]
		switch {
		case len(text) == 0:
		case t == contract.Date && isZeroDate(text):
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

// isZeroDate reports whether a text is eight zeros, perhaps with the time of midnight.
func isZeroDate(text []byte) bool {
	rest, zeros := bytes.CutPrefix(text, []byte("00000000"))
	if !zeros || len(rest) == 0 {
		return zeros
	}
	time := string(bytes.TrimLeft(rest, " T"))
	return len(time) < len(rest) && (time == "00:00" || time == "00:00:00")
}

// notationOf returns the index in notationsOf of the notation of a value, or -1. It looks at separators only;
// other code decides whether the value is valid.
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
