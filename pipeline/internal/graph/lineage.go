package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/sql/quote"
)

// A ColumnTrace says where the values of a column come from. A column is written schema.table.column;
// schema.table.* are the rows of a table as such, which is what count(*) counts, and peildatum is the
// date on which the model runs.
type ColumnTrace struct {
	Column string `json:"column"`
	// Steps are the columns of models on the way down, each after one that it is for.
	Steps []ColumnStep `json:"steps"`
	// From are the columns of deliveries, reference tables and meta tables in which the values begin.
	From []SourceColumn `json:"from"`
	// Deciding are the conditions, joins and groups of the models on the way, and Rows where these begin.
	Deciding []RowStep      `json:"deciding"`
	Rows     []SourceColumn `json:"rows"`
}

// A ColumnStep is one column of a model with what its value is made from; nothing is a constant.
type ColumnStep struct {
	Column string   `json:"column"`
	From   []string `json:"from"`
	// Whole says that the query cannot be taken apart, so that From is all it reads.
	Whole bool `json:"whole,omitempty"`
}

// A RowStep are the columns that decide which rows of a model count.
type RowStep struct {
	Model   string   `json:"model"`
	Columns []string `json:"columns"`
}

// A SourceColumn is a column that no model makes.
type SourceColumn struct {
	Column string `json:"column"`
	// Delivered is what the supplier calls it; empty for reference and meta tables, and for rows.
	Delivered string `json:"delivered,omitempty"`
}

// Rows is the table, when it is about its rows as such.
func (c SourceColumn) Rows() (table string, ok bool) {
	return strings.CutSuffix(c.Column, "."+sqlast.Rows)
}

// Text is the column with the supplier's name in brackets.
func (c SourceColumn) Text() string {
	if table, rows := c.Rows(); rows {
		return "rows of " + table
	}
	if c.Delivered == "" {
		return c.Column
	}
	return c.Column + " [" + c.Delivered + "]"
}

// lineagePeildatum is a date that no model names, so that it is known again in a plan: 0099-09-09, as
// days from 1970.
const (
	lineagePeildatum     = "0099-09-09"
	lineagePeildatumDays = -683117
)

// Lineages asks DuckDB's binder where the columns of models come from.
func (b *Graph) Lineages(ctx context.Context, names []string) (map[string]sqlast.Lineage, error) {
	lines := map[string]sqlast.Lineage{}
	err := b.bindLineage(ctx, func(session *duck.Session, _ *Binder) (err error) {
		for _, name := range names {
			n := b.ByName[name]
			if lines[name], err = readLineage(ctx, session, name, n.Text, len(n.Columns)); err != nil {
				return err
			}
		}
		return nil
	})
	return lines, err
}

// bindLineage opens a session with an empty table for each model, to bind queries against.
func (b *Graph) bindLineage(ctx context.Context, do func(*duck.Session, *Binder) error) (err error) {
	db, err := duck.Open(ctx, duck.Settings{Closed: true, Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	binder := &Binder{Graph: b, Session: session}
	if err := binder.Prepare(ctx); err != nil {
		return err
	}
	statements := []string{"set variable peildatum = date " + quote.Literal(lineagePeildatum)}
	for _, n := range b.Order {
		statements = append(statements, CreateTable(n.Model.Schema, n.Model.Name, n.Columns), CreateTable(n.Model.Schema, n.Model.Name+BeforeSuffix, n.Columns))
	}
	if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("prepare to trace: %w", err)
	}
	return do(session, binder)
}

// modelOf is the model that makes a table, nil when none does.
func (b *Graph) modelOf(table string) *Query {
	n := b.ByName[strings.TrimSuffix(table, BeforeSuffix)]
	if n == nil || n.Model == nil {
		return nil
	}
	return n
}

// Below are the names of a model and all models below it.
func (b *Graph) Below(n *Query) []string {
	names := []string{n.Name}
	for i := 0; i < len(names); i++ {
		for _, r := range b.ByName[names[i]].Reads {
			if (r.Kind == ReadModel || r.Kind == ReadBefore) && !slices.Contains(names, r.Name) {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// A follower goes from columns down to where they begin.
type follower struct {
	bound *Graph
	lines map[string]sqlast.Lineage
	Seen  map[sqlast.Origin]bool
	path  []sqlast.Origin // all that were seen, each after one that it is for
}

func (b *Graph) Follower(lines map[string]sqlast.Lineage) *follower {
	return &follower{bound: b, lines: lines, Seen: map[sqlast.Origin]bool{}}
}

// from is what one column of a model is made from.
func (f *follower) from(o sqlast.Origin) []sqlast.Origin {
	n := f.bound.modelOf(o.Table)
	if n == nil {
		return nil
	}
	line := f.lines[n.Name]
	if o.Column == sqlast.Rows {
		return line.Counted
	}
	i := slices.IndexFunc(n.Columns, func(c duck.Column) bool { return strings.EqualFold(c.Name, o.Column) })
	if i < 0 {
		return nil
	}
	return line.Columns[i]
}

// Follow goes down from o.
func (f *follower) Follow(o sqlast.Origin) {
	if f.Seen[o] {
		return
	}
	f.Seen[o] = true
	f.path = append(f.path, o)
	for _, next := range f.from(o) {
		f.Follow(next)
	}
}

// models are the models on the path, in its order.
func (f *follower) models() []*Query {
	var models []*Query
	for _, o := range f.path {
		if n := f.bound.modelOf(o.Table); n != nil && !slices.Contains(models, n) {
			models = append(models, n)
		}
	}
	return models
}

// Ends are where the path begins: columns that no model makes, by name.
func (f *follower) Ends() []SourceColumn {
	ends := []SourceColumn{}
	for _, o := range f.path {
		if o.Table == "" || f.bound.modelOf(o.Table) != nil {
			continue
		}
		end := SourceColumn{Column: ColumnText(o)}
		if source, ok := strings.CutPrefix(o.Table, "raw."); ok {
			if c, ok := f.bound.Contract(source).Column(o.Column); ok {
				end.Delivered = c.Name
			}
		}
		ends = append(ends, end)
	}
	slices.SortFunc(ends, func(a, b SourceColumn) int { return strings.Compare(a.Column, b.Column) })
	return ends
}

func ColumnText(o sqlast.Origin) string {
	if o.Table == "" {
		return o.Column
	}
	return o.Table + "." + o.Column
}

func ColumnTexts(list []sqlast.Origin) []string {
	texts := []string{}
	for _, o := range list {
		texts = append(texts, ColumnText(o))
	}
	return texts
}

// TraceColumn follows a column of a model; lines are those of the model and all below it.
func (b *Graph) TraceColumn(lines map[string]sqlast.Lineage, n *Query, column string) *ColumnTrace {
	values := b.Follower(lines)
	values.Follow(sqlast.Origin{Table: n.Name, Column: column})
	t := &ColumnTrace{Column: n.Name + "." + column, Steps: []ColumnStep{}, From: values.Ends(), Deciding: []RowStep{}}
	for _, o := range values.path {
		if of := b.modelOf(o.Table); of != nil {
			t.Steps = append(t.Steps, ColumnStep{Column: ColumnText(o), From: ColumnTexts(values.from(o)), Whole: lines[of.Name].Coarse})
		}
	}
	for _, of := range values.models() {
		if rows := ColumnTexts(lines[of.Name].Rows); len(rows) > 0 {
			t.Deciding = append(t.Deciding, RowStep{Model: of.Name, Columns: rows})
		}
	}
	t.Rows = b.decidingEnds(lines, values.models())
	return t
}

// decidingEnds is where begins what decides the rows of models, and of all models that this rests on.
func (b *Graph) decidingEnds(lines map[string]sqlast.Lineage, models []*Query) []SourceColumn {
	rows := b.Follower(lines)
	for i := 0; i < len(models); i++ {
		for _, o := range lines[models[i].Name].Rows {
			rows.Follow(o)
		}
		for _, of := range rows.models() {
			if !slices.Contains(models, of) {
				models = append(models, of)
			}
		}
	}
	return rows.Ends()
}
