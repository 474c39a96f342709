package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sql"
)

// A bench is a catalog of its own in which cases run one after the other, each in a transaction that
// is rolled back.
type bench struct {
	bound   *Bound
	session *duck.Session
}

// newBench opens a catalog. The first of an instance also fills the reference tables, which all share.
func newBench(ctx context.Context, db *duck.Instance, b *Bound, number int) (*bench, error) {
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	w := &bench{bound: b, session: session}
	if number == 0 {
		if err := session.Exec(ctx, "create schema ref"); err != nil {
			return nil, errors.Join(err, session.Close())
		}
		if err := fillReference(ctx, session, b.References); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	catalog := fmt.Sprintf("proef%d", number)
	statements := []string{"attach ':memory:' as " + catalog, "use " + catalog}
	for _, schema := range append([]string{"raw", "ref", "meta"}, sql.Layers...) {
		statements = append(statements, "create schema "+sql.Ident(schema))
	}
	if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a catalog for the cases: %w", err), session.Close())
	}
	return w, nil
}

// run runs a trial and judges it. Faults are the fault of the case, not of the model.
func (w *bench) run(ctx context.Context, t *trial) (err error) {
	if err := w.session.Exec(ctx, "begin transaction"); err != nil {
		return err
	}
	defer func() {
		if t.got == nil || err != nil {
			return
		}
		t.judge()
	}()
	defer func() { err = errors.Join(err, w.session.Exec(ctx, "rollback")) }()
	if err := w.prepare(ctx, t); err != nil {
		return err
	}
	query := make([]string, len(t.node.columns))
	for i, c := range t.node.columns {
		query[i] = sql.Ident(c.Name) + "::varchar"
	}
	rows, err := w.session.Rows(ctx, "select "+strings.Join(query, ", ")+" from (\n"+t.text+"\n) as uitkomst")
	var derr *duck.Error
	if errors.As(err, &derr) {
		t.failure = "the model does not run: " + derr.Message + "\n"
		return nil
	}
	if err != nil {
		return err
	}
	if twice := t.node.repeats(rows); twice != "" {
		t.failure = twice
	}
	t.ordered, err = w.ordered(ctx, t.text)
	t.got = t.pick(rows)
	return err
}

// pick takes the columns of the expectation out of rows.
func (t *trial) pick(rows [][]*string) [][]*string {
	if len(t.expect.columns) == 0 {
		return rows
	}
	got := make([][]*string, len(rows))
	for i, row := range rows {
		for _, name := range t.expect.columns {
			got[i] = append(got[i], row[t.node.column(name)])
		}
	}
	return got
}

// column is the place of a column, -1 when there is none.
func (n *node) column(name string) int {
	return slices.IndexFunc(n.columns, func(c duck.Column) bool { return strings.EqualFold(c.Name, name) })
}

// repeats names a grain that two rows share; rows with NULL in it are passed over.
func (n *node) repeats(rows [][]*string) string {
	seen := map[string]bool{}
next:
	for _, row := range rows {
		var grain []*string
		for _, name := range n.model.Grain {
			v := row[n.column(name)]
			if v == nil {
				continue next
			}
			grain = append(grain, v)
		}
		key := rowText(grain)
		if seen[key] {
			return fmt.Sprintf("two rows have the same %s: %s\n", strings.Join(n.model.Grain, ", "), key)
		}
		seen[key] = true
	}
	return ""
}

// ordered tells whether the outermost SELECT of a model has an ORDER BY.
func (w *bench) ordered(ctx context.Context, text string) (bool, error) {
	if !strings.Contains(strings.ToLower(text), "order by") {
		return false, nil
	}
	row, err := w.session.Row(ctx, "select json_serialize_sql("+sql.Literal(text)+"::varchar)::varchar")
	if err != nil {
		return false, err
	}
	var tree struct {
		Statements []struct {
			Node struct {
				Modifiers []struct {
					Type string `json:"type"`
				} `json:"modifiers"`
			} `json:"node"`
		} `json:"statements"`
	}
	if err := json.Unmarshal([]byte(*row[0]), &tree); err != nil {
		return false, fmt.Errorf("read the syntax tree: %w", err)
	}
	for _, s := range tree.Statements {
		for _, m := range s.Node.Modifiers {
			if m.Type == "ORDER_MODIFIER" {
				return true, nil
			}
		}
	}
	return false, nil
}

// prepare makes what the model reads.
func (w *bench) prepare(ctx context.Context, t *trial) error {
	p := preparation{bound: w.bound, given: t.inputs, made: map[string]bool{}}
	if t.peildatum != "" {
		p.statements = append(p.statements, "set variable peildatum = date "+sql.Literal(t.peildatum))
	}
	p.reads(t.node)
	if err := w.session.Exec(ctx, strings.Join(p.statements, ";\n")); err != nil {
		return fmt.Errorf("case %s of %s: %w", t.name, t.node.name, err)
	}
	for _, in := range t.inputs {
		if err := w.fill(ctx, t, in); err != nil {
			return err
		}
	}
	return nil
}

// A preparation collects the statements that make the tables for a model.
type preparation struct {
	bound      *Bound
	given      []*caseTable
	made       map[string]bool
	statements []string
}

func (p *preparation) reads(n *node) {
	for _, r := range n.reads {
		name, columns := p.bound.columnsOf(r)
		if p.made[name] {
			continue
		}
		p.made[name] = true
		schema, table, _ := strings.Cut(name, ".")
		given := slices.ContainsFunc(p.given, func(t *caseTable) bool { return t.name == name })
		of := p.bound.nodes[r.name]
		switch {
		case given:
			p.statements = append(p.statements, createTable(schema, table, columns))
		case r.kind == readRef:
			p.statements = append(p.statements, "create view "+sql.Table(schema, table)+" as select * from memory."+sql.Table(schema, table))
		case r.kind == readModel && of.constant():
			p.reads(of)
			p.statements = append(p.statements, "create view "+sql.Table(schema, table)+" as "+of.text)
		default:
			p.statements = append(p.statements, createTable(schema, table, columns))
		}
	}
}

// columnsOf gives the full name and the columns of what a query reads.
func (b *Bound) columnsOf(r read) (name string, columns []duck.Column) {
	switch r.kind {
	case readRaw:
		return "raw." + r.name, rawColumns(b.Contract(r.name))
	case readRef:
		for _, ref := range b.References {
			if ref.Name == r.name {
				columns = refColumns(ref)
			}
		}
		return "ref." + r.name, columns
	case readMeta:
		return "meta." + r.name, metaTables[r.name]
	case readBefore:
		return r.name + beforeSuffix, b.nodes[r.name].columns
	case readModel, readYear:
	}
	return r.name, b.nodes[r.name].columns
}
