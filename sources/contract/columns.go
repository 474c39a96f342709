package contract

import (
	"cmp"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/projectfile"
)

var decimalText = regexp.MustCompile(`^-?\d{1,18}(\.\d{1,9})?$`)

// reservedNames are the columns that the load adds to every delivery: the line of a record, and the
// date that it is about.
var reservedNames = map[string]bool{"regel": true, peildatumGroup: true}

// columnNames are the names of the columns read so far.
type columnNames struct {
	delivered map[string]string // column by normalized name or alias
	as        map[string]string
	bsn       string
}

func (m mapping) columns() []Column {
	list := m.Get("columns")
	if list == nil {
		return nil
	}
	if len(list.Items) == 0 {
		m.Fault(list, hints["columns"], "\"columns\" must be a list of columns")
		return nil
	}
	taken := columnNames{delivered: map[string]string{}, as: map[string]string{}}
	var columns []Column
	for i, v := range list.Items {
		cm, ok := m.within(v, "column "+strconv.Itoa(i+1), "name", "as", "type", "required", "aliases", "values",
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
		Name: strings.TrimSpace(m.text("name")), As: m.text("as"), Required: m.flag("required"),
		Upper: m.flag("upper"), Description: m.text("description"),
	}
	what := cmp.Or(col.As, col.Name)
	col.Type = m.columnType()
	m.checkAs(col, taken)
	if col.Name != "" {
		m.addName(taken, what, m.Get("name"))
	}
	for _, it := range m.list("aliases") {
		m.addName(taken, what, it)
		col.Aliases = append(col.Aliases, strings.TrimSpace(it.Text))
	}
	if col.Type == BSN {
		if taken.bsn != "" {
			m.Fault(m.Get("type"), "a record is about one person", "column %q is a second bsn, after %q", what, taken.bsn)
		}
		taken.bsn = what
	}
	m.codes(&col, what)
	m.spellings(&col, what)
	m.bounds(&col, what)
	col.Tolerate = m.columnTolerates(col, what)
	if col.Upper && col.Type != Text && col.Type != "" {
		m.Fault(m.Get("upper"), "remove it", "column %q has upper, but is not text", what)
	}
	return col
}

func (m mapping) columnType() ColumnType {
	s := m.text("type")
	if s == "" || slices.Contains(columnTypes, s) {
		return ColumnType(s)
	}
	m.Fault(m.Get("type"), projectfile.DidYouMean(s, columnTypes), "unknown type %q", s)
	return ""
}

func (m mapping) checkAs(col Column, taken *columnNames) {
	if col.As == "" {
		return
	}
	n := m.Get("as")
	switch first, twice := taken.as[col.As]; {
	case !Identifier.MatchString(col.As):
		m.Fault(n, "use lower-case letters, digits and _, beginning with a letter", "%q is not an identifier", col.As)
	case reservedNames[col.As]:
		m.Fault(n, "choose another name", "%q is reserved: the load adds that column", col.As)
	case twice:
		m.Fault(n, "choose another name", "%q is already the name of column %q", col.As, first)
	}
	taken.as[col.As] = col.Name
}

// addName records a name or alias of a column.
func (m mapping) addName(taken *columnNames, what string, it *projectfile.Value) {
	if first, twice := taken.delivered[normalize(it.Text)]; twice {
		m.Fault(it, "names are compared without case", "%q already names column %q", it.Text, first)
	}
	taken.delivered[normalize(it.Text)] = what
}

func (m mapping) codes(col *Column, what string) {
	n, has := m.Get("values"), m.Has("values")
	switch {
	case col.Type == Code && !has:
		m.Fault(m.Get("type"), "list them, such as values: [A, B]", "column %q is a code without values", what)
	case col.Type != Code && col.Type != "" && has:
		m.Fault(n, "make it type: code, or remove them", "column %q has values, but is not a code", what)
	}
	seen := map[string]bool{}
	for _, it := range m.list("values") {
		switch {
		case it.Text != strings.TrimSpace(it.Text) || it.Text != strings.ToUpper(it.Text):
			m.Fault(it, "write "+strings.ToUpper(strings.TrimSpace(it.Text)), "value %q is not in upper case without outer spaces", it.Text)
		case seen[it.Text]:
			m.Fault(it, "", "value %q is listed twice", it.Text)
		}
		seen[it.Text] = true
		col.Values = append(col.Values, it.Text)
	}
}

func (m mapping) spellings(col *Column, what string) {
	meaning := map[string]string{"j": "ja", "ja": "ja", "n": "nee", "nee": "nee"}
	read := func(key string) (spelled []string) {
		if m.Has(key) && col.Type != JaNee && col.Type != "" {
			m.Fault(m.Get(key), "make it type: janee, or remove them", "column %q has %s, but is not a janee", what, key)
		}
		for _, it := range m.list(key) {
			if other, taken := meaning[normalize(it.Text)]; taken {
				m.Fault(it, "", "%q already means %s in column %q", it.Text, other, what)
			}
			meaning[normalize(it.Text)] = key
			spelled = append(spelled, strings.TrimSpace(it.Text))
		}
		return spelled
	}
	col.Ja, col.Nee = read("ja"), read("nee")
}

func (m mapping) bounds(col *Column, what string) {
	col.Min, col.Max = m.bound(*col, what, "min"), m.bound(*col, what, "max")
	if col.Min == nil || col.Max == nil {
		return
	}
	lowest, _ := new(big.Rat).SetString(*col.Min)
	highest, _ := new(big.Rat).SetString(*col.Max)
	if lowest.Cmp(highest) > 0 {
		m.Fault(m.Get("min"), "swap them", "min %s of column %q is above max %s", *col.Min, what, *col.Max)
	}
}

func (m mapping) bound(col Column, what, key string) *string {
	n := m.Get(key)
	if n == nil {
		return nil
	}
	if col.Type != Integer && col.Type != Decimal && col.Type != "" {
		m.Fault(n, "make it type: integer or decimal, or remove it", "column %q has %s, but is not a number", what, key)
	}
	s := m.text(key)
	switch r, ok := new(big.Rat).SetString(s); {
	case s == "":
		return nil
	case !ok || !decimalText.MatchString(s):
		m.Fault(n, "write a number such as 12 or 0.5", "%s of column %q is not a number: %q", key, what, s)
		return nil
	case col.Type == Integer && !r.IsInt():
		m.Fault(n, "write a whole number", "%s of integer column %q is not a whole number: %q", key, what, s)
		return nil
	}
	return &s
}
