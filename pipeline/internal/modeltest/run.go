package modeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/projectfile"
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
		err := session.Exec(ctx, "create schema ref")
		if err == nil {
			err = graph.FillReference(ctx, session, b.References)
		}
		if err != nil {
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
			got[i] = append(got[i], row[t.Node.ColumnIndex(name)])
		}
	}
	return got
}

// duplicateGrain describes a grain that two rows share, or returns "". It skips rows with NULL in the grain.
func duplicateGrain(n *graph.Query, rows [][]*string) string {
	seen := map[string]bool{}
next:
	for _, row := range rows {
		var grain []*string
		for _, name := range n.Model.Grain {
			v := row[n.ColumnIndex(name)]
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
	row, err := s.Session.Row(ctx, "select list_contains(json_extract_string(json_serialize_sql("+quote.Literal(text)+
		"::varchar), '$.statements[*].node.modifiers[*].type'), 'ORDER_MODIFIER')::varchar")
	return err == nil && *row[0] == "true", err
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

// fill inserts the rows of an input table.
func (s *Sandbox) fill(ctx context.Context, t *CaseRun, in *caseTable) error {
	if len(in.Rows) == 0 {
		return nil
	}
	columns := slices.Clone(in.Columns)
	addPeildatum := s.hasPeildatum(in.name) && t.peildatum != "" && !slices.Contains(columns, "peildatum")
	if addPeildatum {
		columns = append(columns, "peildatum")
	}
	values := make([]string, len(in.Rows))
	for i, row := range in.Rows {
		cells := make([]string, 0, len(columns))
		for _, v := range row.values {
			cells = append(cells, literal(v))
		}
		if addPeildatum {
			cells = append(cells, literal(&t.peildatum))
		}
		values[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	schema, table, _ := strings.Cut(in.name, ".")
	err := s.Session.Exec(ctx, "insert into "+quote.Table(schema, table)+" ("+quote.List(columns)+") values "+strings.Join(values, ", "))
	var derr *duck.Error
	if !errors.As(err, &derr) {
		return err
	}
	faults, ferr := s.findInvalidCells(ctx, t, in)
	if ferr != nil {
		return ferr
	}
	if len(faults) == 0 {
		faults = projectfile.Faults{in.fault(in.line, 0, "", "cannot insert the rows: %s", derr.Message)}
	}
	return faults
}

// hasPeildatum reports whether a table is a model that runs per peildatum and has that column.
func (s *Sandbox) hasPeildatum(name string) bool {
	n := s.Bound.ByName[name]
	return n != nil && n.Per != graph.PerNone && n.ColumnIndex("peildatum") >= 0
}

// findInvalidCells finds cells that cannot be cast to the type of their column. It begins a new transaction,
// because the present one has failed.
func (s *Sandbox) findInvalidCells(ctx context.Context, t *CaseRun, in *caseTable) (projectfile.Faults, error) {
	if err := s.Session.Exec(ctx, "rollback; begin transaction"); err != nil {
		return nil, err
	}
	types := map[string]string{}
	for _, c := range inputTables(s.Bound, t.Node, map[string][]duck.Column{})[in.name] {
		types[strings.ToLower(c.Name)] = c.Type
	}
	var faults projectfile.Faults
	for _, row := range in.Rows {
		for i, v := range row.values {
			if v == nil {
				continue
			}
			kind := types[in.Columns[i]]
			got, err := s.Session.Row(ctx, "select try_cast("+quote.Literal(*v)+" as "+kind+")::varchar")
			if err != nil {
				return nil, fmt.Errorf("case %s of %s: %w", t.name, t.Node.Name, err)
			}
			if got[0] == nil {
				faults = append(faults, in.fault(row.Line, row.Cols[i], "", "%q is not a valid %s", *v, kind))
			}
		}
	}
	return faults, nil
}

func literal(v *string) string {
	if v == nil {
		return "null"
	}
	return quote.Literal(*v)
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
		name := r.Table()
		if p.made[name] {
			continue
		}
		p.made[name] = true
		schema, table, _ := strings.Cut(name, ".")
		statement := graph.CreateTable(schema, table, p.bound.ColumnsOf(r))
		given := slices.ContainsFunc(p.given, func(t *caseTable) bool { return t.name == name })
		of := p.bound.ByName[r.Name]
		switch {
		case given:
		case r.Kind == graph.ReadRef:
			statement = "create view " + quote.Table(schema, table) + " as select * from memory." + quote.Table(schema, table)
		case r.Kind == graph.ReadModel && of.Constant():
			p.reads(of)
			statement = "create view " + quote.Table(schema, table) + " as " + of.Text
		}
		p.statements = append(p.statements, statement)
	}
}
