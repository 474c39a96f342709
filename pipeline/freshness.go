package pipeline

import (
	"context"
	"time"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/ledger"
)

// Ages are the verdicts of the checks on time that are not in order, by the clock of the options. It
// writes nothing, and takes no lock.
func Ages(ctx context.Context, o Options) ([]ledger.Finding, error) {
	r, err := inspect(o)
	if err != nil {
		return nil, err
	}
	late, err := r.ages(ctx)
	if err != nil {
		return nil, err
	}
	return r.withOverdue(late, betweenRuns)
}

// withOverdue adds what stays too long.
func (r *runner) withOverdue(late []ledger.Finding, spare time.Duration) (_ []ledger.Finding, err error) {
	if r.overdue, err = r.overdues(spare); err != nil {
		return nil, err
	}
	for _, o := range r.overdue {
		if o.n > 0 {
			late = append(late, o.finding())
		}
	}
	return late, nil
}

// judgeAges judges the checks on time. They are of this run, whatever else it does, and stand in its
// ledger only: what is published does not depend on the day on which it is.
func (r *runner) judgeAges(ctx context.Context) error {
	late, err := r.ages(ctx)
	if err == nil {
		late, err = r.withOverdue(late, 0)
	}
	if err != nil {
		return err
	}
	r.late, r.run.Findings, r.result.Findings = late, late, late
	r.result.Alarms = alarms(late)
	return nil
}

func alarms(late []ledger.Finding) int {
	n := 0
	for _, f := range late {
		if f.Ernst == string(checks.Alarm) {
			n++
		}
	}
	return n
}

func (r *runner) ages(ctx context.Context) ([]ledger.Finding, error) {
	r.timely = nil
	var timed []checks.Rule
	modelled := false
	for _, rule := range r.project.Rules {
		if rule.Kind == checks.Freshness {
			timed = append(timed, rule)
			modelled = modelled || rule.Schema != "raw"
		}
	}
	if len(timed) == 0 {
		return nil, nil
	}
	if modelled && r.bound == nil { // which sources make the peildata of a model
		if err := r.bind(ctx); err != nil {
			return nil, err
		}
	}
	var late []ledger.Finding
	for _, rule := range timed {
		v, last, err := r.age(rule)
		if err != nil {
			return nil, err
		}
		r.timely = append(r.timely, timedVerdict{rule, v, last})
		if v.Ernst == checks.OK {
			continue
		}
		f := ledger.Finding{Check: v.Check, Group: v.Group, Ernst: string(v.Ernst), Text: v.Explanation, Action: v.Action}
		if !last.IsZero() {
			f.Peildatum = last.Format(time.DateOnly)
		}
		late = append(late, f)
	}
	return late, nil
}

// age judges one check on time, and gives the last peildatum of its table.
func (r *runner) age(rule checks.Rule) (v checks.Verdict, last time.Time, err error) {
	last, due, err := r.lastPeildatum(rule)
	if err != nil {
		return v, last, err
	}
	return rule.JudgeAge(last, r.today(), due), last, nil
}

// lastPeildatum is that of the table of a rule, the zero time when it has none, with how often it is
// expected when it is that of a source.
func (r *runner) lastPeildatum(rule checks.Rule) (last time.Time, due checks.Due, err error) {
	state := r.fold()
	var dates []string
	if rule.Schema == "raw" {
		if c := r.project.Contract(rule.Table); c != nil {
			due = checks.Due{Every: c.Every, Grace: c.Grace}
		}
		dates = state.Peildata(rule.Table)
	} else {
		n := r.bound.Nodes[rule.Schema+"."+rule.Table]
		dates = newGround(r.Data, r.bound, state, r.loads, false).peildata(n.Peildata)
	}
	if len(dates) == 0 {
		return last, due, nil
	}
	last, err = time.Parse(time.DateOnly, dates[len(dates)-1])
	return last, due, err
}
