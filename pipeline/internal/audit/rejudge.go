package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/transform"
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
func Judge(ctx context.Context, o intake.Scope, selectors []string) (*Judged, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	g, err := graph.Open(ctx, b.Project)
	if err != nil {
		return nil, err
	}
	rules, err := g.SelectRules(selectors)
	if err != nil {
		return nil, err
	}
	ages, err := JudgeAges(ctx, b, g)
	if err != nil {
		return nil, err
	}
	late := slices.DeleteFunc(ages.Late, func(f ledger.Finding) bool {
		return !slices.ContainsFunc(rules, func(rule rule.Rule) bool { return rule.ID() == f.Check })
	})
	judged := &Judged{Checks: len(rules)}
	err = Rejudge(ctx, b, g, rules, 0, func(ctx context.Context, e *transform.Engine) error {
		res, err := Record(ctx, e, late, map[string]int64{})
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

// Rejudge judges rules in memory, on their last peildata or, when last is 0, on all of them, and
// calls use with an engine in which memory.meta.bevindingen_alle holds their findings. The peildatum
// before the last ones is judged too, so that their states are known.
func Rejudge(ctx context.Context, b *intake.Book, g *graph.Graph, rules []rule.Rule, last int, use func(context.Context, *transform.Engine) error) error {
	for try := 1; ; try++ {
		overtaken, err := rejudgeOnce(ctx, b, g, rules, last, use)
		var damaged *transform.DamagedError
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case try < rejudgings && overtaken:
			if err := b.ReadDeliveries(); err != nil {
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
func rejudgeOnce(ctx context.Context, b *intake.Book, g *graph.Graph, rules []rule.Rule, last int, use func(context.Context, *transform.Engine) error) (overtaken bool, err error) {
	e, err := transform.Open(ctx, &datadir.Journal{Dir: b.Dir, Run: &ledger.Run{}}, b, g, transform.Options{Settings: duck.Settings{MemoryLimit: b.MemoryLimit, Threads: 1}})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err = e.JudgeAgain(ctx, rules, last); err == nil {
		err = use(ctx, e)
	}
	return e.Resolver.Overtaken(), err
}
