package publish

import (
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/sql/quote"
)

// A comparison compares two files of a mart with the same grain.
type comparison struct {
	grain   []sharedColumn
	columns []sharedColumn // in both files, without the grain
}

// present is a column that the query adds to both files: NULL means that a file lacks the row.
const present = `"inbeeld?"`

// A sharedColumn is a column that both files have, with its type in each.
type sharedColumn struct{ name, from, to string }

func newComparison(from, to mart.File) comparison {
	var d comparison
	for _, old := range from.Columns {
		i := slices.IndexFunc(to.Columns, func(n mart.Column) bool { return n.Name == old.Name })
		if i < 0 {
			continue
		}
		s := sharedColumn{old.Name, old.Type, to.Columns[i].Type}
		if slices.Contains(from.Grain, old.Name) {
			d.grain = append(d.grain, s)
		} else {
			d.columns = append(d.columns, s)
		}
	}
	return d
}

// of returns the column in one of the two files. Values of different types are compared as text, except
// numbers.
func (s sharedColumn) of(file string) string {
	column := file + "." + quote.Ident(s.name)
	if s.from != s.to && (!graph.IsNumber(s.from) || !graph.IsNumber(s.to)) {
		return column + "::varchar"
	}
	return column
}

func (s sharedColumn) number() bool { return graph.IsNumber(s.from) && graph.IsNumber(s.to) }

// query returns one full join of two files; read reads its row.
func (d comparison) query(from, to string) string {
	var on, other []string
	for _, s := range d.grain {
		on = append(on, s.of("o")+" is not distinct from "+s.of("n"))
	}
	list := []string{"sum((o." + present + " is null)::int)", "sum((n." + present + " is null)::int)"}
	var measured []string
	for _, s := range d.columns {
		differs := "o." + present + " and n." + present + " and " + s.of("o") + " is distinct from " + s.of("n")
		other = append(other, "("+differs+")")
		measured = append(measured, "sum(("+differs+")::int)")
		if s.number() {
			// Wide enough for every type of a mart; NULL counts as 0.
			o, n := "coalesce("+s.of("o")+", 0)::double", "coalesce("+s.of("n")+", 0)::double"
			exact := fmt.Sprintf("abs(coalesce(%s, 0)::decimal(38, 9) - coalesce(%s, 0)::decimal(38, 9))", s.of("n"), s.of("o"))
			measured = append(measured,
				"max(case when "+differs+" then "+exact+" end)",
				"max(case when "+differs+" and "+o+" <> 0 then round(100 * abs("+n+" - "+o+") / abs("+o+"), 6)::decimal(38, 6) end)",
				"sum(("+differs+" and "+o+" = 0 and "+n+" <> 0)::int)")
		}
	}
	anyOf := "false"
	if len(other) > 0 {
		anyOf = strings.Join(other, " or ")
	}
	list = append(append(list, "sum(("+anyOf+")::int)"), measured...)
	for i, e := range list {
		list[i] = "coalesce(" + e + ", 0)::varchar"
	}
	side := func(path string) string {
		return "(select *, true as " + present + " from read_parquet(" + quote.Literal(path) + "))"
	}
	return "select " + strings.Join(list, ", ") + " from " + side(from) + " as o full join " + side(to) + " as n on " + strings.Join(on, " and ")
}

// read fills in a change from the row of the query.
func (d comparison) read(row []*string, into *ledger.Change) {
	into.Added, into.Removed, into.Changed = duck.Number(row[0]), duck.Number(row[1]), duck.Number(row[2])
	row = row[3:]
	for _, s := range d.columns {
		c := ledger.ColumnChange{Column: s.name, Rows: duck.Number(row[0])}
		row = row[1:]
		if s.number() {
			c.Largest, c.Relative, c.FromNothing = trimZeros(*row[0]), trimZeros(*row[1]), duck.Number(row[2])
			row = row[3:]
		}
		if c.Rows > 0 {
			into.Columns = append(into.Columns, c)
		}
	}
}

// trimZeros removes the trailing zeros of a decimal.
func trimZeros(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
