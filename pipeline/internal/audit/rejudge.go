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

// Judged is the result of judging without a run.
type Judged struct {
	Checks int `json:"checks"` // number of checks judged
	// Findings are those that a run would record.
	Findings []ledger.Finding `json:"findings"`
	Blocks   []string         `json:"blocks,omitempty"` // why a run would not publish
	Alarms   int              `json:"alarms"`
}

// Judge judges the deliveries in force by the current checks of the project, on every peildatum that a run
// would. Selectors name checks; none means all. It reads stored results, writes nothing and takes no lock. If
// a concurrent run removes what it reads, it starts again.
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

// rejudgings is how often judging starts again after a run removed what it read.
const rejudgings = 3

// Rejudge judges rules in memory, on their last peildata or on all if last is 0, and calls use with an engine
// whose memory.meta.bevindingen_alle contains the findings. It also judges the peildatum before, for the states.
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

// rejudgeOnce reports whether a run removed meanwhile what was read.
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
