package inspect

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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

// A Shell is a database in memory in which the tables of a project stand as its models see them on one
// peildatum. Whatever is done in it, nothing of the data directory changes.
type Shell struct {
	// Peildatum that the tables are about.
	Peildatum string
	// Notes say what is not as a run would see it.
	Notes []string

	db      *duck.Instance
	session *duck.Session
}

// OpenShell opens a shell on a peildatum, or on the last one when it is "". Deliveries are raw.<source>,
// per-peildatum models are views of their SQL, so that they can be read, run and changed as they
// stand; other models are their last result.
func OpenShell(ctx context.Context, o intake.Scope) (_ *Shell, err error) {
	r, err := o.Open()
	if err != nil {
		return nil, err
	}
	bound, err := graph.Open(ctx, r.Project)
	if err != nil {
		return nil, err
	}
	g := transform.NewResolver(o.Path, bound, r.State(), r.Loads, false)
	s := &Shell{Peildatum: o.Peildatum}
	if s.Peildatum == "" {
		s.Peildatum = g.Last()
	}
	if _, err := time.Parse(time.DateOnly, s.Peildatum); err != nil {
		if s.Peildatum == "" {
			return nil, usage.Errorf("nothing was accepted yet in %s, so there is no peildatum", o.Path)
		}
		return nil, usage.Errorf("peildatum %q is no date; write it as 2020-12-31", s.Peildatum)
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
	if err := s.fill(ctx, r, g); err != nil {
		return s, err
	}
	return s, datadir.Record(o.Dir, "shell", datadir.PurposeLook, nil)
}

// fill makes the tables and views.
func (s *Shell) fill(ctx context.Context, r *intake.Book, g *transform.Resolver) error {
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
		seen := []graph.Read{{Kind: graph.ReadRaw, Name: c.Name}, {Kind: graph.ReadModel, Name: "quarantine." + c.Name}}
		for _, name := range []string{"raw." + c.Name, "quarantine." + c.Name} {
			seen = append(seen, graph.Read{Kind: graph.ReadBefore, Name: name}, graph.Read{Kind: graph.ReadYear, Name: name})
		}
		for _, one := range seen {
			res := g.Resolve(&graph.Query{Peildata: []string{c.Name}}, one, s.Peildatum)
			statements = append(statements, "create view "+quote.Table(res.Schema, res.Table)+" as "+g.From(res))
		}
	}
	store := mart.Store{Dir: filepath.Join(r.Path, "marts")}
	_, m, err := store.Current()
	if err != nil {
		return err
	}
	version := ""
	if m != nil {
		version = filepath.Join(store.Dir, "versions", m.Run)
	}
	if err := g.FingerprintMeta(g.MetaRows(r.InScope())); err != nil {
		return err
	}
	for name, columns := range graph.MetaTables {
		from := graph.Empty(columns)
		statements = append(statements, "create view "+quote.Table("meta", name)+" as "+from)
	}
	s.Notes = append(s.Notes, "meta.* is empty here; marts made from it are as published")
	for _, n := range g.Bound.Order {
		from := n.Text
		published := ""
		if m != nil {
			for _, f := range m.Files {
				if "marts."+f.Mart == n.Name {
					published = filepath.Join(version, filepath.FromSlash(f.Path))
				}
			}
		}
		switch {
		case n.Per == graph.PerNone && !n.Constant() && published != "":
			from = "select " + graph.Names(n.Columns) + " from read_parquet(" + quote.Literal(published) + ")"
		case n.Per == graph.PerNone && !n.Constant():
			if at, ok := g.Store(n).Find(g.Fingerprint(n, "")); ok {
				from = transform.Union([]transform.Part{{Step: &transform.Step{At: at}}}, n.Columns)
				break
			}
			s.Notes = append(s.Notes, n.Name+" sees one peildatum here, all of them in a run")
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

// Run runs one statement and gives its result as text; columns are nil for one that has none.
func (s *Shell) Run(ctx context.Context, statement string) (columns []string, rows [][]*string, err error) {
	return s.session.Table(ctx, statement)
}

// Tables names what can be read.
func (s *Shell) Tables(ctx context.Context) ([]string, error) {
	rows, err := s.session.Rows(ctx, "select schema_name || '.' || name from (select schema_name, view_name as name from duckdb_views() where not internal "+
		"union all select schema_name, table_name from duckdb_tables()) where not regexp_matches(name, '__(vorige|jaar)$') order by 1")
	var names []string
	for _, r := range rows {
		names = append(names, *r[0])
	}
	return names, err
}

// Close frees the memory.
func (s *Shell) Close() error {
	var err error
	if s.session != nil {
		err = s.session.Close()
	}
	return errors.Join(err, s.db.Close())
}
