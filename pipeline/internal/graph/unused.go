package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// formChecks measure a table, not its values: the number of rows, their age, and whether a column has more
// than one value.
var formChecks = []rule.Kind{rule.RowCount, rule.VolumeChange, rule.Freshness, rule.ConstantOrEmpty}

// UnusedColumns returns, by source, the columns without influence on figures and verdicts: no mart except
// intern ones uses them, not even to decide which rows count, and no check except those in formChecks. Keys,
// BSNs and columns in queries that cannot be analysed count as used.
func (g *Graph) UnusedColumns(ctx context.Context) (map[string][]string, error) {
	var names []string
	for _, n := range g.Order {
		names = append(names, n.Name)
	}
	lines, err := g.Lineages(ctx, names)
	if err != nil {
		return nil, err
	}
	reader := columnReader{graph: g, lines: lines, seen: map[sqlast.Origin]bool{}, rowsRead: map[*Query]bool{}}
	for _, n := range g.Order {
		if n.Model.Schema == "marts" && !n.Model.Intern {
			for _, c := range n.Columns {
				reader.read(sqlast.Origin{Table: n.Name, Column: c.Name})
			}
		}
	}
	judged, err := g.checkLineages(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range judged {
		reader.all(l)
	}
	unused := map[string][]string{}
	for _, c := range g.Contracts {
		for _, column := range c.Columns {
			if column.Type != contract.BSN && !slices.Contains(c.Key, column.As) && !reader.seen[sqlast.Origin{Table: "raw." + c.Name, Column: column.As}] {
				unused[c.Name] = append(unused[c.Name], column.As)
			}
		}
	}
	return unused, nil
}

// A columnReader marks all columns that others use: for their values, and to decide which rows count.
type columnReader struct {
	graph    *Graph
	lines    map[string]sqlast.Lineage
	seen     map[sqlast.Origin]bool
	rowsRead map[*Query]bool // models whose rows were followed
}

func (r *columnReader) read(o sqlast.Origin) {
	o.Table = strings.TrimSuffix(strings.TrimSuffix(o.Table, BeforeSuffix), YearSuffix)
	if r.seen[o] {
		return
	}
	r.seen[o] = true
	n := r.graph.modelOf(o.Table)
	if n == nil {
		return
	}
	line := r.lines[n.Name]
	if !r.rowsRead[n] {
		r.rowsRead[n] = true
		for _, next := range slices.Concat(line.Rows, line.Counted) {
			r.read(next)
		}
	}
	if i := slices.IndexFunc(n.Columns, func(c duck.Column) bool { return strings.EqualFold(c.Name, o.Column) }); i >= 0 {
		for _, next := range line.Columns[i] {
			r.read(next)
		}
	}
}

func (r *columnReader) all(l sqlast.Lineage) {
	for _, o := range slices.Concat(append(l.Columns, l.Rows, l.Counted)...) {
		r.read(o)
	}
}

// checkLineages returns the lineages of check queries, except those with only formChecks.
func (g *Graph) checkLineages(ctx context.Context) (lines []sqlast.Lineage, err error) {
	err = g.bindLineage(ctx, func(session *duck.Session, binder *Binder) error {
		for _, n := range g.Checks {
			if !slices.ContainsFunc(n.Check.Rules, func(r rule.Rule) bool {
				of := slices.Contains(n.Check.Query.Checks, r.ID())
				return of && (!slices.Contains(formChecks, r.Kind) || r.Where != "" || len(r.Per) > 0)
			}) {
				continue
			}
			for _, r := range n.Reads {
				if of := binder.lookup(r.Name); of != nil {
					if err := binder.createEmpty(ctx, r, of); err != nil {
						return err
					}
				}
			}
			columns, err := session.Describe(ctx, n.Check.Query.SQL)
			if err != nil {
				return fmt.Errorf("trace %s: %w", n.Name, err)
			}
			line, err := readLineage(ctx, session, n.Name, n.Check.Query.SQL, len(columns))
			if err != nil {
				return err
			}
			lines = append(lines, line)
		}
		return nil
	})
	return lines, err
}

// readLineage returns the lineage of a query with width columns.
func readLineage(ctx context.Context, session *duck.Session, name, text string, width int) (sqlast.Lineage, error) {
	row, err := session.Row(ctx, "select json_serialize_plan("+quote.Literal(text)+"::varchar, skip_null := true, skip_empty := true, optimize := false)::varchar")
	if err != nil {
		return sqlast.Lineage{}, fmt.Errorf("trace %s: %w", name, err)
	}
	line, err := sqlast.ReadPlan([]byte(*row[0]), width, lineagePeildatumDays)
	if err != nil {
		return line, fmt.Errorf("trace %s: %w", name, err)
	}
	return line, nil
}
