package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sql"
)

// Judged is what the checks say of the last state, without a run.
type Judged struct {
	Checks int `json:"checks"` // how many were judged
	// Findings are those that a run would keep: of the last peildatum of each check, and what blocks.
	Findings []ledger.Finding `json:"findings"`
	Blocks   []string         `json:"blocks,omitempty"` // why a run would not publish
	Alarms   int              `json:"alarms"`
}

// Judge judges the deliveries in force again by the checks of the project as it is now, on every
// peildatum on which a run would. Selectors name checks; none is all. It reads what runs have kept,
// writes nothing and takes no lock: while a run is going it may be overtaken, and then begins again.
func Judge(ctx context.Context, o Scope, selectors []string) (*Judged, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	g, err := bindProject(ctx, b.Project)
	if err != nil {
		return nil, err
	}
	rules, err := g.ChooseRules(selectors)
	if err != nil {
		return nil, err
	}
	ages, err := judgeAges(ctx, b, g)
	if err != nil {
		return nil, err
	}
	late := slices.DeleteFunc(ages.Late, func(f ledger.Finding) bool {
		return !slices.ContainsFunc(rules, func(rule checks.Rule) bool { return rule.ID() == f.Check })
	})
	judged := &Judged{Checks: len(rules)}
	err = rejudge(ctx, b, g, rules, 0, func(ctx context.Context, e *Engine) error {
		res, err := recordFindings(ctx, e, late, map[string]int64{})
		judged.Findings, judged.Blocks, judged.Alarms = res.Findings, res.Blocks, res.Alarms
		return err
	})
	if err != nil {
		return nil, err
	}
	return judged, nil
}

// rejudgings is how often judging begins again when a run took away what it read.
const rejudgings = 3

// rejudge judges rules in memory, on their last peildata or, when last is 0, on all of them, and
// calls use with an engine in which memory.meta.bevindingen_alle holds their findings. The peildatum
// before the last ones is judged too, so that their states are known.
func rejudge(ctx context.Context, b *Book, g *graph.Graph, rules []checks.Rule, last int, use func(context.Context, *Engine) error) error {
	for try := 1; ; try++ {
		overtaken, err := rejudgeOnce(ctx, b, g, rules, last, use)
		var damaged *damagedError
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case try < rejudgings && overtaken:
			if err := b.readDeliveries(); err != nil {
				return err
			}
		case errors.As(err, &damaged):
			return fmt.Errorf("%w; the next run computes it again: inbeeld run --data %s", err, b.Path)
		default:
			return err
		}
	}
}

// rejudgeOnce tells whether a run removed what was read meanwhile.
func rejudgeOnce(ctx context.Context, b *Book, g *graph.Graph, rules []checks.Rule, last int, use func(context.Context, *Engine) error) (overtaken bool, err error) {
	e, err := OpenEngine(ctx, &Journal{Dir: b.Dir, Run: &ledger.Run{}}, b, g, EngineOptions{Settings: duck.Settings{MemoryLimit: b.MemoryLimit, Threads: 1}})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err = e.judgeAll(ctx, rules, last); err == nil {
		err = use(ctx, e)
	}
	return e.ground.overtaken(), err
}

// judgeAll puts the findings of rules together: of kept verdicts, and of those that are made now.
func (c *Engine) judgeAll(ctx context.Context, rules []checks.Rule, last int) error {
	if err := c.asLoaded(); err != nil {
		return err
	}
	var ids []string
	for _, rule := range rules {
		ids = append(ids, sql.Literal(rule.ID()))
	}
	var all []piece
	for _, n := range c.Graph.Checks {
		if slices.ContainsFunc(rules, func(r checks.Rule) bool { return slices.Contains(n.Checking.Query.Checks, r.ID()) }) {
			all = append(all, c.ground.recent(n, last)...)
		}
	}
	if c.ground.err != nil {
		return c.ground.err
	}
	if err := c.computedBelow(); err != nil {
		return err
	}
	verdicts := "memory." + sql.Table("meta", "oordelen")
	session := c.workers[0].session
	if err := session.Exec(ctx, "create table "+verdicts+" as "+graph.Empty(graph.VerdictColumns)); err != nil {
		return err
	}
	var tasks []*parallel.Task
	for _, s := range c.ground.order {
		if s.done() {
			continue
		}
		tasks = append(tasks, &parallel.Task{Name: s.node.Name + " " + s.peildatum, Run: func(ctx context.Context, worker int) error {
			w := c.workers[worker]
			if err := w.see(ctx, s); err != nil {
				return err
			}
			query, err := w.judge(ctx, s)
			if err != nil {
				return err
			}
			return w.session.Exec(ctx, "insert into "+verdicts+" "+query)
		}})
	}
	if err := parallel.Run(ctx, len(c.workers), tasks); err != nil {
		return err
	}
	kept := slices.DeleteFunc(all, func(p piece) bool { return p.bundle == "" && !p.step.done() })
	if err := c.trusted.check(files(kept)); err != nil {
		return err
	}
	chosen := "false"
	if len(ids) > 0 {
		chosen = `"check" in (` + strings.Join(ids, ", ") + ")"
	}
	return putFindings(ctx, session, "select * from ("+union(kept, graph.VerdictColumns)+" union all select "+graph.Names(graph.VerdictColumns)+" from "+verdicts+") where "+chosen)
}

// recent are the results of a query on its last peildata and the one before, or all when last is 0.
func (g *ground) recent(n *graph.Query, last int) []piece {
	dates := g.stands(n)
	if last == 0 || len(dates) <= last+1 {
		return g.pieces(n)
	}
	var some []piece
	for _, p := range dates[len(dates)-last-1:] {
		some = append(some, piece{step: g.step(n, p)})
	}
	return some
}

// asLoaded reports deliveries that a run would load again, because their contract changed.
func (c *Engine) asLoaded() error {
	for _, d := range c.Book.known() {
		load := c.Book.Loads[lake.Key(d.Source, d.ID)]
		if load == nil || load.Contract == c.Book.Project.Contract(d.Source).Fingerprint() && load.Loader == fingerprint.Loader {
			continue
		}
		if _, err := os.Stat(d.Original(c.Path)); err == nil {
			return usage.Errorf("the contract of %s changed since %s was loaded; run first: inbeeld run --data %s", d.Source, d.ID, c.Path)
		}
	}
	return nil
}

// computedBelow reports results of models that checks read and nobody has computed yet.
func (c *Engine) computedBelow() error {
	var missing []*step
	for _, s := range c.ground.order {
		if !s.done() && s.node.Checking == nil {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	what := missing[0].node.Name
	if missing[0].peildatum != "" {
		what += " on " + missing[0].peildatum
	}
	if len(missing) > 1 {
		what += fmt.Sprintf(" and %d more", len(missing)-1)
	}
	return usage.Errorf("not computed yet for the models and deliveries as they are now: %s; run first, or wait for the run that is going: inbeeld run --data %s", what, c.Path)
}

// overtaken tells whether a run took away results that were there.
func (g *ground) overtaken() bool {
	for _, s := range g.order {
		if s.done() && !durable.Exists(s.at.path) {
			return true
		}
	}
	for _, all := range g.all {
		for _, p := range all {
			if p.bundle != "" && !durable.Exists(p.bundle) {
				return true
			}
		}
	}
	return false
}
