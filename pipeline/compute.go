package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/project"
	"inbeeld/sql"
)

// compute runs the stages that need DuckDB: transform, audit and publish.
func (r *runner) compute(ctx context.Context) (err error) {
	if r.bound == nil {
		if err := r.bind(ctx); err != nil {
			return err
		}
	}
	for {
		err := r.attempt(ctx)
		var damaged *damagedError
		if !errors.As(err, &damaged) {
			return err
		}
		r.note("bewaard resultaat is beschadigd en wordt opnieuw berekend: %s", damaged.path)
		if err := os.Remove(damaged.path); err != nil {
			return fmt.Errorf("remove a damaged result: %w", err)
		}
	}
}

// attempt is one go at the stages that need DuckDB. A damagedError asks for another, without the
// damaged file.
func (r *runner) attempt(ctx context.Context) error {
	return r.withDatabase(ctx, r.settings(), func(c *computing) error {
		c.staged = filepath.Join(r.work, "version")
		if err := os.RemoveAll(c.staged); err != nil {
			return err
		}
		if len(r.Select) > 0 {
			return r.stage(ctx, "transform", c.selected)
		}
		if err := r.stage(ctx, "transform", c.transform); err != nil {
			return err
		}
		if err := r.stage(ctx, "audit", c.audit); err != nil {
			return err
		}
		if r.pin != nil && r.aside() == "" {
			return errHeld
		}
		return r.stage(ctx, "publish", c.publish)
	})
}

// withDatabase does something with an open database on what is known now.
func (r *runner) withDatabase(ctx context.Context, settings duck.Settings, do func(*computing) error) (err error) {
	r.ground = newGround(r.Data, r.bound, r.fold(), r.loads, r.Fresh)
	db, err := duck.Open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := &computing{runner: r, trusted: &trusted{paths: map[string]bool{}}}
	defer func() {
		for _, w := range c.workers {
			err = errors.Join(err, w.session.Close())
		}
	}()
	if err := c.open(ctx, db); err != nil {
		return err
	}
	return do(c)
}

// computing is the part of a run that has an open database.
type computing struct {
	*runner
	workers []*worker
	meta    map[string][]map[string]any
	files   []mart.File
	staged  string
	trusted *trusted
}

// open fills the tables that all workers share and gives each worker its catalog.
func (c *computing) open(ctx context.Context, db *duck.Instance) (err error) {
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Exec(ctx, "create schema memory.ref; create schema memory.meta"); err != nil {
		return err
	}
	if err := graph.FillReference(ctx, session, c.bound.References); err != nil {
		return err
	}
	if err := c.registerLeak(ctx, session); err != nil {
		return err
	}
	c.meta = c.ground.metaRows(c.known())
	if err := session.Exec(ctx, "create table memory.meta.bevindingen_alle as "+graph.Empty(graph.MetaTables[graph.Findings])+"; create view memory."+sql.Table("meta", graph.Findings)+" as from memory.meta.bevindingen_alle"); err != nil {
		return err
	}
	for name, rows := range c.meta {
		if err := c.fill(ctx, session, name, rows); err != nil {
			return err
		}
	}
	for i := range c.Threads {
		w, err := newWorker(ctx, db, c.ground, i, c.trusted)
		if err != nil {
			return err
		}
		c.workers = append(c.workers, w)
	}
	return nil
}

// fill makes a meta table and notes its fingerprint.
func (c *computing) fill(ctx context.Context, s *duck.Session, name string, rows []map[string]any) error {
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

// transform computes what the marts and checks need, but for what is made of findings.
func (c *computing) transform(ctx context.Context, counts map[string]int64) error {
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
func (c *computing) runSteps(ctx context.Context, counts map[string]int64) error {
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
			if err := c.workers[worker].run(ctx, s, c.work); err != nil {
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

// audit judges, computes what is made of findings, and writes and verifies the files of the version.
func (c *computing) audit(ctx context.Context, counts map[string]int64) error {
	session := c.workers[0].session
	if err := c.fillFindings(ctx, session); err != nil {
		return err
	}
	c.ground.demand(true)
	if err := c.runSteps(ctx, counts); err != nil {
		return err
	}
	if err := c.record(ctx, session, counts); err != nil {
		return err
	}
	if len(c.result.Blocks) > 0 {
		return errBlocked
	}
	if err := os.MkdirAll(c.staged, 0o700); err != nil {
		return err
	}
	version, old, err := c.store.Current()
	if err != nil {
		return err
	}
	marts := c.publishing()
	c.files = make([]mart.File, len(marts))
	var tasks []*parallel.Task
	var done atomic.Int64
	for i, n := range marts {
		tasks = append(tasks, &parallel.Task{Name: n.Name, Run: func(ctx context.Context, worker int) (err error) {
			c.files[i], err = c.workers[worker].martFile(ctx, n, c.staged, filepath.Join(c.store.Dir, "versions", version), old)
			if err == nil && c.CSV && !n.Model.Intern {
				c.files[i].Twin, err = c.workers[worker].twin(ctx, c.files[i], c.staged)
			}
			c.progress("audit", int(done.Add(1)), len(marts))
			return err
		}})
	}
	counts["marts"] = int64(len(marts))
	if err := parallel.Run(ctx, len(c.workers), tasks); err != nil {
		return err
	}
	if err := c.leaks(ctx); err != nil {
		return err
	}
	if len(c.result.Blocks) > 0 {
		return errBlocked
	}
	if c.aside() != "" || c.pin != nil || old == nil {
		return nil
	}
	return c.gate(ctx, old, counts)
}

// manifest says what the version is made from.
func (c *computing) manifest() mart.Manifest {
	m := mart.Manifest{
		Run: c.run.ID, Published: c.Now(), Inputs: c.inputs, Engine: fingerprint.Program, Files: c.files, Checks: c.run.Checks,
		Peildata: map[string]string{}, Deliveries: []mart.Delivery{}, Definitions: map[string]string{},
	}
	for _, n := range c.publishing() {
		maps.Copy(m.Definitions, n.Basis)
	}
	for _, s := range c.project.Contracts {
		for _, p := range c.ground.state.Peildata(s.Name) {
			m.Peildata[s.Name] = p
			if d, ok := c.ground.state.InForce(s.Name, p); ok {
				m.Deliveries = append(m.Deliveries, mart.Delivery{Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, SHA256: d.SHA256, File: d.Newest().File})
			}
		}
	}
	return m
}

// publish makes the version current, then the warehouse, and takes away what is no longer needed.
func (c *computing) publish(ctx context.Context, counts map[string]int64) error {
	m, err := mart.Stage(c.staged, c.manifest(), mart.Dataset{Name: "inbeeld", Title: c.project.Config.Title, Description: c.project.Config.Description})
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		counts["rows"] += f.Rows
	}
	if c.Out != "" {
		return export(c.staged, c.Out)
	}
	c.at("staged")
	warehouse := filepath.Join(c.work, "warehouse.duckdb")
	if err := c.workers[0].warehouse(ctx, warehouse, c.staged, m.Files); err != nil {
		return err
	}
	c.at("warehouse")
	if err := c.store.Publish(ctx, c.staged, c.run.ID, c.modes); err != nil {
		return err
	}
	c.at("switched")
	c.run.Version = c.run.ID
	c.wrote("marts", warehouse)
	for _, f := range m.Files {
		c.wroteNew("marts", filepath.Join(c.store.Dir, "versions", c.run.ID, filepath.FromSlash(f.Path)))
	}
	if err := publishWarehouse(warehouse, c.Data, c.modes); err != nil {
		return err
	}
	c.at("warehouse published")
	if err := c.store.Prune(cmp.Or(c.KeepVersions, project.KeepVersions)); err != nil {
		return err
	}
	if err := c.compact(ctx, counts); err != nil {
		return err
	}
	if err := c.ground.sweep(c.Data); err != nil {
		return err
	}
	return c.remember()
}
