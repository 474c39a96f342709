package rule

import (
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// A Column of a table. Type is its DuckDB type, or "" if unknown.
type Column struct{ Name, Type string }

// A Table is the subject of rules. With PerPeildatum, its rules are judged on each peildatum separately,
// and the table then contains only that one.
type Table struct {
	Schema, Name string
	Columns      []Column
	Key          []string // columns that identify a row; verdicts store them for failing rows
	PerPeildatum bool
	// Dated lists the other tables, as "schema.table", that rules compare with and that have earlier
	// stands too: an earlier stand of this table is compared with the same stand of those.
	Dated []string

	stand Stand // "" is the current stand
}

// At returns the table on an earlier stand.
func (t Table) At(stand Stand) Table {
	t.Name, t.stand = stand.Table(t.Name), stand
	return t
}

// Beside returns the name of another table on the same stand.
func (t Table) Beside(schema, name string) string {
	if t.stand != "" && slices.Contains(t.Dated, schema+"."+name) {
		return t.stand.Table(name)
	}
	return name
}

// exactType matches types with an exact sum: the same rows always give the same measure.
var exactType = regexp.MustCompile(`(?i)^(U?(TINY|SMALL|BIG)INT|U?INTEGER|HUGEINT|(DECIMAL|NUMERIC) *(\(.*\))?)$`)

// Bind reports where a rule does not fit its table, such as missing columns and columns without an exact
// sum. The database binds expressions and other tables.
func (r Rule) Bind(t Table) projectfile.Faults {
	var faults projectfile.Faults
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	textual := r.Kind == NotEmpty || r.Kind == Pattern || r.Kind == Length
	need := func(key, name string, exact bool) {
		c, ok := t.Column(name)
		switch {
		case !ok:
			faults = append(faults, r.fault(key, projectfile.DidYouMean(name, names), "%s has no column %q", r.On(), name))
		case exact && c.Type != "" && !exactType.MatchString(c.Type):
			faults = append(faults, r.fault(key, "sum a column of integers or decimals", "column %q is %s, which has no exact sum", name, c.Type))
		case textual && key != "per" && key != "where" && c.Type != "" && c.Type != "VARCHAR":
			faults = append(faults, r.fault(key, "test a column with text", "column %q is %s, not text", name, c.Type))
		}
	}
	key := "column"
	if _, ok := r.places["columns"]; ok {
		key = "columns"
	}
	for _, c := range r.Columns {
		need(key, c, r.Kind == SumMatches)
	}
	if r.Equals != "" {
		need("equals", r.Equals, true)
	}
	if r.Total != nil {
		key := "total"
		if r.Kind == Reconcile {
			key = "reference"
		}
		for _, c := range r.Total.On {
			need(key, c, false)
		}
	}
	for _, e := range []struct {
		Key, Text string
		Exact     bool
	}{
		{map[bool]string{true: "measure", false: "numerator"}[r.Kind == Reconcile], r.Numerator, true},
		{"denominator", r.Denominator, true},
		{"condition", r.Condition, false},
		{"where", r.Where, false},
	} {
		if plainName.MatchString(e.Text) {
			need(e.Key, e.Text, e.Exact)
		}
	}
	if r.Select == "" { // in an sql rule, per names columns of the SELECT
		for _, c := range r.Per {
			need("per", c, false)
		}
	}
	if t.PerPeildatum && slices.Contains(r.Per, "peildatum") {
		faults = append(faults, r.fault("per", "leave it out: every peildatum is judged separately", "per has peildatum"))
	}
	if stands := r.EarlierStands(); len(stands) > 0 && !t.PerPeildatum {
		faults = append(faults, r.fault("check", "check a table per peildatum, or use limits on the value itself", "%s has no earlier stand to compare with", r.On()))
	}
	if r.Kind == Freshness && r.Severity != "" && t.Schema != "raw" {
		faults = append(faults, r.fault("check", "write alarm: {above: 100}, in days; only a source says how often it is expected", "%s has no limit on its age", r.On()))
	}
	return faults.Sorted()
}

// Column finds a column by name, ignoring case as the database does.
func (t Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}
