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

// formChecks look at the form of a table, and not at what single rows say: how many there are, how old
// they are, and whether a column says more than one thing.
var formChecks = []rule.Kind{rule.RowCount, rule.VolumeChange, rule.Freshness, rule.ConstantOrEmpty}

// UnreadColumns are, by source, the columns on which no figure and no verdict rests: no mart that is not about
// persons is made of them, also not in deciding which rows count, and no check reads them but for their
// form. What cannot be decided counts as read. Keys and ids are not among them.
func (b *Graph) UnusedColumns(ctx context.Context) (map[string][]string, error) {
	var names []string
	for _, n := range b.Order {
		names = append(names, n.Name)
	}
	lines, err := b.Lineages(ctx, names)
	if err != nil {
		return nil, err
	}
	reader := columnReader{bound: b, lines: lines, seen: map[sqlast.Origin]bool{}, whole: map[*Query]bool{}}
	for _, n := range b.Order {
		if n.Model.Schema == "marts" && !n.Model.Intern {
			for _, c := range n.Columns {
				reader.read(sqlast.Origin{Table: n.Name, Column: c.Name})
			}
		}
	}
	judged, err := b.checkLineages(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range judged {
		reader.all(l)
	}
	unread := map[string][]string{}
	for _, c := range b.Contracts {
		for _, column := range c.Columns {
			if column.Type != contract.BSN && !slices.Contains(c.Key, column.As) && !reader.seen[sqlast.Origin{Table: "raw." + c.Name, Column: column.As}] {
				unread[c.Name] = append(unread[c.Name], column.As)
			}
		}
	}
	return unread, nil
}

// A columnReader goes from columns down to all that they rest on: what their values are made of, and what
// decides which rows count.
type columnReader struct {
	bound *Graph
	lines map[string]sqlast.Lineage
	seen  map[sqlast.Origin]bool
	whole map[*Query]bool // models of which the rows were followed
}

func (r *columnReader) read(o sqlast.Origin) {
	o.Table = strings.TrimSuffix(strings.TrimSuffix(o.Table, BeforeSuffix), YearSuffix)
	if r.seen[o] {
		return
	}
	r.seen[o] = true
	n := r.bound.modelOf(o.Table)
	if n == nil {
		return
	}
	line := r.lines[n.Name]
	if !r.whole[n] {
		r.whole[n] = true
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

// checkLineages are what the queries of checks rest on, but for those that look at the form of a table only.
func (b *Graph) checkLineages(ctx context.Context) (lines []sqlast.Lineage, err error) {
	err = b.bindLineage(ctx, func(session *duck.Session, binder *Binder) error {
		for _, n := range b.Checks {
			if !slices.ContainsFunc(n.Check.Rules, func(r rule.Rule) bool {
				of := slices.Contains(n.Check.Query.Checks, r.ID())
				return of && (!slices.Contains(formChecks, r.Kind) || r.Where != "" || len(r.Per) > 0)
			}) {
				continue
			}
			for _, r := range n.Reads {
				if of := binder.node(r.Name); of != nil {
					if err := binder.standIn(ctx, r, of); err != nil {
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

// readLineage is the lineage of a query of so many columns.
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
