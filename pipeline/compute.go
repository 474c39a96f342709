package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/sql"
)

// An Engine computes the results that a publication or a verdict needs, in a database in memory.
type Engine struct {
	*Journal
	Book    *Book
	Graph   *graph.Graph
	db      *duck.Instance
	ground  *ground
	workers []*worker
	meta    map[string][]map[string]any
	trusted *trusted
}

// EngineOptions say how an engine computes.
type EngineOptions struct {
	Settings duck.Settings
	// Fresh ignores stored results.
	Fresh bool
	// Prepare, if set, is called with the first session, to register functions.
	Prepare func(context.Context, *duck.Session) error
}

// OpenEngine opens an engine on what is known now.
func OpenEngine(ctx context.Context, j *Journal, b *Book, g *graph.Graph, o EngineOptions) (_ *Engine, err error) {
	db, err := duck.Open(ctx, o.Settings)
	if err != nil {
		return nil, err
	}
	c := &Engine{
		Journal: j, Book: b, Graph: g, db: db,
		ground: newGround(b.Path, g, b.fold(), b.Loads, o.Fresh), trusted: &trusted{paths: map[string]bool{}},
	}
	if err := c.open(ctx, db, o.Prepare); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close ends the sessions and frees the memory.
func (c *Engine) Close() error {
	var err error
	for _, w := range c.workers {
		err = errors.Join(err, w.session.Close())
	}
	return errors.Join(err, c.db.Close())
}

// Judge computes the verdicts and what is made of them.
func (c *Engine) Judge(ctx context.Context, counts map[string]int64) error {
	if err := c.fillFindings(ctx, c.Session(0)); err != nil {
		return err
	}
	c.ground.demand(true)
	return c.runSteps(ctx, counts)
}

// Session returns the session of a worker.
func (c *Engine) Session(worker int) *duck.Session { return c.workers[worker].session }

// Workers returns how many workers there are.
func (c *Engine) Workers() int { return len(c.workers) }

// Rows returns a SELECT of all rows of a query, after its files are verified.
func (c *Engine) Rows(n *graph.Query) (string, error) {
	pieces := c.ground.pieces(n)
	if err := c.trusted.check(files(pieces)); err != nil {
		return "", err
	}
	return union(pieces, n.Columns), nil
}

// LastRows returns a SELECT of the rows of the last stand of a query.
func (c *Engine) LastRows(n *graph.Query) string { return union(c.ground.lastStand(n), n.Columns) }

// Fingerprint returns the fingerprint of all rows of a query.
func (c *Engine) Fingerprint(n *graph.Query) string { return c.ground.unionPrint(n) }

// Stands returns the peildata of a query.
func (c *Engine) Stands(n *graph.Query) []string { return c.ground.stands(n) }

// open fills the tables that all workers share and gives each worker its catalog.
func (c *Engine) open(ctx context.Context, db *duck.Instance, prepare func(context.Context, *duck.Session) error) (err error) {
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Exec(ctx, "create schema memory.ref; create schema memory.meta"); err != nil {
		return err
	}
	if err := graph.FillReference(ctx, session, c.Graph.References); err != nil {
		return err
	}
	if prepare != nil {
		if err := prepare(ctx, session); err != nil {
			return err
		}
	}
	c.meta = c.ground.metaRows(c.Book.known())
	if err := session.Exec(ctx, "create table memory.meta.bevindingen_alle as "+graph.Empty(graph.MetaTables[graph.Findings])+"; create view memory."+sql.Table("meta", graph.Findings)+" as from memory.meta.bevindingen_alle"); err != nil {
		return err
	}
	for name, rows := range c.meta {
		if err := c.fill(ctx, session, name, rows); err != nil {
			return err
		}
	}
	for i := range cmp.Or(c.Threads, runtime.NumCPU()) {
		w, err := newWorker(ctx, db, c.ground, i, c.trusted)
		if err != nil {
			return err
		}
		c.workers = append(c.workers, w)
	}
	return nil
}

// fill makes a meta table and notes its fingerprint.
func (c *Engine) fill(ctx context.Context, s *duck.Session, name string, rows []map[string]any) error {
	text, err := metaText(rows)
	if err != nil {
		return fmt.Errorf("fill meta.%s: %w", name, err)
	}
	c.ground.meta[name] = fingerprint.Of("meta", name, string(text))
	query, err := fromRows(rows, graph.MetaTables[name])
	if err == nil {
		err = s.Exec(ctx, "create or replace table memory."+sql.Table("meta", name)+" as "+query)
	}
	if err != nil {
		return fmt.Errorf("fill meta.%s: %w", name, err)
	}
	return nil
}

// Transform computes what the marts and checks need, except what is made of findings.
func (c *Engine) Transform(ctx context.Context, counts map[string]int64) error {
	c.ground.demand(false)
	return c.runSteps(ctx, counts)
}

// demand works out the steps that marts and checks need: those made of findings, or all others.
func (g *ground) demand(ofFindings bool) {
	for _, n := range g.bound.Order {
		switch {
		case slices.Contains(n.Meta, graph.Findings) != ofFindings:
		case n.Model.Schema == "marts":
			g.pieces(n)
		case n.Model.Schema == "core":
			g.lastStand(n) // for the warehouse
		}
	}
	for _, n := range g.bound.Checks {
		if !ofFindings {
			g.pieces(n)
		}
	}
}

// lastStand is the last result of a query, nothing when it has none.
func (g *ground) lastStand(n *graph.Query) []piece {
	dates := g.stands(n)
	if len(dates) == 0 {
		return nil
	}
	return []piece{{step: g.step(n, dates[len(dates)-1])}}
}

// runSteps computes every step that has no result yet.
func (c *Engine) runSteps(ctx context.Context, counts map[string]int64) error {
	if c.ground.err != nil {
		return c.ground.err
	}
	for _, path := range c.ground.unreadable() {
		c.note("de lijst bij een bewaard jaar ontbreekt of is beschadigd; wat eruit nodig is wordt opnieuw berekend: %s", path)
	}
	tasks := map[*step]*parallel.Task{}
	var list []*parallel.Task
	var done atomic.Int64
	for _, s := range c.ground.order {
		if s.done() {
			counts["reused"]++
			continue
		}
		t := &parallel.Task{Name: s.node.Name + " " + s.peildatum}
		t.Run = func(ctx context.Context, worker int) error {
			if err := c.workers[worker].run(ctx, s, c.Work); err != nil {
				return err
			}
			c.wrote("stand", s.at.path)
			c.Log.Debug().Str("step", s.node.Name).Str("peildatum", s.peildatum).Msg("computed")
			c.progress("transform", int(done.Add(1)), len(list))
			return nil
		}
		for _, r := range s.reads {
			for _, p := range r.pieces {
				if before, ok := tasks[p.step]; ok {
					t.Wait = append(t.Wait, before)
				}
			}
		}
		tasks[s] = t
		list = append(list, t)
	}
	counts["computed"] += int64(len(list))
	return parallel.Run(ctx, len(c.workers), list)
}

// Selected is a model that a development run computed.
type Selected struct {
	Model  string `json:"model"`
	Stands int    `json:"stands"`
	Rows   int64  `json:"rows"`
}

// Selected computes the chosen models on all their peildata, and counts their rows.
func (c *Engine) Selected(ctx context.Context, selectors []string, counts map[string]int64) ([]Selected, error) {
	chosen, err := c.Graph.Choose(selectors)
	if err != nil {
		return nil, err
	}
	for _, n := range chosen {
		c.ground.pieces(n)
	}
	if err := c.runSteps(ctx, counts); err != nil {
		return nil, err
	}
	var all []Selected
	for _, n := range chosen {
		rows, err := c.Rows(n)
		if err != nil {
			return nil, err
		}
		row, err := c.Session(0).Row(ctx, "select count(*)::varchar from ("+rows+")")
		if err != nil {
			return nil, err
		}
		all = append(all, Selected{Model: n.Name, Stands: len(c.Stands(n)), Rows: duck.Number(row[0])})
	}
	return all, nil
}

// Settle bundles closed years, removes results that nothing in force rests on, and notes what this
// publication was computed with.
func (c *Engine) Settle(ctx context.Context, counts map[string]int64) error {
	if err := c.compact(ctx, counts); err != nil {
		return err
	}
	if err := c.ground.sweep(c.Path); err != nil {
		return err
	}
	return c.remember()
}
