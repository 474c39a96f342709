package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sql/quote"
)

// A Shell answers SELECTs on the tables of a project as its models see them on one peildatum.
//
// It gives no access to files but through those tables. A statement is first bound on empty copies of them in
// a second database, which has no access to files at all; only a statement that binds there is run.
type Shell struct {
	// Peildatum is that of the tables.
	Peildatum string
	// Notes describe how the tables differ from those in a run.
	Notes []string

	dir     datadir.Dir
	db      *duck.Instance
	session *duck.Session
	closed  *duck.Instance // without external access
	binder  *duck.Session
}

// OpenShell opens a shell on a peildatum; "" means the last. Deliveries are raw.<source>. Models that run per
// peildatum are views of their SQL, so that a user can change them; other models are their last result.
func OpenShell(ctx context.Context, o intake.Scope) (_ *Shell, err error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	bound, err := graph.Open(ctx, b.Project)
	if err != nil {
		return nil, err
	}
	g := transform.NewResolver(o.Path, bound, b.State(), b.Loads, false)
	s := &Shell{Peildatum: o.Peildatum, dir: o.Dir}
	if s.Peildatum == "" {
		s.Peildatum = g.Last()
	}
	if _, err := time.Parse(time.DateOnly, s.Peildatum); err != nil {
		if s.Peildatum == "" {
			return nil, usage.Errorf("%s has no accepted delivery yet, so there is no peildatum", o.Path)
		}
		return nil, usage.Errorf("peildatum %q is not a date; write it as 2020-12-31", s.Peildatum)
	}
	if s.db, err = duck.Open(ctx, duck.Settings{MemoryLimit: o.MemoryLimit}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.session, err = s.db.Session(ctx); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, b, g); err != nil {
		return s, err
	}
	return s, s.openBinder(ctx)
}

// openBinder creates the closed database with empty copies of all tables.
func (s *Shell) openBinder(ctx context.Context) (err error) {
	if s.closed, err = duck.Open(ctx, duck.Settings{Closed: true, Threads: 1}); err != nil {
		return err
	}
	if s.binder, err = s.closed.Session(ctx); err != nil {
		return err
	}
	rows, err := s.session.Rows(ctx, "select table_schema, table_name, string_agg('\"' || replace(column_name, '\"', '\"\"') || '\" ' || data_type, ', ' order by ordinal_position) "+
		"from information_schema.columns where table_catalog = 'memory' group by all")
	if err != nil {
		return err
	}
	statements := []string{"set variable peildatum = date " + quote.Literal(s.Peildatum)}
	for _, row := range rows {
		statements = append(statements, "create schema if not exists "+quote.Ident(*row[0]), "create table "+quote.Table(*row[0], *row[1])+" ("+*row[2]+")")
	}
	return s.binder.Exec(ctx, strings.Join(statements, ";\n"))
}

// fill creates the tables and views.
func (s *Shell) fill(ctx context.Context, b *intake.Book, g *transform.Resolver) error {
	statements := []string{"set variable peildatum = date " + quote.Literal(s.Peildatum)}
	for _, schema := range g.Bound.Schemas() {
		statements = append(statements, "create schema if not exists "+quote.Ident(schema))
	}
	if err := s.session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return err
	}
	if err := graph.FillReference(ctx, s.session, g.Bound.References); err != nil {
		return err
	}
	statements = nil
	for _, c := range g.Bound.Contracts {
		reads := []graph.Read{{Kind: graph.ReadRaw, Name: c.Name}, {Kind: graph.ReadModel, Name: "quarantine." + c.Name}}
		for _, name := range []string{"raw." + c.Name, "quarantine." + c.Name} {
			reads = append(reads, graph.Read{Kind: graph.ReadBefore, Name: name}, graph.Read{Kind: graph.ReadYear, Name: name})
		}
		for _, read := range reads {
			res := g.Resolve(&graph.Query{Peildata: []string{c.Name}}, read, s.Peildatum)
			statements = append(statements, "create view "+quote.Table(res.Schema, res.Table)+" as "+g.From(res))
		}
	}
	store := mart.Store{Dir: filepath.Join(b.Path, "marts")}
	_, m, err := store.Current()
	if err != nil {
		return err
	}
	published := map[string]string{} // the file of each mart
	if m != nil {
		for _, f := range m.Files {
			published["marts."+f.Mart] = filepath.Join(store.Dir, "versions", m.Run, filepath.FromSlash(f.Path))
		}
	}
	if err := g.FingerprintMeta(g.MetaRows(b.InScope())); err != nil {
		return err
	}
	for name, columns := range graph.MetaTables {
		statements = append(statements, "create view "+quote.Table("meta", name)+" as "+graph.Empty(columns))
	}
	s.Notes = append(s.Notes, "meta.* is empty here; marts made from it are as published")
	for _, n := range g.Bound.Order {
		from := n.Text
		switch {
		case n.Per == graph.PerNone && !n.Constant() && published[n.Name] != "":
			from = "select " + graph.Names(n.Columns) + " from read_parquet(" + quote.Literal(published[n.Name]) + ")"
		case n.Per == graph.PerNone && !n.Constant():
			if at, ok := g.Store(n).Find(g.Fingerprint(n, "")); ok {
				from = transform.Union([]transform.Part{{Step: &transform.Step{At: at}}}, n.Columns)
				break
			}
			s.Notes = append(s.Notes, n.Name+" reads one peildatum here, but all of them in a run")
		}
		for suffix, year := range map[string]bool{graph.BeforeSuffix: false, graph.YearSuffix: true} {
			earlier := graph.Empty(n.Columns)
			if p := g.Earlier(n, s.Peildatum, year); n.Per == graph.PerPeildatum && p != "" {
				if at, ok := g.Store(n).Find(g.Fingerprint(n, p)); ok {
					earlier = transform.Union([]transform.Part{{Step: &transform.Step{At: at}}}, n.Columns)
				}
			}
			statements = append(statements, "create view "+quote.Table(n.Model.Schema, n.Model.Name+suffix)+" as "+earlier)
		}
		statements = append(statements, "create view "+quote.Table(n.Model.Schema, n.Model.Name)+" as "+from)
	}
	if err := s.session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("open the shell: %w", err)
	}
	return g.Err
}

// Run runs one SELECT and returns its result as text. It records the statement in the processing log, without
// the values in it.
func (s *Shell) Run(ctx context.Context, statement string) (columns []string, rows [][]*string, err error) {
	if some, err := s.check(ctx, statement); err != nil || !some {
		return nil, nil, err
	}
	what := strings.Join(strings.Fields(literals.ReplaceAllString(statement, "…")), " ")
	if err := datadir.Record(s.dir, "shell: "+what, datadir.PurposeLook, nil); err != nil {
		return nil, nil, err
	}
	return s.session.Table(ctx, statement)
}

// literals matches the literals and comments of a statement, which may name persons.
var literals = regexp.MustCompile(`(?s)'(?:[^']|'')*'|\$\w*\$.*?\$\w*\$|--[^\n]*|/\*.*?\*/|\b[0-9][0-9a-f]*\b|\b[0-9a-f]{32}\b`)

// check returns an error unless the statement is one SELECT that reads nothing but the tables of the shell; some
// is false if it has only comments.
func (s *Shell) check(ctx context.Context, statement string) (some bool, err error) {
	row, err := s.binder.Row(ctx, "select json_serialize_sql("+quote.Literal(statement)+"::varchar)::varchar")
	if err != nil {
		return false, err
	}
	var tree struct {
		Error      bool              `json:"error"`
		Type       string            `json:"error_type"`
		Message    string            `json:"error_message"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(*row[0]), &tree); err != nil {
		return false, fmt.Errorf("parse the statement: %w", err)
	}
	switch {
	case tree.Type == "parser":
		return false, usage.Errorf("%s", tree.Message)
	case tree.Error || len(tree.Statements) > 1:
		return false, usage.Errorf("the shell only reads; write a SELECT")
	case len(tree.Statements) == 0:
		return false, nil
	}
	var unbound *duck.Error
	if err = s.binder.Prepare(ctx, statement); errors.As(err, &unbound) && strings.HasPrefix(unbound.Message, "Permission Error") {
		return false, usage.Errorf("the shell reads its own tables only, and no files; list them with .tables")
	}
	return true, err
}

// Tables returns the names of all tables and views.
func (s *Shell) Tables(ctx context.Context) ([]string, error) {
	rows, err := s.session.Rows(ctx, "select schema_name || '.' || name from (select schema_name, view_name as name from duckdb_views() where not internal "+
		"union all select schema_name, table_name from duckdb_tables()) where not regexp_matches(name, '__(vorige|jaar)$') order by 1")
	var names []string
	for _, row := range rows {
		names = append(names, *row[0])
	}
	return names, err
}

// Close closes the database.
func (s *Shell) Close() error {
	var err error
	for _, session := range []*duck.Session{s.session, s.binder} {
		if session != nil {
			err = errors.Join(err, session.Close())
		}
	}
	if s.closed != nil {
		err = errors.Join(err, s.closed.Close())
	}
	return errors.Join(err, s.db.Close())
}

// QueryMarts runs a SELECT over the published marts, as marts.<name>, and returns all values as text. All
// marts are of one version, even if a run publishes meanwhile.
func QueryMarts(ctx context.Context, data, query string) (rows [][]*string, err error) {
	store := mart.Store{Dir: filepath.Join(data, "marts")}
	version, m, err := store.Current()
	if err != nil {
		return nil, err
	}
	if version == "" {
		return nil, errors.New("nothing has been published yet")
	}
	err = inDatabase(ctx, func(s *duck.Session) error {
		if err := s.Exec(ctx, "create schema marts"); err != nil {
			return err
		}
		for _, f := range m.Files {
			path := filepath.Join(store.Dir, "versions", version, filepath.FromSlash(f.Path))
			if err := s.Exec(ctx, "create view "+quote.Table("marts", f.Mart)+" as select * from read_parquet("+quote.Literal(path)+")"); err != nil {
				return fmt.Errorf("read mart %s: %w", f.Mart, err)
			}
		}
		rows, err = s.Rows(ctx, query)
		return err
	})
	return rows, err
}

// inDatabase opens a DuckDB session in memory.
func inDatabase(ctx context.Context, do func(*duck.Session) error) (err error) {
	db, err := duck.Open(ctx, duck.Settings{Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return do(session)
}
