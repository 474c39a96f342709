package sources

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"inbeeld/pipeline/projectfile"
)

var decimalText = regexp.MustCompile(`^-?\d{1,18}(\.\d{1,9})?$`)

// reservedNames are columns that every loaded delivery has of its own: the line of a record, and
// the date that it is about.
var reservedNames = map[string]bool{"regel": true, peildatumGroup: true}

// columnNames remembers which names the columns read so far took.
type columnNames struct {
	// delivered holds names and aliases, folded.
	delivered, as map[string]string
	bsn           string
}

func (m mapping) columns() []Column {
	n, ok := m.values["columns"]
	if !ok {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		m.fault(n, needed["columns"], "\"columns\" must be a list of columns")
		return nil
	}
	taken := columnNames{delivered: map[string]string{}, as: map[string]string{}}
	var columns []Column
	for i, v := range seq.Values {
		cm, ok := m.mapping(v, "column "+strconv.Itoa(i+1), "name", "as", "type", "required", "aliases", "values",
			"ja", "nee", "min", "max", "upper", "tolerate", "description")
		if !ok {
			continue
		}
		cm.need("column "+strconv.Itoa(i+1), "name", "as", "type")
		columns = append(columns, cm.column(&taken))
	}
	return columns
}

func (m mapping) column(taken *columnNames) Column {
	col := Column{
		Name: strings.TrimSpace(m.text("name")), As: m.text("as"), Required: m.truth("required"),
		Upper: m.truth("upper"), Description: m.text("description"),
	}
	what := col.As
	if what == "" {
		what = col.Name
	}
	col.Type = m.columnType()
	m.as(col, taken)
	if col.Name != "" {
		m.claim(taken, what, item{col.Name, m.values["name"]})
	}
	for _, it := range m.list("aliases") {
		m.claim(taken, what, it)
		col.Aliases = append(col.Aliases, strings.TrimSpace(it.text))
	}
	if col.Type == BSN {
		if taken.bsn != "" {
			m.fault(m.values["type"], "a record is about one person", "column %q is a second bsn, after %q", what, taken.bsn)
		}
		taken.bsn = what
	}
	m.codes(&col, what)
	m.spellings(&col, what)
	m.bounds(&col, what)
	col.Tolerate = m.columnTolerates(col, what)
	if col.Upper && col.Type != Text && col.Type != "" {
		m.fault(m.values["upper"], "remove it", "column %q has upper, but is not a text", what)
	}
	return col
}

func (m mapping) columnType() ColumnType {
	s := m.text("type")
	for _, t := range columnTypes {
		if s == t {
			return ColumnType(t)
		}
	}
	if s != "" {
		m.fault(m.values["type"], projectfile.DidYouMean(s, columnTypes), "unknown type %q", s)
	}
	return ""
}

func (m mapping) as(col Column, taken *columnNames) {
	if col.As == "" {
		return
	}
	n := m.values["as"]
	switch first, twice := taken.as[col.As]; {
	case !identifier.MatchString(col.As):
		m.fault(n, "use lower-case letters, digits and _, and begin with a letter", "%q is not an identifier", col.As)
	case reservedNames[col.As]:
		m.fault(n, "choose another name", "%q is reserved: every delivery gets that column", col.As)
	case twice:
		m.fault(n, "choose another name", "%q is already the name of column %q", col.As, first)
	}
	taken.as[col.As] = col.Name
}

// claim takes a name or alias for a column.
func (m mapping) claim(taken *columnNames, what string, it item) {
	if first, twice := taken.delivered[fold(it.text)]; twice {
		m.fault(it.node, "case does not count", "%q already names column %q", it.text, first)
	}
	taken.delivered[fold(it.text)] = what
}

func (m mapping) codes(col *Column, what string) {
	n, has := m.values["values"]
	switch {
	case col.Type == Code && !has:
		m.fault(m.values["type"], "list them, such as values: [A, B]", "column %q is a code without values", what)
	case col.Type != Code && col.Type != "" && has:
		m.fault(n, "make it type: code, or remove them", "column %q has values, but is not a code", what)
	}
	seen := map[string]bool{}
	for _, it := range m.list("values") {
		switch {
		case it.text != strings.TrimSpace(it.text) || it.text != strings.ToUpper(it.text):
			m.fault(it.node, "write "+strings.ToUpper(strings.TrimSpace(it.text)), "value %q is not in upper case without outer spaces", it.text)
		case seen[it.text]:
			m.fault(it.node, "", "value %q is listed twice", it.text)
		}
		seen[it.text] = true
		col.Values = append(col.Values, it.text)
	}
}

func (m mapping) spellings(col *Column, what string) {
	meaning := map[string]string{"j": "ja", "ja": "ja", "n": "nee", "nee": "nee"}
	for _, key := range []string{"ja", "nee"} {
		n, has := m.values[key]
		if has && col.Type != JaNee && col.Type != "" {
			m.fault(n, "make it type: janee, or remove them", "column %q has %s, but is not a janee", what, key)
		}
		for _, it := range m.list(key) {
			if other, taken := meaning[fold(it.text)]; taken {
				m.fault(it.node, "", "%q already means %s in column %q", it.text, other, what)
			}
			meaning[fold(it.text)] = key
			if key == "ja" {
				col.Ja = append(col.Ja, strings.TrimSpace(it.text))
			} else {
				col.Nee = append(col.Nee, strings.TrimSpace(it.text))
			}
		}
	}
}

func (m mapping) bounds(col *Column, what string) {
	col.Min, col.Max = m.bound(*col, what, "min"), m.bound(*col, what, "max")
	if col.Min == nil || col.Max == nil {
		return
	}
	lowest, _ := new(big.Rat).SetString(*col.Min)
	highest, _ := new(big.Rat).SetString(*col.Max)
	if lowest.Cmp(highest) > 0 {
		m.fault(m.values["min"], "turn them round", "min %s of column %q is above max %s", *col.Min, what, *col.Max)
	}
}

func (m mapping) bound(col Column, what, key string) *string {
	n, has := m.values[key]
	if !has {
		return nil
	}
	if col.Type != Integer && col.Type != Decimal && col.Type != "" {
		m.fault(n, "make it type: integer or decimal, or remove it", "column %q has %s, but is not a number", what, key)
	}
	s := m.text(key)
	switch r, ok := new(big.Rat).SetString(s); {
	case s == "":
		return nil
	case !ok || !decimalText.MatchString(s):
		m.fault(n, "write a number such as 12 or 0.5", "%s of column %q is not a number: %q", key, what, s)
		return nil
	case col.Type == Integer && !r.IsInt():
		m.fault(n, "write a whole number", "%s of integer column %q is not whole: %q", key, what, s)
		return nil
	}
	return &s
}
