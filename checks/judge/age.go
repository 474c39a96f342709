package judge

import (
	"math/big"
	"time"

	"inbeeld/checks/rule"
)

// Due is the interval at which a source is expected, and how late it may be.
type Due struct{ Every, Grace time.Duration }

// Age judges a freshness rule by the number of days between the last peildatum and today, which are
// dates in one time zone. A zero last means that no delivery was ever accepted, which gets the most
// serious ernst of the rule. A rule without limits uses due: late gets its severity, expected but not
// late gets info. A freshness verdict belongs to a run, not to a peildatum.
func Age(r rule.Rule, last, today time.Time, due Due) Verdict {
	v := Verdict{Check: r.ID(), Table: r.On(), Group: allRows, Ernst: rule.OK}
	v.Value = daysSince(last, today)
	v.Teller = v.Value
	m := Measure{Check: v.Check, Group: allRows, Peildatum: last, Value: v.Value, Teller: v.Teller}
	if r.Severity == "" {
		v.judgeDays(r.Limits, m)
	} else {
		v.judgeDue(r.Severity, m, due)
	}
	switch {
	case last.IsZero() && r.ExplainNever != "":
		r.Explain = r.ExplainNever
	case v.Ernst == rule.Info && r.ExplainExpected != "":
		r.Explain = r.ExplainExpected
	}
	v.Explanation, v.Action = fillExact(r, r.Explain, m, v), fillExact(r, r.Action, m, v)
	return v
}

func (v *Verdict) judgeDays(limits rule.Limits, m Measure) {
	if m.Value != nil {
		v.Ernst, v.Limit = crossedLimit(limits, m)
		return
	}
	for i, l := range limits.InOrder() {
		if l != nil {
			v.Ernst, v.Limit = limitErnst[i], l.At
		}
	}
}

func (v *Verdict) judgeDue(severity rule.Ernst, m Measure, due Due) {
	v.Limit = days(due.Every + due.Grace)
	switch due.state(m.Value) {
	case Late, Never:
		v.Ernst = severity
	case Expected:
		v.Ernst = rule.Info
	case OnTime:
	}
}

// A DueState is the delivery status of a source on a day.
type DueState string

// The delivery states.
const (
	OnTime   DueState = "on_time"
	Expected DueState = "expected" // due, and within the grace period
	Late     DueState = "late"
	Never    DueState = "never" // no delivery was ever accepted
)

// State returns the delivery status of a source today, given its last peildatum, in one time zone. A
// zero last means that no delivery was ever accepted.
func (d Due) State(last, today time.Time) DueState {
	return d.state(daysSince(last, today))
}

// daysSince returns the number of days between two dates, or nil if last is zero.
func daysSince(last, today time.Time) *big.Rat {
	if last.IsZero() {
		return nil
	}
	return days(today.Sub(last))
}

func days(d time.Duration) *big.Rat { return big.NewRat(int64(d/(24*time.Hour)), 1) }

func (d Due) state(age *big.Rat) DueState {
	switch {
	case age == nil:
		return Never
	case age.Cmp(days(d.Every+d.Grace)) > 0:
		return Late
	case age.Cmp(days(d.Every)) > 0:
		return Expected
	}
	return OnTime
}
