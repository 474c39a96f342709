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
	names    [][][]byte // by column: its name, then its aliases
	required int
}

func newMatcher(columns []Column) matcher {
	m := matcher{columns: columns}
	for _, c := range columns {
		names := [][]byte{[]byte(strings.TrimSpace(c.Name))}
		for _, a := range c.Aliases {
			names = append(names, []byte(strings.TrimSpace(a)))
		}
		m.names = append(m.names, names)
		if c.Required {
			m.required++
		}
	}
	return m
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

func (m *matcher) isName(c int, name []byte) bool { return bytes.EqualFold(m.names[c][0], name) }

func (m *matcher) isAlias(c int, name []byte) bool {
	return slices.ContainsFunc(m.names[c][1:], func(a []byte) bool { return bytes.EqualFold(a, name) })
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
		isName := func(known []byte) bool { return bytes.EqualFold(known, name) }
		if slices.ContainsFunc(slices.Concat(m.names...), isName) {
			header.Repeated = append(header.Repeated, string(name))
		} else {
			header.Unknown = append(header.Unknown, string(name))
		}
	}
}

// If no single record is a header, two consecutive records may be one. Each name is the text of the first
// record, a space, and the text of the second. In a sheet, a title in merged cells counts for each of them.

// maxTitle is the maximum length in bytes of the first record of a header over two.
const maxTitle = 1 << 20

// A titleRow is a record that may be the first of a header over two.
type titleRow struct {
	regel int64
	names []string
}

// above returns a copy of a record as the first of two, or nil if it cannot be that.
func (r *Reader) above(rec *record) *titleRow {
	if rec.fault != NoFault || len(rec.text) > maxTitle {
		return nil
	}
	row := titleRow{regel: rec.regel, names: rec.names(r.form.Dialect)}
	for _, m := range r.merged[rec.regel] {
		for at := m.from + 1; at <= m.to && m.from < len(row.names); at++ {
			for len(row.names) <= at {
				row.names = append(row.names, "")
			}
			if row.names[at] == "" {
				row.names[at] = row.names[m.from]
			}
		}
	}
	return &row
}

// joined returns a record whose names are those of t joined with those of the record below it.
func (t *titleRow) joined(below *record, d Dialect) record {
	var built fields
	under := below.names(d)
	at := func(names []string, i int) string {
		if i < len(names) {
			return names[i]
		}
		return ""
	}
	for i := range max(len(t.names), len(under)) {
		built.text = append(built.text, strings.TrimSpace(at(t.names, i)+" "+at(under, i))...)
		built.end(plainText)
	}
	return built.record(t.regel, false)
}

// pair reports whether a record and the one above it are the header, and stores it.
func (r *Reader) pair(above *titleRow, rec *record) bool {
	if above == nil || rec.fault != NoFault {
		return false
	}
	both := above.joined(rec, r.form.Dialect)
	header, ok := r.matcher.match(&both, r.form.Dialect)
	if !ok || both.fault != NoFault {
		return false
	}
	header.Second = rec.regel
	r.header = header
	return true
}
