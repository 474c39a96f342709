package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/sql/quote"
)

// An Engine computes the results that a publication or a verdict needs, in a database in memory. Open
// opens one; Close must follow.
type Engine struct {
	*datadir.Journal
	Book     *intake.Book
	Graph    *graph.Graph
	db       *duck.Instance
	Resolver *Resolver
	workers  []*worker
	meta     map[string][]map[string]any
	verified *verifiedFiles
}

// Options configure an Engine.
type Options struct {
	Settings duck.Settings
	// Fresh ignores stored results.
	Fresh bool
	// Prepare, if set, is called with the first session, to register functions.
	Prepare func(context.Context, *duck.Session) error
}

// Open opens an engine on the deliveries and decisions that b has read.
func Open(ctx context.Context, j *datadir.Journal, b *intake.Book, g *graph.Graph, o Options) (_ *Engine, err error) {
	db, err := duck.Open(ctx, o.Settings)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		Journal: j, Book: b, Graph: g, db: db,
		Resolver: NewResolver(b.Path, g, b.State(), b.Loads, o.Fresh), verified: &verifiedFiles{},
	}
	if err := e.open(ctx, db, o.Prepare); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close ends the sessions and frees the memory.
func (e *Engine) Close() error {
	var err error
	for _, w := range e.workers {
		err = errors.Join(err, w.session.Close())
	}
	return errors.Join(err, e.db.Close())
}

// Judge derives the findings from the verdicts that Transform computed, then computes the marts that
// read them.
func (e *Engine) Judge(ctx context.Context, counts map[string]int64) error {
	if err := e.fillFindings(ctx, e.Session(0)); err != nil {
		return err
	}
	e.Resolver.PlanSteps(true)
	return e.runSteps(ctx, counts)
}

// Session returns the session of worker i.
func (e *Engine) Session(i int) *duck.Session { return e.workers[i].session }

// Workers returns the number of workers.
func (e *Engine) Workers() int { return len(e.workers) }

// Rows verifies the files of a query and returns a SELECT of all its rows.
func (e *Engine) Rows(n *graph.Query) (string, error) {
	parts := e.Resolver.parts(n)
	if err := e.verified.check(files(parts)); err != nil {
		return "", err
	}
	return Union(parts, n.Columns), nil
}

// LastRows returns a SELECT of the rows of the last stand of a query.
func (e *Engine) LastRows(n *graph.Query) string { return Union(e.Resolver.lastStand(n), n.Columns) }

// Fingerprint returns the fingerprint of all rows of a query.
func (e *Engine) Fingerprint(n *graph.Query) string { return e.Resolver.unionFingerprint(n) }

// Stands returns the peildata of a query.
func (e *Engine) Stands(n *graph.Query) []string { return e.Resolver.Stands(n) }

// open fills the tables that all workers share and gives each worker its catalog.
func (e *Engine) open(ctx context.Context, db *duck.Instance, prepare func(context.Context, *duck.Session) error) (err error) {
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Exec(ctx, "create schema memory.ref; create schema memory.meta"); err != nil {
		return err
	}
	if err := graph.FillReference(ctx, session, e.Graph.References); err != nil {
		return err
	}
	if prepare != nil {
		if err := prepare(ctx, session); err != nil {
			return err
		}
	}
	e.meta = e.Resolver.MetaRows(e.Book.InScope())
	if err := session.Exec(ctx, "create table memory.meta.bevindingen_alle as "+graph.Empty(graph.MetaTables[graph.Findings])+"; create view memory."+quote.Table("meta", graph.Findings)+" as from memory.meta.bevindingen_alle"); err != nil {
		return err
	}
	for name, rows := range e.meta {
		if err := e.fill(ctx, session, name, rows); err != nil {
			return err
		}
	}
	for i := range cmp.Or(e.Threads, runtime.NumCPU()) {
		w, err := newWorker(ctx, db, e.Resolver, i, e.verified)
		if err != nil {
			return err
		}
		e.workers = append(e.workers, w)
	}
	return nil
}

// fill creates a meta table and records its fingerprint.
func (e *Engine) fill(ctx context.Context, s *duck.Session, name string, rows []map[string]any) error {
	if err := e.Resolver.fingerprintMeta(name, rows); err != nil {
		return fmt.Errorf("fill meta.%s: %w", name, err)
	}
	query, err := fromRows(rows, graph.MetaTables[name])
	if err == nil {
		err = s.Exec(ctx, "create or replace table memory."+quote.Table("meta", name)+" as "+query)
	}
	if err != nil {
		return fmt.Errorf("fill meta.%s: %w", name, err)
	}
	return nil
}

// Transform computes what marts and checks need, except models that read the findings.
func (e *Engine) Transform(ctx context.Context, counts map[string]int64) error {
	e.Resolver.PlanSteps(false)
	return e.runSteps(ctx, counts)
}

// PlanSteps works out the steps that marts and checks need: those of models that read the findings, or
// all others.
func (r *Resolver) PlanSteps(ofFindings bool) {
	for _, n := range r.Bound.Order {
		switch {
		case slices.Contains(n.Meta, graph.Findings) != ofFindings:
		case n.Model.Schema == "marts":
			r.parts(n)
		case n.Model.Schema == "core":
			r.lastStand(n) // the warehouse holds it
		}
	}
	for _, n := range r.Bound.Checks {
		if !ofFindings {
			r.parts(n)
		}
	}
}

// lastStand returns the last result of a query, or nil if it has no peildata.
func (r *Resolver) lastStand(n *graph.Query) []Part {
	dates := r.Stands(n)
	if len(dates) == 0 {
		return nil
	}
	return []Part{{Step: r.step(n, dates[len(dates)-1])}}
}

// runSteps computes every planned step without a result.
func (e *Engine) runSteps(ctx context.Context, counts map[string]int64) error {
	if e.Resolver.Err != nil {
		return e.Resolver.Err
	}
	for _, path := range e.Resolver.unreadable() {
		e.Note("de lijst bij een bewaard jaar ontbreekt of is beschadigd; wat eruit nodig is wordt opnieuw berekend: %s", path)
	}
	tasks := map[*Step]*parallel.Task{}
	var list []*parallel.Task
	var done atomic.Int64
	for _, s := range e.Resolver.Order {
		if s.Done() {
			counts["reused"]++
			continue
		}
		t := &parallel.Task{Name: s.Node.Name + " " + s.Peildatum}
		t.Run = func(ctx context.Context, i int) error {
			if err := e.workers[i].run(ctx, s, e.Work); err != nil {
				return err
			}
			e.Wrote("stand", s.At.path)
			e.Log.Debug().Str("step", s.Node.Name).Str("peildatum", s.Peildatum).Msg("computed")
			e.Advance("transform", int(done.Add(1)), len(list))
			return nil
		}
		for _, r := range s.reads {
			for _, p := range r.parts {
				if before, ok := tasks[p.Step]; ok {
					t.After = append(t.After, before)
				}
			}
		}
		tasks[s] = t
		list = append(list, t)
	}
	counts["computed"] += int64(len(list))
	return parallel.Run(ctx, len(e.workers), list)
}

// Selected is a model that a run with selectors computed.
type Selected struct {
	Model  string `json:"model"`
	Stands int    `json:"stands"`
	Rows   int64  `json:"rows"`
}

// Selected computes the selected models on all their peildata and counts their rows.
func (e *Engine) Selected(ctx context.Context, selectors []string, counts map[string]int64) ([]Selected, error) {
	chosen, err := e.Graph.Select(selectors)
	if err != nil {
		return nil, err
	}
	for _, n := range chosen {
		e.Resolver.parts(n)
	}
	if err := e.runSteps(ctx, counts); err != nil {
		return nil, err
	}
	var all []Selected
	for _, n := range chosen {
		rows, err := e.Rows(n)
		if err != nil {
			return nil, err
		}
		row, err := e.Session(0).Row(ctx, "select count(*)::varchar from ("+rows+")")
		if err != nil {
			return nil, err
		}
		all = append(all, Selected{Model: n.Name, Stands: len(e.Stands(n)), Rows: duck.Number(row[0])})
	}
	return all, nil
}

// CleanUp bundles closed years, removes results that this publication does not use, and records what
// it was computed with.
func (e *Engine) CleanUp(ctx context.Context, counts map[string]int64) error {
	if err := e.compact(ctx, counts); err != nil {
		return err
	}
	if err := e.Resolver.sweep(e.Path); err != nil {
		return err
	}
	return e.writeMemory()
}
