package records

import (
	"bytes"
	"slices"
	"strings"
)

// headerSearch is the number of records that are searched for the header.
const headerSearch = 50

// Column is a column of the contract. Names and aliases match a header regardless of case and of white
// space around them.
type Column struct {
	Name     string
	Aliases  []string
	Required bool
	Date     bool // a number in a cell counts days
}

// Header is the header of a file, matched to the columns of the contract.
type Header struct {
	Found     bool
	Regel     int64
	Second    int64 `json:",omitempty"` // the regel of the second record of a header over two
	Fields    int
	Index     []int    // for each contract column its field, from 0, or -1
	Missing   []string // required columns that the header lacks
	Absent    []string // other columns that the header lacks
	Unknown   []string // names that match no column
	Renamed   []string // names that are an alias, with the name of the column in parentheses
	Repeated  []string // names of a column that another field already has
	Reordered bool     // the order differs from that of the contract
}

// A matcher finds the columns of a contract by name.
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

// none returns the Header of a file that has none.
func (m *matcher) none() Header {
	return Header{Index: m.absent()}
}

// absent returns an index in which no column has a field.
func (m *matcher) absent() []int { return slices.Repeat([]int{-1}, len(m.columns)) }

// match returns the Header of rec, if rec is one.
func (m *matcher) match(rec *record, d Dialect) (Header, bool) {
	index := m.absent()
	taken := m.claim(rec, d, index, m.isName)
	named := slices.Clone(index)
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
	header := Header{Found: true, Regel: rec.regel, Fields: len(rec.cuts), Index: index}
	m.missing(&header)
	for field, name := range rec.fields(d) {
		for c, at := range index {
			if at == field && named[c] < 0 {
				header.Renamed = append(header.Renamed, string(name)+" ("+m.columns[c].Name+")")
			}
		}
	}
	m.others(&header, rec, d)
	return header, true
}

func (m *matcher) isName(c int, name []byte) bool { return bytes.EqualFold(m.names[c], name) }

func (m *matcher) isAlias(c int, name []byte) bool {
	return slices.ContainsFunc(m.aliases[c], func(a []byte) bool { return bytes.EqualFold(a, name) })
}

// claim assigns each unclaimed field, from the left, to the first column without a field for which is
// returns true. It returns the number of assignments.
func (m *matcher) claim(rec *record, d Dialect, index []int, is func(c int, name []byte) bool) int {
	n := 0
	for field, name := range rec.fields(d) {
		if len(name) == 0 || slices.Contains(index, field) {
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

// missing records which columns the header lacks and whether the others are in order.
func (m *matcher) missing(header *Header) {
	last := -1
	for c, field := range header.Index {
		switch {
		case field < 0 && m.columns[c].Required:
			header.Missing = append(header.Missing, m.columns[c].Name)
		case field < 0:
			header.Absent = append(header.Absent, m.columns[c].Name)
		case field < last:
			header.Reordered = true
		default:
			last = field
		}
	}
}

// others records the names of the fields that are not a column, each once. It skips fields without a name.
func (m *matcher) others(header *Header, rec *record, d Dialect) {
	seen := map[string]bool{}
	for field, name := range rec.fields(d) {
		key := strings.ToLower(string(name))
		if len(name) == 0 || seen[key] || slices.Contains(header.Index, field) {
			continue
		}
		seen[key] = true
		if m.knows(name) {
			header.Repeated = append(header.Repeated, string(name))
		} else {
			header.Unknown = append(header.Unknown, string(name))
		}
	}
}

// knows reports whether name is a name or alias of any column.
func (m *matcher) knows(name []byte) bool {
	for c := range m.columns {
		if m.isName(c, name) || m.isAlias(c, name) {
			return true
		}
	}
	return false
}
