package audit

import (
	"context"
	"strings"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/transform"
)

// Ages are the verdicts that depend on the clock: of the checks on time, and on what stays too long.
type Ages struct {
	Late    []ledger.Finding // what is not in order
	Timely  []timedVerdict   // all of the checks on time, those in order too
	Overdue []intake.Overdue // nil until it is judged
	Graph   *graph.Graph     // the bound project, when a check needs it
}

// ListAges judges the checks on time by the clock of the scope, and returns what is not in order. It
// writes nothing, and takes no lock.
func ListAges(ctx context.Context, o intake.Scope) ([]ledger.Finding, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	ages, err := JudgeAges(ctx, b, nil)
	if err == nil {
		err = ages.AddOverdue(b, intake.RemovalGrace)
	}
	return ages.Late, err
}

// AddOverdue adds what stays longer than retention says, and so much longer.
func (a *Ages) AddOverdue(b *intake.Book, spare time.Duration) (err error) {
	if a.Overdue, err = b.Overdue(spare); err != nil {
		return err
	}
	for _, o := range a.Overdue {
		if o.Count > 0 {
			a.Late = append(a.Late, o.Finding())
		}
	}
	return nil
}

func Alarms(late []ledger.Finding) int {
	n := 0
	for _, f := range late {
		if f.Ernst == string(rule.Alarm) {
			n++
		}
	}
	return n
}

// JudgeAges judges the checks on time. The project is bound when a check needs it and g is nil.
func JudgeAges(ctx context.Context, b *intake.Book, g *graph.Graph) (ages Ages, err error) {
	var timed []rule.Rule
	modelled := false
	for _, r := range b.Project.Rules {
		if r.Kind == rule.Freshness {
			timed = append(timed, r)
			modelled = modelled || r.Schema != "raw"
		}
	}
	if modelled && g == nil { // which sources make the peildata of a model
		if g, err = graph.Open(ctx, b.Project); err != nil {
			return ages, err
		}
	}
	ages.Graph = g
	for _, r := range timed {
		v, last, err := judgeAge(b, g, r)
		if err != nil {
			return ages, err
		}
		ages.Timely = append(ages.Timely, timedVerdict{r, v, last})
		if v.Ernst == rule.OK {
			continue
		}
		f := ledger.Finding{Check: v.Check, Group: v.Group, Ernst: string(v.Ernst), Title: TooLate(r), Text: v.Explanation, Action: v.Action}
		if !last.IsZero() {
			f.Peildatum = last.Format(time.DateOnly)
		}
		ages.Late = append(ages.Late, f)
	}
	return ages, nil
}

// A timedVerdict is a verdict on time, by the clock.
type timedVerdict struct {
	Rule rule.Rule
	judge.Verdict
	last time.Time
}

// age judges one check on time, and gives the last peildatum of its table.
func judgeAge(b *intake.Book, g *graph.Graph, rule rule.Rule) (v judge.Verdict, last time.Time, err error) {
	last, due, err := lastPeildatum(b, g, rule)
	if err != nil {
		return v, last, err
	}
	return judge.Age(rule, last, b.Today(), due), last, nil
}

// lastPeildatum is that of the table of a rule, the zero time when it has none, with how often it is
// expected when it is that of a source.
func lastPeildatum(b *intake.Book, g *graph.Graph, rule rule.Rule) (last time.Time, due judge.Due, err error) {
	state := b.State()
	var dates []string
	if rule.Schema == "raw" {
		if c := b.Project.Contract(rule.Table); c != nil {
			due = judge.Due{Every: c.Every, Grace: c.Grace}
		}
		dates = state.Peildata(rule.Table)
	} else {
		n := g.ByName[rule.Schema+"."+rule.Table]
		dates = transform.NewResolver(b.Path, g, state, b.Loads, false).Peildata(n.Peildata)
	}
	if len(dates) == 0 {
		return last, due, nil
	}
	last, err = time.Parse(time.DateOnly, dates[len(dates)-1])
	return last, due, err
}

// TooLate is the title of a finding of a rule on time.
func TooLate(r rule.Rule) string { return strings.ReplaceAll(r.Table, "_", " ") + " is te laat" }
