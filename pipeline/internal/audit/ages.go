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

// Ages holds the verdicts that depend on the clock: of freshness checks, and of retention periods.
type Ages struct {
	Late    []ledger.Finding // what is overdue
	Timely  []timedVerdict   // every freshness check
	Overdue []intake.Overdue // nil until AddOverdue
	Graph   *graph.Graph     // the bound project, if a check needs it
}

// ListAges returns what is overdue by the clock of the scope. It writes nothing and takes no lock.
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

// AddOverdue adds what is stored longer than its retention period plus a grace period.
func (a *Ages) AddOverdue(b *intake.Book, grace time.Duration) (err error) {
	if a.Overdue, err = b.Overdue(grace); err != nil {
		return err
	}
	for _, o := range a.Overdue {
		if o.Count > 0 {
			a.Late = append(a.Late, o.Finding())
		}
	}
	return nil
}

// Alarms counts the findings that are alarms.
func Alarms(late []ledger.Finding) int {
	n := 0
	for _, f := range late {
		if f.Ernst == string(rule.Alarm) {
			n++
		}
	}
	return n
}

// JudgeAges judges the freshness checks. It binds the project if a check needs that and g is nil.
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

// A timedVerdict is the verdict of a freshness check.
type timedVerdict struct {
	Rule rule.Rule
	judge.Verdict
	last time.Time
}

// judgeAge judges one freshness check and returns the last peildatum of its table.
func judgeAge(b *intake.Book, g *graph.Graph, rule rule.Rule) (v judge.Verdict, last time.Time, err error) {
	last, due, err := lastPeildatum(b, g, rule)
	if err != nil {
		return v, last, err
	}
	return judge.Age(rule, last, b.Today(), due), last, nil
}

// lastPeildatum returns the last peildatum of the table of a rule, or the zero time, and when a source is due.
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

// TooLate returns the title of a freshness finding.
func TooLate(r rule.Rule) string { return strings.ReplaceAll(r.Table, "_", " ") + " is te laat" }
