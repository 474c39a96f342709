package modeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/sql/model"
	"inbeeld/sql/quote"
)

// A Sandbox is a catalog in memory in which cases run one after the other, each in a transaction that is
// rolled back.
type Sandbox struct {
	Bound   *graph.Graph
	Session *duck.Session
}

// NewSandbox opens a catalog. Number 0 also fills the reference tables, which all sandboxes of the instance
// share.
func NewSandbox(ctx context.Context, db *duck.Instance, b *graph.Graph, number int) (*Sandbox, error) {
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{Bound: b, Session: session}
	if number == 0 {
		if err := session.Exec(ctx, "create schema ref"); err != nil {
			return nil, errors.Join(err, session.Close())
		}
		if err := graph.FillReference(ctx, session, b.References); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	catalog := fmt.Sprintf("proef%d", number)
	statements := []string{"attach ':memory:' as " + catalog, "use " + catalog}
	for _, schema := range append([]string{"raw", "ref", "meta"}, model.Layers...) {
		statements = append(statements, "create schema "+quote.Ident(schema))
	}
	if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a catalog for the cases: %w", err), session.Close())
	}
	return s, nil
}

// run runs a case and compares the result. It returns projectfile.Faults if the case is invalid.
func (s *Sandbox) run(ctx context.Context, t *CaseRun) (err error) {
	if err := s.Session.Exec(ctx, "begin transaction"); err != nil {
		return err
	}
	defer func() {
		if t.Got == nil || err != nil {
			return
		}
		t.compare()
	}()
	defer func() { err = errors.Join(err, s.Session.Exec(ctx, "rollback")) }()
	if err := s.prepare(ctx, t); err != nil {
		return err
	}
	query := make([]string, len(t.Node.Columns))
	for i, c := range t.Node.Columns {
		query[i] = quote.Ident(c.Name) + "::varchar"
	}
	rows, err := s.Session.Rows(ctx, "select "+strings.Join(query, ", ")+" from (\n"+t.Text+"\n) as uitkomst")
	var derr *duck.Error
	if errors.As(err, &derr) {
		t.Failure = "the model does not run: " + derr.Message + "\n"
		return nil
	}
	if err != nil {
		return err
	}
	t.Failure = duplicateGrain(t.Node, rows)
	t.ordered, err = s.ordered(ctx, t.Text)
	t.Got = t.selectExpected(rows)
	return err
}

// selectExpected returns the columns of rows that the expectation contains.
func (t *CaseRun) selectExpected(rows [][]*string) [][]*string {
	if len(t.expect.Columns) == 0 {
		return rows
	}
	got := make([][]*string, len(rows))
	for i, row := range rows {
		for _, name := range t.expect.Columns {
			got[i] = append(got[i], row[column(t.Node, name)])
		}
	}
	return got
}

// column returns the index of a column, or -1.
func column(n *graph.Query, name string) int {
	return slices.IndexFunc(n.Columns, func(c duck.Column) bool { return strings.EqualFold(c.Name, name) })
}

// duplicateGrain describes a grain that two rows share, or returns "". It skips rows with NULL in the grain.
func duplicateGrain(n *graph.Query, rows [][]*string) string {
	seen := map[string]bool{}
next:
	for _, row := range rows {
		var grain []*string
		for _, name := range n.Model.Grain {
			v := row[column(n, name)]
			if v == nil {
				continue next
			}
			grain = append(grain, v)
		}
		key := RowText(grain)
		if seen[key] {
			return fmt.Sprintf("two rows have the same %s: %s\n", strings.Join(n.Model.Grain, ", "), key)
		}
		seen[key] = true
	}
	return ""
}

// ordered reports whether the outermost SELECT of a model has an ORDER BY.
func (s *Sandbox) ordered(ctx context.Context, text string) (bool, error) {
	if !strings.Contains(strings.ToLower(text), "order by") {
		return false, nil
	}
	row, err := s.Session.Row(ctx, "select json_serialize_sql("+quote.Literal(text)+"::varchar)::varchar")
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
	for _, statement := range tree.Statements {
		for _, m := range statement.Node.Modifiers {
			if m.Type == "ORDER_MODIFIER" {
				return true, nil
			}
		}
	}
	return false, nil
}

// prepare creates and fills the tables that the model reads.
func (s *Sandbox) prepare(ctx context.Context, t *CaseRun) error {
	p := preparation{bound: s.Bound, given: t.inputs, made: map[string]bool{}}
	if t.peildatum != "" {
		p.statements = append(p.statements, "set variable peildatum = date "+quote.Literal(t.peildatum))
	}
	p.reads(t.Node)
	if err := s.Session.Exec(ctx, strings.Join(p.statements, ";\n")); err != nil {
		return fmt.Errorf("case %s of %s: %w", t.name, t.Node.Name, err)
	}
	for _, in := range t.inputs {
		if err := s.fill(ctx, t, in); err != nil {
			return err
		}
	}
	return nil
}

// A preparation collects the statements that create the tables for a model.
type preparation struct {
	bound      *graph.Graph
	given      []*caseTable
	made       map[string]bool
	statements []string
}

func (p *preparation) reads(n *graph.Query) {
	for _, r := range n.Reads {
		name, columns := columnsOf(p.bound, r)
		if p.made[name] {
			continue
		}
		p.made[name] = true
		schema, table, _ := strings.Cut(name, ".")
		given := slices.ContainsFunc(p.given, func(t *caseTable) bool { return t.name == name })
		of := p.bound.ByName[r.Name]
		switch {
		case given:
			p.statements = append(p.statements, graph.CreateTable(schema, table, columns))
		case r.Kind == graph.ReadRef:
			p.statements = append(p.statements, "create view "+quote.Table(schema, table)+" as select * from memory."+quote.Table(schema, table))
		case r.Kind == graph.ReadModel && of.Constant():
			p.reads(of)
			p.statements = append(p.statements, "create view "+quote.Table(schema, table)+" as "+of.Text)
		default:
			p.statements = append(p.statements, graph.CreateTable(schema, table, columns))
		}
	}
}

// columnsOf returns the full name and the columns of a read.
func columnsOf(b *graph.Graph, r graph.Read) (name string, columns []duck.Column) {
	switch r.Kind {
	case graph.ReadRaw:
		return "raw." + r.Name, graph.RawColumns(b.Contract(r.Name))
	case graph.ReadRef:
		for _, ref := range b.References {
			if ref.Name == r.Name {
				columns = graph.RefColumns(ref)
			}
		}
		return "ref." + r.Name, columns
	case graph.ReadMeta:
		return "meta." + r.Name, graph.MetaTables[r.Name]
	case graph.ReadBefore:
		return r.Name + graph.BeforeSuffix, b.ByName[r.Name].Columns
	case graph.ReadModel, graph.ReadYear:
	}
	return r.Name, b.ByName[r.Name].Columns
}
