package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql/model"
	"inbeeld/sql/quote"
)

// A Graph is a project whose queries are parsed, ordered and bound against their tables.
type Graph struct {
	*project.Project
	ByName map[string]*Query
	Order  []*Query // each after what it reads: models, then checks
	Checks []*Query
	// Delivered are raw.<source> and quarantine.<source> as tables per peildatum, which checks read.
	Delivered map[string]*Query
}

// lookup returns a model, or a delivery as checks read it, or nil.
func (g *Graph) lookup(name string) *Query {
	return cmp.Or(g.ByName[name], g.Delivered[name])
}

// Bind parses the queries, orders them and binds each against empty tables. A project with faults must not
// run.
func Bind(ctx context.Context, p *project.Project) (b *Graph, faults projectfile.Faults, err error) {
	db, err := duck.Open(ctx, duck.Settings{Closed: true, Threads: 1, JSONErrors: true})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	bi := &Binder{Graph: &Graph{Project: p, ByName: map[string]*Query{}}, Session: session}
	if err := bi.Prepare(ctx); err != nil {
		return nil, nil, err
	}
	for _, m := range p.Models {
		if err := bi.add(ctx, &Query{Name: m.FullName(), Model: m, Text: m.Text, Per: perOf(m)}, m.Path); err != nil {
			return nil, nil, err
		}
	}
	bi.sort()
	for _, n := range bi.Order {
		if err := bi.bind(ctx, n); err != nil {
			return nil, nil, err
		}
	}
	if err := bi.bindChecks(ctx); err != nil {
		return nil, nil, err
	}
	if len(bi.faults) == 0 {
		bi.setBases()
	}
	return bi.Graph, bi.faults.Sorted(), nil
}

// A Binder builds a Graph in a database with empty tables.
type Binder struct {
	*Graph
	Session  *duck.Session
	volatile map[string]bool // functions whose result may differ between runs
	faults   projectfile.Faults
}

// Prepare creates the empty raw, ref and meta tables, and lists the volatile functions.
func (b *Binder) Prepare(ctx context.Context) error {
	statements := []string{"set variable peildatum = date '2000-01-01'"}
	for _, schema := range append([]string{"raw", "ref", "meta"}, model.Layers...) {
		statements = append(statements, "create schema "+quote.Ident(schema))
	}
	for _, c := range b.Contracts {
		statements = append(statements, CreateTable("raw", c.Name, RawColumns(c)))
	}
	for _, r := range b.References {
		statements = append(statements, CreateTable("ref", r.Name, RefColumns(r)))
	}
	for _, name := range slices.Sorted(maps.Keys(MetaTables)) {
		statements = append(statements, CreateTable("meta", name, MetaTables[name]))
	}
	if err := b.Session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("prepare to bind the models: %w", err)
	}
	rows, err := b.Session.Rows(ctx, "select distinct lower(function_name)::varchar from duckdb_functions() where stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')")
	if err != nil {
		return fmt.Errorf("list functions: %w", err)
	}
	b.volatile = map[string]bool{}
	for _, r := range rows {
		b.volatile[*r[0]] = true
	}
	for _, name := range []string{"any_value", "arbitrary", "first", "last", "mode", "read_text", "read_blob"} {
		b.volatile[name] = true
	}
	delete(b.volatile, "getvariable")
	return nil
}

// faultAt returns a fault at a byte offset of a file, or without a position if at is -1.
func faultAt(file, text string, at int, hint, format string, args ...any) projectfile.Fault {
	f := projectfile.Fault{Path: file, Message: fmt.Sprintf(format, args...), Hint: hint}
	if at >= 0 && at <= len(text) {
		before := text[:at]
		f.Line = strings.Count(before, "\n") + 1
		f.Col = len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	}
	return f
}

func (b *Binder) fault(f projectfile.Fault) { b.faults = append(b.faults, f) }

// add parses a query and resolves the tables that it reads.
func (b *Binder) add(ctx context.Context, n *Query, file string) error {
	b.ByName[n.Name] = n
	n.readAt, n.columnAt = map[Read]int{}, map[string]int{}
	row, err := b.Session.Row(ctx, "select json_serialize_sql("+quote.Literal(n.Text)+"::varchar)::varchar")
	if err != nil {
		return fmt.Errorf("parse %s: %w", file, err)
	}
	q, problems := sqlast.Read([]byte(*row[0]))
	n.broken = len(problems) > 0
	for _, p := range problems {
		if p.At <= 0 {
			p.At = queryStart(n.Text)
		}
		if p.Table != "" {
			p.Hint = b.schemaHint(p.Table)
		}
		b.fault(n.faultAt(file, p.At, p.Hint, "%s", p.Message))
	}
	if q == nil {
		return nil
	}
	n.fingerprint = q.Fingerprint
	for _, f := range q.Functions {
		if f.Name == "getvariable" && n.Model != nil && n.Per == PerNone {
			b.fault(n.faultAt(file, f.At, "add per: peildatum to the header, or take the peildatum from a table", "only per-peildatum models have a peildatum of their own"))
		}
		if b.volatile[f.Name] {
			b.fault(n.faultAt(file, f.At, "use the peildatum and a fixed order", "function %s() does not give the same answer every night", f.Name))
		}
	}
	for _, c := range q.Columns {
		if _, ok := n.columnAt[c.Name]; !ok {
			n.columnAt[c.Name] = c.At
		}
		switch c.Name {
		case "current_date", "current_timestamp", "current_time", "localtime", "localtimestamp", "current_user", "session_user", "user":
			b.fault(n.faultAt(file, c.At, "use getvariable('peildatum')", "%s does not give the same answer every night", c.Name))
		}
	}
	if n.Model != nil && n.Model.Schema == "marts" {
		for _, star := range q.Stars {
			b.fault(n.faultAt(file, star, "name the columns: they are a contract with those who read the mart", "select * in a mart"))
		}
	}
	for _, t := range q.Tables {
		if b.Faulty[t.Schema+"."+t.Name] {
			n.broken = true
			continue
		}
		r, hint := b.resolve(t)
		if hint != "" {
			n.broken = true
			b.fault(n.faultAt(file, t.At, hint, "unknown table %s.%s", t.Schema, t.Name))
			continue
		}
		n.Reads = append(n.Reads, r)
		n.readAt[r] = t.At
	}
	return nil
}

// resolve returns what a table is. The hint is not empty if there is no such table.
func (b *Binder) resolve(t sqlast.Reference) (r Read, hint string) {
	if r, ok := b.resolveStand(t); ok {
		return r, ""
	}
	var names []string
	switch t.Schema {
	case "raw":
		names, r = b.SourceNames(), Read{ReadRaw, t.Name}
	case "ref":
		for _, ref := range b.References {
			names = append(names, ref.Name)
		}
		r = Read{ReadRef, t.Name}
	case "meta":
		names, r = slices.Sorted(maps.Keys(MetaTables)), Read{ReadMeta, t.Name}
	default:
		models, full := b.ModelNames(), t.Schema+"."+t.Name
		if before, ok := strings.CutSuffix(full, BeforeSuffix); ok && slices.Contains(models, before) {
			return Read{ReadBefore, before}, ""
		}
		if slices.Contains(models, full) {
			return Read{ReadModel, full}, ""
		}
		if hint := projectfile.DidYouMean(full, models); hint != "" && slices.Contains(model.Layers, t.Schema) {
			return r, hint
		}
		return r, "a model is sql/<layer>/<name>.sql; deliveries are raw.<source>, reference tables ref.<name>"
	}
	if slices.Contains(names, t.Name) {
		return r, ""
	}
	if strings.HasSuffix(t.Name, BeforeSuffix) {
		return r, "only per-peildatum models have a preceding stand: give it a staging model"
	}
	return r, cmp.Or(projectfile.DidYouMean(t.Name, names), fmt.Sprintf("schema %s has no such table", t.Schema))
}

// bind checks what a model reads, binds its query and creates an empty table with its columns.
func (b *Binder) bind(ctx context.Context, n *Query) error {
	for _, r := range n.Reads {
		b.checkRead(n, r)
		if of := b.ByName[r.Name]; (r.Kind == ReadModel || r.Kind == ReadBefore) && of.Columns == nil {
			n.broken = true // its fault is already reported
		}
	}
	if n.broken || !validName(n.Model) {
		return nil
	}
	columns, fault, err := b.describe(ctx, n)
	if err != nil {
		return err
	}
	if fault != nil {
		n.broken = true
		b.fault(faultAt(n.Model.Path, n.Text, fault.at, fault.hint, "%s", fault.Message))
		return nil
	}
	if name := duplicateColumn(columns); name != "" {
		b.fault(faultAt(n.Model.Path, n.Text, strings.LastIndex(n.Text, name), "give each column a name of its own", "two columns are called %q", name))
		return nil
	}
	n.Columns = columns
	b.checkModel(n)
	statements := CreateTable(n.Model.Schema, n.Model.Name, columns) + ";" + CreateTable(n.Model.Schema, n.Model.Name+BeforeSuffix, columns)
	if err := b.Session.Exec(ctx, statements); err != nil {
		return fmt.Errorf("create an empty table for %s: %w", n.Name, err)
	}
	return nil
}

// checkRead reports a model that may not read a table.
func (b *Binder) checkRead(n *Query, r Read) {
	refuse := func(hint, format string, args ...any) {
		b.fault(faultAt(n.Model.Path, n.Text, n.readAt[r], hint, format, args...))
	}
	layer := slices.Index(model.Layers, n.Model.Schema)
	switch r.Kind {
	case ReadModel, ReadBefore:
		of := b.ByName[r.Name]
		if slices.Index(model.Layers, of.Model.Schema) > layer {
			refuse("a model reads its own layer and those before it: "+strings.Join(model.Layers, ", "), "%s reads %s, which is in a later layer", n.Name, r.Name)
		}
		if n.Per != PerNone && of.Per != PerPeildatum && !of.Constant() {
			refuse("let it read per-peildatum models, or leave out per: peildatum", "%s runs per peildatum but reads %s, which does not", n.Name, r.Name)
		}
		if r.Kind == ReadBefore && (n.Per != PerPeildatum || of.Per != PerPeildatum) {
			refuse("only per-peildatum models have a preceding stand, for per-peildatum models", "%s cannot read %s%s", n.Name, r.Name, BeforeSuffix)
		}
	case ReadMeta:
		if n.Per != PerNone {
			refuse("leave out per: peildatum", "%s runs per peildatum but reads meta.%s, which does not", n.Name, r.Name)
		}
		if r.Name == Findings && n.Model.Schema != "marts" {
			refuse("findings exist after the checks; read them in a mart", "%s reads meta.%s before the checks have run", n.Name, r.Name)
		}
	case ReadRaw, ReadRef, ReadYear:
	}
}

// describe binds a query and returns its columns, or the error of DuckDB.
func (b *Binder) describe(ctx context.Context, n *Query) ([]duck.Column, *bindFault, error) {
	columns, err := b.Session.Describe(ctx, n.Text)
	var derr *duck.Error
	if errors.As(err, &derr) {
		fault := b.improve(n, bindError(derr))
		return nil, &fault, nil
	}
	return columns, nil, err
}

// A bindFault is an error of DuckDB in parts.
type bindFault struct {
	Message string
	hint    string
	at      int
}

// bindError parses an error that DuckDB returned as JSON.
func bindError(err error) bindFault {
	f := bindFault{Message: err.Error(), at: -1}
	var e struct {
		Message    string `json:"exception_message"`
		Position   string `json:"position"`
		Candidates string `json:"candidates"`
	}
	i := strings.IndexByte(f.Message, '{')
	if i < 0 || json.Unmarshal([]byte(f.Message[i:]), &e) != nil || e.Message == "" {
		return f
	}
	if p, err := strconv.Atoi(e.Position); err == nil {
		f.at = p - len(duck.DescribePrefix)
	}
	message, rest, _ := strings.Cut(e.Message, "\n")
	f.Message = strings.TrimSuffix(message, "!")
	f.hint = strings.Join(strings.Fields(rest), " ")
	if e.Candidates != "" {
		f.hint = "known: " + strings.ReplaceAll(e.Candidates, ",", ", ")
	}
	return f
}

// Open binds a project and returns its faults as the error.
func Open(ctx context.Context, p *project.Project) (*Graph, error) {
	g, faults, err := Bind(ctx, p)
	if err == nil && len(faults) > 0 {
		err = faults
	}
	return g, err
}
