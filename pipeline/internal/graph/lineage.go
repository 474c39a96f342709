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

// A ColumnTrace says where the values of a column come from. Columns are written schema.table.column;
// schema.table.* stands for the rows of a table, as in count(*), and peildatum for the date of the query.
type ColumnTrace struct {
	Column string `json:"column"`
	// Steps are the columns of models on the way down, each after one that uses it.
	Steps []ColumnStep `json:"steps"`
	// From are the columns of deliveries, reference tables and meta tables at the end of the way.
	From []SourceColumn `json:"from"`
	// Deciding are the columns in conditions, joins and groups on the way, and Rows where those come from.
	Deciding []RowStep      `json:"deciding"`
	Rows     []SourceColumn `json:"rows"`
}

// A ColumnStep is a column of a model and the columns that its value uses: none for a constant.
type ColumnStep struct {
	Column string   `json:"column"`
	From   []string `json:"from"`
	// Opaque means that the query cannot be analysed; From is then everything that it reads.
	Opaque bool `json:"whole,omitempty"`
}

// A RowStep has the columns that decide which rows of a model count.
type RowStep struct {
	Model   string   `json:"model"`
	Columns []string `json:"columns"`
}

// A SourceColumn is a column that no model computes.
type SourceColumn struct {
	Column string `json:"column"`
	// SupplierName is empty for reference and meta tables, and for rows.
	SupplierName string `json:"delivered,omitempty"`
}

// Rows returns the table, if c stands for its rows.
func (c SourceColumn) Rows() (table string, ok bool) {
	return strings.CutSuffix(c.Column, "."+sqlast.Rows)
}

// Text returns the column with the supplier's name in brackets.
func (c SourceColumn) Text() string {
	if table, rows := c.Rows(); rows {
		return "rows of " + table
	}
	if c.SupplierName == "" {
		return c.Column
	}
	return c.Column + " [" + c.SupplierName + "]"
}

// lineagePeildatum is a date that no model uses, so that it can be recognised in a plan, there as days since
// 1970.
const (
	lineagePeildatum     = "0099-09-09"
	lineagePeildatumDays = -683117
)

// Lineages derives where the columns of models come from, from the plans of DuckDB's binder.
func (g *Graph) Lineages(ctx context.Context, names []string) (map[string]sqlast.Lineage, error) {
	lines := map[string]sqlast.Lineage{}
	err := g.bindLineage(ctx, func(session *duck.Session, _ *Binder) (err error) {
		for _, name := range names {
			n := g.ByName[name]
			if lines[name], err = readLineage(ctx, session, name, n.Text, len(n.Columns)); err != nil {
				return err
			}
		}
		return nil
	})
	return lines, err
}

// bindLineage calls do with a session that has an empty table for each model, to bind queries against.
func (g *Graph) bindLineage(ctx context.Context, do func(*duck.Session, *Binder) error) error {
	return duck.With(ctx, duck.Settings{Closed: true, Threads: 1}, func(session *duck.Session) error {
		binder := &Binder{Graph: g, Session: session}
		if err := binder.Prepare(ctx); err != nil {
			return err
		}
		statements := []string{"set variable peildatum = date " + quote.Literal(lineagePeildatum)}
		for _, n := range g.Order {
			for _, name := range []string{n.Model.Name, n.Model.Name + BeforeSuffix} {
				statements = append(statements, CreateTable(n.Model.Schema, name, n.Columns))
			}
		}
		if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
			return fmt.Errorf("prepare to trace: %w", err)
		}
		return do(session, binder)
	})
}

// modelOf returns the model that computes a table, or nil.
func (g *Graph) modelOf(table string) *Query {
	return g.ByName[strings.TrimSuffix(table, BeforeSuffix)]
}

// Below returns the names of a model and all models below it.
func (g *Graph) Below(n *Query) []string {
	names := []string{n.Name}
	for i := 0; i < len(names); i++ {
		for _, r := range g.ByName[names[i]].Reads {
			if (r.Kind == ReadModel || r.Kind == ReadBefore) && !slices.Contains(names, r.Name) {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// A Tracer follows columns down to where they come from.
type Tracer struct {
	graph *Graph
	lines map[string]sqlast.Lineage
	Seen  map[sqlast.Origin]bool
	path  []sqlast.Origin // all that were seen, each after one that uses it
	// deciding, if set, returns what decides the rows of a model on the path, to follow as well.
	deciding func(sqlast.Lineage) []sqlast.Origin
}

// NewTracer returns a tracer over the lineages of models.
func (g *Graph) NewTracer(lines map[string]sqlast.Lineage) *Tracer {
	return &Tracer{graph: g, lines: lines, Seen: map[sqlast.Origin]bool{}}
}

// from returns the columns that a column of a model uses.
func (t *Tracer) from(o sqlast.Origin) []sqlast.Origin {
	n := t.graph.modelOf(o.Table)
	if n == nil {
		return nil
	}
	line := t.lines[n.Name]
	if o.Column == sqlast.Rows {
		return line.Counted
	}
	if i := n.ColumnIndex(o.Column); i >= 0 {
		return line.Columns[i]
	}
	return nil
}

// Follow follows columns down.
func (t *Tracer) Follow(columns ...sqlast.Origin) {
	for _, o := range columns {
		if t.Seen[o] {
			continue
		}
		t.Seen[o] = true
		t.path = append(t.path, o)
		t.Follow(t.from(o)...)
		if n := t.graph.modelOf(o.Table); n != nil && t.deciding != nil {
			t.Follow(t.deciding(t.lines[n.Name])...)
		}
	}
}

// models returns the models on the path, in its order.
func (t *Tracer) models() []*Query {
	var models []*Query
	for _, o := range t.path {
		if n := t.graph.modelOf(o.Table); n != nil && !slices.Contains(models, n) {
			models = append(models, n)
		}
	}
	return models
}

// Ends returns the columns on the path that no model computes, sorted.
func (t *Tracer) Ends() []SourceColumn {
	ends := []SourceColumn{}
	for _, o := range t.path {
		if o.Table == "" || t.graph.modelOf(o.Table) != nil {
			continue
		}
		end := SourceColumn{Column: ColumnText(o)}
		if source, ok := strings.CutPrefix(o.Table, "raw."); ok {
			if c, ok := t.graph.Contract(source).Column(o.Column); ok {
				end.SupplierName = c.Name
			}
		}
		ends = append(ends, end)
	}
	slices.SortFunc(ends, func(a, b SourceColumn) int { return strings.Compare(a.Column, b.Column) })
	return ends
}

// ColumnText writes an origin as table.column.
func ColumnText(o sqlast.Origin) string {
	if o.Table == "" {
		return o.Column
	}
	return o.Table + "." + o.Column
}

// ColumnTexts applies ColumnText to a list.
func ColumnTexts(list []sqlast.Origin) []string {
	texts := []string{}
	for _, o := range list {
		texts = append(texts, ColumnText(o))
	}
	return texts
}

// TraceColumn traces a column of a model, given the lineages of the model and all below it.
func (g *Graph) TraceColumn(lines map[string]sqlast.Lineage, n *Query, column string) *ColumnTrace {
	values := g.NewTracer(lines)
	values.Follow(sqlast.Origin{Table: n.Name, Column: column})
	t := &ColumnTrace{Column: n.Name + "." + column, Steps: []ColumnStep{}, From: values.Ends(), Deciding: []RowStep{}}
	for _, o := range values.path {
		if of := g.modelOf(o.Table); of != nil {
			t.Steps = append(t.Steps, ColumnStep{Column: ColumnText(o), From: ColumnTexts(values.from(o)), Opaque: lines[of.Name].Coarse})
		}
	}
	for _, of := range values.models() {
		if rows := ColumnTexts(lines[of.Name].Rows); len(rows) > 0 {
			t.Deciding = append(t.Deciding, RowStep{Model: of.Name, Columns: rows})
		}
	}
	t.Rows = g.rowEnds(lines, values.models())
	return t
}

// rowEnds returns the source columns that decide the rows of models, and of all models behind those.
func (g *Graph) rowEnds(lines map[string]sqlast.Lineage, models []*Query) []SourceColumn {
	rows := g.NewTracer(lines)
	rows.deciding = func(l sqlast.Lineage) []sqlast.Origin { return l.Rows }
	for _, n := range models {
		rows.Follow(lines[n.Name].Rows...)
	}
	return rows.Ends()
}

// formChecks measure a table, not its values: the number of rows, their age, and whether a column has more
// than one value.
var formChecks = []rule.Kind{rule.RowCount, rule.VolumeChange, rule.Freshness, rule.ConstantOrEmpty}

// UnusedColumns returns, by source, the columns without influence on figures and verdicts: no mart except
// intern ones uses them, not even to decide which rows count, and no check except those in formChecks. Keys,
// BSNs and columns in queries that cannot be analysed count as used.
func (g *Graph) UnusedColumns(ctx context.Context) (map[string][]string, error) {
	lines, err := g.Lineages(ctx, g.ModelNames())
	if err != nil {
		return nil, err
	}
	used := g.NewTracer(lines)
	used.deciding = func(l sqlast.Lineage) []sqlast.Origin { return slices.Concat(l.Rows, l.Counted) }
	for _, n := range g.Order {
		if n.Model.Schema == "marts" && !n.Model.Intern {
			for _, c := range n.Columns {
				used.Follow(sqlast.Origin{Table: n.Name, Column: c.Name})
			}
		}
	}
	judged, err := g.checkLineages(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range judged {
		for _, o := range slices.Concat(append(l.Columns, l.Rows, l.Counted)...) {
			o.Table = strings.TrimSuffix(strings.TrimSuffix(o.Table, BeforeSuffix), YearSuffix)
			used.Follow(o)
		}
	}
	unused := map[string][]string{}
	for _, c := range g.Contracts {
		for _, column := range c.Columns {
			if column.Type != contract.BSN && !slices.Contains(c.Key, column.As) && !used.Seen[sqlast.Origin{Table: "raw." + c.Name, Column: column.As}] {
				unused[c.Name] = append(unused[c.Name], column.As)
			}
		}
	}
	return unused, nil
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
