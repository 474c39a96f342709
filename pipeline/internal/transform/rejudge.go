package transform

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sql/quote"
)

// JudgeAgain fills memory.meta.bevindingen_alle with the findings of rules on their last peildata and the
// one before, or on all if last is 0. It reads stored verdicts and computes the others in memory.
func (e *Engine) JudgeAgain(ctx context.Context, rules []rule.Rule, last int) error {
	if err := e.checkLoaded(); err != nil {
		return err
	}
	var ids []string
	for _, rule := range rules {
		ids = append(ids, quote.Literal(rule.ID()))
	}
	var all []Part
	for _, n := range e.Graph.Checks {
		if slices.ContainsFunc(rules, func(r rule.Rule) bool { return slices.Contains(n.Check.Query.Checks, r.ID()) }) {
			all = append(all, e.Resolver.recent(n, last)...)
		}
	}
	if e.Resolver.Err != nil {
		return e.Resolver.Err
	}
	if err := e.checkComputed(); err != nil {
		return err
	}
	verdicts := "memory." + quote.Table("meta", "oordelen")
	session := e.workers[0].session
	if err := session.Exec(ctx, "create table "+verdicts+" as "+graph.Empty(graph.VerdictColumns)); err != nil {
		return err
	}
	var tasks []*parallel.Task
	for _, s := range e.Resolver.Order {
		if s.Done() {
			continue
		}
		tasks = append(tasks, &parallel.Task{Name: s.Node.Name + " " + s.Peildatum, Run: func(ctx context.Context, i int) error {
			w := e.workers[i]
			if err := w.createViews(ctx, s); err != nil {
				return err
			}
			query, err := w.judge(ctx, s)
			if err != nil {
				return err
			}
			return w.session.Exec(ctx, "insert into "+verdicts+" "+query)
		}})
	}
	if err := parallel.Run(ctx, len(e.workers), tasks); err != nil {
		return err
	}
	stored := slices.DeleteFunc(all, func(p Part) bool { return p.Bundle == "" && !p.Step.Done() })
	if err := e.verified.check(files(stored)); err != nil {
		return err
	}
	chosen := "false"
	if len(ids) > 0 {
		chosen = `"check" in (` + strings.Join(ids, ", ") + ")"
	}
	return putFindings(ctx, session, "select * from ("+Union(stored, graph.VerdictColumns)+" union all select "+graph.Names(graph.VerdictColumns)+" from "+verdicts+") where "+chosen)
}

// recent returns the results of a query on its last peildata and the one before, or all if last is 0.
func (r *Resolver) recent(n *graph.Query, last int) []Part {
	dates := r.Stands(n)
	if last == 0 || len(dates) <= last+1 {
		return r.parts(n)
	}
	var some []Part
	for _, p := range dates[len(dates)-last-1:] {
		some = append(some, Part{Step: r.step(n, p)})
	}
	return some
}

// checkLoaded reports a delivery that a run would load again because its contract changed.
func (e *Engine) checkLoaded() error {
	for _, d := range e.Book.InScope() {
		load := e.Book.Loads[lake.Key(d.Source, d.ID)]
		if load == nil || load.Contract == e.Book.Project.Contract(d.Source).Fingerprint() && load.Loader == fingerprint.LoaderVersion {
			continue
		}
		if _, err := os.Stat(d.Original(e.Path)); err == nil {
			return usage.Errorf("the contract of %s changed since %s was loaded; run first: inbeeld run --data %s", d.Source, d.ID, e.Path)
		}
	}
	return nil
}

// checkComputed reports models that checks read and that have no result yet.
func (e *Engine) checkComputed() error {
	var missing []*Step
	for _, s := range e.Resolver.Order {
		if !s.Done() && s.Node.Check == nil {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	what := missing[0].String()
	if len(missing) > 1 {
		what += fmt.Sprintf(" and %d more", len(missing)-1)
	}
	return usage.Errorf("not computed yet for the current models and deliveries: %s; run first, or wait for the current run: inbeeld run --data %s", what, e.Path)
}

// Overtaken reports whether a run has removed stored results since they were resolved.
func (r *Resolver) Overtaken() bool {
	for _, s := range r.Order {
		if s.Done() && !durable.Exists(s.At.path) {
			return true
		}
	}
	for _, all := range r.All {
		for _, p := range all {
			if p.Bundle != "" && !durable.Exists(p.Bundle) {
				return true
			}
		}
	}
	return false
}
