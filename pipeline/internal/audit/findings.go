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

// A Result is what the checks found.
type Result struct {
	Findings []ledger.Finding
	Blocks   []string // why publication is blocked
	Alarms   int      // on the last stand of each check
}

// Record records in the ledger what the checks found on their last peildatum, and what blocks.
func Record(ctx context.Context, c *transform.Engine, late []ledger.Finding, counts map[string]int64) (res Result, err error) {
	s := c.Session(0)
	rows, err := s.Rows(ctx, `select ernst, count(*)::varchar, sum(is_laatste::int)::varchar from memory.meta.bevindingen_alle group by ernst`)
	if err != nil {
		return res, err
	}
	c.Run.Checks, c.Run.Findings = map[string]int{}, slices.Clone(late)
	for _, r := range rows {
		counts["verdicts"] += duck.Number(r[1])
		if n := duck.Number(r[2]); n > 0 {
			c.Run.Checks[*r[0]] = int(n)
		}
	}
	res.Alarms = c.Run.Checks[string(rule.Alarm)] + Alarms(late)
	verdicts, err := transform.Findings(ctx, s, `from memory.meta.bevindingen_alle where ernst = 'blokkerend' or (is_laatste and (ernst <> 'ok' or toestand = 'opgelost')) order by "check", groep, peildatum`)
	if err != nil {
		return res, err
	}
	for _, v := range verdicts {
		msg := v.Readable()
		f := ledger.Finding{
			Check: v.Check, Group: v.Group, Ernst: string(v.Ernst), Peildatum: v.Peildatum, Since: v.Since, State: v.State, Query: v.Query,
			Title: msg.Title, Text: msg.Text, Value: msg.Value, Limit: msg.Limit, Teller: msg.Teller, Noemer: msg.Noemer,
		}
		if v.Action != "" {
			f.Action = msg.Action
		}
		if v.Last {
			c.Run.Findings = append(c.Run.Findings, f)
		}
		if v.Ernst == rule.Blokkerend {
			res.Blocks = append(res.Blocks, blockText(f))
		}
	}
	res.Findings = c.Run.Findings
	return res, nil
}

// blockText states why a finding blocks publication.
func blockText(f ledger.Finding) string {
	return fmt.Sprintf("%s (%s, %s): %s", f.Check, f.Group, f.Peildatum, f.Text)
}

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
	return judged, err
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
