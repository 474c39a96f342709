package records

import (
	"bytes"
	"strings"
)

// headerWithin is how many records are looked at in search of the header.
const headerWithin = 50

// Column is a column of the contract: how its name may be written in a header, and whether a
// delivery can do without it. Case and outer white space do not count.
type Column struct {
	Name     string
	Aliases  []string
	Required bool
	Date     bool // a number in a cell of a workbook is a day
}

// Header is what the header of a file says about the columns of its contract.
type Header struct {
	Found     bool
	Regel     int64
	Second    int64 `json:",omitempty"` // of a header over two records: where the second one starts
	Fields    int
	Index     []int    // for each contract column its field, from 0, or -1
	Missing   []string // required columns that are not there
	Absent    []string // other columns that are not there
	Unknown   []string // header names that no column claims
	Renamed   []string // header names that are an alias, with the name of the column between brackets
	Repeated  []string // header names of a column that another field already is
	Reordered bool     // the columns stand in another order than in the contract
}

// matcher knows the columns of a contract by name.
type matcher struct {
	columns  []Column
	names    [][]byte
	aliases  [][][]byte
	required int
}

func newMatcher(columns []Column) matcher {
	m := matcher{columns: columns}
	for _, c := range columns {
		var aliases [][]byte
		for _, a := range c.Aliases {
			aliases = append(aliases, []byte(strings.TrimSpace(a)))
		}
		m.names = append(m.names, []byte(strings.TrimSpace(c.Name)))
		m.aliases = append(m.aliases, aliases)
		if c.Required {
			m.required++
		}
	}
	return m
}

// none is the header of a file without one.
func (m *matcher) none() Header {
	return Header{Index: m.absent()}
}

// absent is an index in which no column has a field.
func (m *matcher) absent() []int {
	index := make([]int, len(m.columns))
	for i := range index {
		index[i] = -1
	}
	return index
}

// match takes rec as a header, if it is one.
func (m *matcher) match(rec *record, d Dialect) (Header, bool) {
	index := m.absent()
	taken := m.claim(rec, d, index, m.isName)
	named := append([]int(nil), index...)
	taken += m.claim(rec, d, index, m.isAlias)
	found := 0
	for c, field := range index {
		if field >= 0 && m.columns[c].Required {
			found++
		}
	}
	if taken == 0 || 2*found < m.required {
		return Header{}, false
	}
	h := Header{Found: true, Regel: rec.regel, Fields: len(rec.cuts), Index: index}
	m.missing(&h)
	for field, name := range rec.fields(d) {
		for c, at := range index {
			if at == field && named[c] < 0 {
				h.Renamed = append(h.Renamed, string(name)+" ("+m.columns[c].Name+")")
			}
		}
	}
	m.others(&h, rec, d)
	return h, true
}

func (m *matcher) isName(c int, name []byte) bool { return bytes.EqualFold(m.names[c], name) }

func (m *matcher) isAlias(c int, name []byte) bool {
	for _, a := range m.aliases[c] {
		if bytes.EqualFold(a, name) {
			return true
		}
	}
	return false
}

// claim gives each field that nobody has, from the left, to the first column without a field for
// which is holds. It returns how many it gave.
func (m *matcher) claim(rec *record, d Dialect, index []int, is func(c int, name []byte) bool) int {
	n := 0
	for field, name := range rec.fields(d) {
		if len(name) == 0 || claimed(index, field) {
			continue
		}
		for c := range index {
			if index[c] < 0 && is(c, name) {
				index[c] = field
				n++
				break
			}
		}
	}
	return n
}

func claimed(index []int, field int) bool {
	for _, f := range index {
		if f == field {
			return true
		}
	}
	return false
}

// missing notes the columns that are not there and whether the others stand in order.
func (m *matcher) missing(h *Header) {
	last := -1
	for c, field := range h.Index {
		switch {
		case field < 0 && m.columns[c].Required:
			h.Missing = append(h.Missing, m.columns[c].Name)
		case field < 0:
			h.Absent = append(h.Absent, m.columns[c].Name)
		case field < last:
			h.Reordered = true
		default:
			last = field
		}
	}
}

// others notes the names of the fields that are no column, each name once. A field without a name is
// not noted.
func (m *matcher) others(h *Header, rec *record, d Dialect) {
	noted := map[string]bool{}
	for field, name := range rec.fields(d) {
		key := strings.ToLower(string(name))
		if len(name) == 0 || noted[key] || claimed(h.Index, field) {
			continue
		}
		noted[key] = true
		if m.knows(name) {
			h.Repeated = append(h.Repeated, string(name))
		} else {
			h.Unknown = append(h.Unknown, string(name))
		}
	}
}

// knows says whether name is a name or alias of any column.
func (m *matcher) knows(name []byte) bool {
	for c := range m.columns {
		if m.isName(c, name) || m.isAlias(c, name) {
			return true
		}
	}
	return false
}
