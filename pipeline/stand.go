package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources"
	"inbeeld/sql"
)

// engineVersion changes whenever the same models and deliveries would give other results.
const engineVersion = "1"

// A step is one query on one peildatum (or on all, for queries that do not run per peildatum), with
// the place of its result. Results are kept by content: the fingerprint is over the query and all it
// reads.
type step struct {
	node      *node
	peildatum string // "" when the query does not run per peildatum
	print     string
	path      string // of the result
	done      bool   // the result was there already
	reads     []resolved
}

// resolved is a read of a step with what it stands for.
type resolved struct {
	read
	schema, table string
	delivery      *sources.Delivery // raw: nil when none is in force
	steps         []*step           // model: one, or all stands for a query that sees the union
	columns       []duck.Column
}

type stepKey struct{ node, peildatum string }

// A ground is what a night stands on: the state of deliveries, a bound project and the meta tables.
// It works out which steps a publication needs; it runs nothing.
type ground struct {
	data  string
	bound *Bound
	state sources.State
	loads map[string]*Load  // by delivery id with source: loadKey
	meta  map[string]string // fingerprints of the meta tables
	steps map[stepKey]*step
	order []*step // each after what it reads
}

func loadKey(source, delivery string) string { return source + "/" + delivery }

// peildata are the dates on which a query over these sources has a stand: those on which one of them
// had an accepted delivery, from the first date on which all have one.
func (g *ground) peildata(srcs []string) []string {
	var dates []string
	from := ""
	for _, s := range srcs {
		own := g.state.Peildata(s)
		if len(own) == 0 {
			return nil
		}
		from = max(from, own[0])
		dates = append(dates, own...)
	}
	slices.Sort(dates)
	dates = slices.Compact(dates)
	return dates[max(0, slices.Index(dates, from)):]
}

// last is the last peildatum of all sources, "" when nothing was accepted yet.
func (g *ground) last() string {
	last := ""
	for _, c := range g.bound.Contracts {
		if own := g.state.Peildata(c.Name); len(own) > 0 {
			last = max(last, own[len(own)-1])
		}
	}
	return last
}

// stands gives the steps of a query: one for each of its peildata, or the one it has.
func (g *ground) stands(n *node) []*step {
	if !n.per {
		return []*step{g.step(n, "")}
	}
	var steps []*step
	for _, p := range g.peildata(n.sources) {
		steps = append(steps, g.step(n, p))
	}
	return steps
}

// step works out one step and all it rests on, once.
func (g *ground) step(n *node, peildatum string) *step {
	key := stepKey{n.name, peildatum}
	if s, ok := g.steps[key]; ok {
		return s
	}
	s := &step{node: n, peildatum: peildatum}
	parts := []string{"stand", engineVersion, n.name, n.print, peildatum}
	for _, r := range n.reads {
		res := g.resolve(n, r, peildatum)
		s.reads = append(s.reads, res)
		parts = append(parts, fmt.Sprint(r.kind), r.name)
		switch {
		case r.kind == readRaw && res.delivery != nil:
			parts = append(parts, g.loads[loadKey(res.delivery.Source, res.delivery.ID)].Fingerprint)
		case r.kind == readRef:
			parts = append(parts, g.reference(r.name).Fingerprint())
		case r.kind == readMeta:
			parts = append(parts, g.meta[r.name])
		default:
			for _, of := range res.steps {
				parts = append(parts, of.peildatum, of.print)
			}
		}
	}
	s.print = digest(parts...)
	ext := ".parquet"
	if n.checking != nil {
		ext = ".json"
	}
	s.path = filepath.Join(g.data, "stand", n.name, s.print[:32]+ext)
	_, err := os.Stat(s.path)
	s.done = err == nil
	g.steps[key] = s
	g.order = append(g.order, s)
	return s
}

func (g *ground) resolve(n *node, r read, peildatum string) resolved {
	schema, table, _ := strings.Cut(r.name, ".")
	res := resolved{read: r, schema: schema, table: table}
	switch r.kind {
	case readRaw:
		res.schema, res.table = "raw", r.name
		res.columns = rawColumns(g.bound.Contract(r.name))
		on := peildatum
		if on == "" {
			on = "9999-12-31"
		}
		if d, ok := g.state.InForceOn(r.name, on); ok {
			res.delivery = &d
		}
	case readRef:
		res.schema, res.table = "ref", r.name
	case readMeta:
		res.schema, res.table = "meta", r.name
	case readBefore:
		of := g.bound.nodes[r.name]
		res.table, res.columns = table+beforeSuffix, of.columns
		dates := g.peildata(n.sources)
		if i, _ := slices.BinarySearch(dates, peildatum); i > 0 {
			res.steps = []*step{g.step(of, dates[i-1])}
		}
	case readModel:
		of := g.bound.nodes[r.name]
		res.columns = of.columns
		if n.per && of.per {
			res.steps = []*step{g.step(of, peildatum)}
		} else {
			res.steps = g.stands(of)
		}
	}
	return res
}

func (g *ground) reference(name string) *sources.Reference {
	for _, r := range g.bound.References {
		if r.Name == name {
			return r
		}
	}
	panic("a reference table that was bound is gone: " + name)
}

// A worker runs steps in a catalog of its own, so that the views of one peildatum are not seen on
// another.
type worker struct {
	ground  *ground
	session *duck.Session
}

// newWorker makes the catalog with its schemas and the tables that are the same for all steps.
func newWorker(ctx context.Context, db *duck.Instance, g *ground, number int) (*worker, error) {
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	catalog := fmt.Sprintf("werker%d", number)
	statements := []string{"attach ':memory:' as " + catalog, "use " + catalog}
	for _, schema := range g.bound.schemasOf() {
		statements = append(statements, "create schema if not exists "+sql.Ident(schema))
	}
	for _, r := range g.bound.References {
		statements = append(statements, "create view "+sql.Table("ref", r.Name)+" as select * from memory."+sql.Table("ref", r.Name))
	}
	for name := range metaTables {
		statements = append(statements, "create view "+sql.Table("meta", name)+" as select * from memory."+sql.Table("meta", name))
	}
	if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return nil, fmt.Errorf("prepare a catalog for the models: %w", err)
	}
	return &worker{ground: g, session: session}, nil
}

// see makes the views through which a step reads.
func (w *worker) see(ctx context.Context, s *step) error {
	var statements []string
	if s.peildatum != "" {
		statements = append(statements, "set variable peildatum = date "+sql.Literal(s.peildatum))
	}
	for _, r := range s.reads {
		if from := w.ground.from(r); from != "" {
			statements = append(statements, "create or replace view "+sql.Table(r.schema, r.table)+" as "+from)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return w.session.Exec(ctx, strings.Join(statements, ";\n"))
}

// from is the SELECT behind a table that a step reads; "" for those that are always there.
func (g *ground) from(r resolved) string {
	switch r.kind {
	case readRef, readMeta:
		return ""
	case readRaw:
		if r.delivery == nil {
			return empty(r.columns)
		}
		names := make([]string, len(r.columns))
		for i, c := range r.columns {
			names[i] = c.Name
		}
		return "select " + sql.List(names) + " from read_parquet(" + sql.Literal(lakePath(g.data, r.delivery.Source, r.delivery.ID, ".parquet")) + ")"
	case readModel, readBefore:
	}
	return union(r.steps, r.columns)
}

// union is a SELECT of all rows of the results of steps.
func union(steps []*step, columns []duck.Column) string {
	if len(steps) == 0 {
		return empty(columns)
	}
	paths := make([]string, len(steps))
	for i, s := range steps {
		paths[i] = sql.Literal(s.path)
	}
	return "select * from read_parquet([" + strings.Join(paths, ", ") + "])"
}

func empty(columns []duck.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "null::" + c.Type + " as " + sql.Ident(c.Name)
	}
	return "select " + strings.Join(list, ", ") + " where false"
}

// run computes the result of a step, aside, and puts it in its place.
func (w *worker) run(ctx context.Context, s *step, scratch string) error {
	if err := w.compute(ctx, s, scratch); err != nil {
		on := ""
		if s.peildatum != "" {
			on = " on " + s.peildatum
		}
		return fmt.Errorf("%s%s: %w", s.node.name, on, err)
	}
	return nil
}

func (w *worker) compute(ctx context.Context, s *step, scratch string) error {
	if err := w.see(ctx, s); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	tmp := filepath.Join(scratch, s.node.name+"."+s.print[:32]+".tmp")
	if s.node.checking != nil {
		if err := w.measure(ctx, s, tmp); err != nil {
			return err
		}
	} else if err := w.session.Exec(ctx, copyStatement(s.node.text, tmp, map[string]string{"inbeeld.fingerprint": s.print})); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, s.path)
}
