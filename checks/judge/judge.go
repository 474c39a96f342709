package judge

import (
	"math/big"
	"strings"

	"inbeeld/checks/rule"
)

// A Verdict is what a rule says of a group on a peildatum, from judging to the last message about it.
type Verdict struct {
	Peildatum string // ISO
	Check     string // [rule.Rule.ID]
	Table     string // "schema.table"
	Group     string
	Ernst     rule.Ernst // "" says only that the check was judged
	// Value, Teller and Noemer come from the measure. Limit is the one crossed, or else the mildest of
	// the rule; nil if the rule has a severity instead of limits.
	Value, Limit, Teller, Noemer *big.Rat
	Percentage                   bool // Value and Limit are percentages
	// Explanation and Action have every number; Message has what readers may see.
	Explanation, Action string
	Message             Message
	// If something is wrong: the SELECT that shows the rows, and the keys of some of them.
	Query string
	Keys  [][]*string
	// Since is the first peildatum of this ernst in a row. State compares with the peildatum before: nieuw, open,
	// erger, beter, opgelost, or "". Last: no later peildatum of the check was judged.
	Since, State string
	Last         bool
}

// Readable returns the message about a verdict. One without counts has no message of its own: its explanation is the
// text.
func (v Verdict) Readable() Message {
	if v.Message != (Message{}) {
		return v.Message
	}
	name := v.Check[strings.LastIndex(v.Check, ".")+1:]
	return Message{Title: strings.ReplaceAll(name, "_", " "), Text: v.Explanation}
}

// Rounded returns n as findings are published, halves rounded away from zero: a percentage with one digit, other
// numbers with two. Nil stays nil.
func Rounded(n *big.Rat, percentage bool) *string {
	if n == nil {
		return nil
	}
	digits := 2
	if percentage {
		digits = 1
	}
	text := n.FloatString(digits)
	return &text
}

// Judge compares an unrounded measure of the rule with its limits; the most serious limit crossed
// decides. The ernst is geen_oordeel if no limit has anything to compare with.
func Judge(r rule.Rule, m Measure) Verdict {
	v := Verdict{
		Check: r.ID(), Table: r.On(), Group: m.Group, Ernst: rule.OK,
		Value: m.Value, Teller: m.Teller, Noemer: m.Noemer,
		Percentage: r.Percentage(),
	}
	limits, _ := r.LimitsOf(m.Group, m.Peildatum)
	switch {
	case m.Value == nil, tooFew(r, weight(r, m)):
		v.Ernst = rule.GeenOordeel
		if l := limits.Mildest(); l != nil && l.Change == "" && !l.OfRows {
			v.Limit = l.At
		}
	case r.Severity != "":
		if m.Value.Sign() > 0 {
			v.Ernst = r.Severity
		}
	default:
		v.Ernst, v.Limit = crossedLimit(limits, m)
	}
	v.Explanation, v.Action = fillExact(r, r.Explain, m, v), fillExact(r, r.Action, m, v)
	if a := r.Acceptance(m.Group, m.Peildatum); a != nil && v.Ernst != rule.OK && v.Ernst != rule.GeenOordeel {
		v.Ernst, v.Action = rule.Info, "" // accepted, so nothing to do
		v.Explanation += " " + a.Text()
	}
	return v
}

// weight returns the number that min_denominator applies to. For distribution and outlier, which apply
// it to each measurement, that is min_denominator itself.
func weight(r rule.Rule, m Measure) *big.Rat {
	if r.Kind == rule.Distribution || r.Kind == rule.Outlier {
		return r.MinDenominator
	}
	return m.Noemer
}

// limitErnst has the ernst of each limit in [rule.Limits.InOrder].
var limitErnst = [...]rule.Ernst{rule.Waarschuwing, rule.Alarm, rule.Blokkerend}

// crossedLimit returns the ernst of a value and the limit that decided it, or the mildest limit that applied.
func crossedLimit(l rule.Limits, m Measure) (rule.Ernst, *big.Rat) {
	ernst, decisive := rule.GeenOordeel, (*big.Rat)(nil)
	for i, one := range l.InOrder() {
		if one == nil {
			continue
		}
		at, crossed := threshold(*one, m)
		switch {
		case at == nil:
			continue
		case crossed:
			ernst, decisive = limitErnst[i], at
		case ernst == rule.GeenOordeel:
			ernst, decisive = rule.OK, at
		}
	}
	return ernst, decisive
}

// threshold returns the number that the value of a measure is compared with, or nil if there is none,
// and reports whether the value crosses it.
func threshold(l rule.Limit, m Measure) (at *big.Rat, crossed bool) {
	earlier := m.Earlier[l.Versus]
	switch {
	case l.Change != "":
		if earlier == nil {
			return nil, false
		}
		step := l.At
		if l.Change == rule.Percent {
			step = rule.Portion(new(big.Rat).Abs(earlier), l.At)
		}
		if l.Below {
			at = new(big.Rat).Sub(earlier, step)
			return at, m.Value.Cmp(at) <= 0 && m.Value.Cmp(earlier) < 0
		}
		at = new(big.Rat).Add(earlier, step)
		return at, m.Value.Cmp(at) >= 0 && m.Value.Cmp(earlier) > 0
	case l.OfRows:
		at = rule.Portion(m.Noemer, l.At)
	default:
		at = l.At
	}
	crossed = isFurther(l, m.Value, at)
	if crossed && l.OnlyIfWorse {
		crossed = earlier != nil && isFurther(l, m.Value, earlier)
	}
	return at, crossed
}

// isFurther reports whether a value lies further than another in the direction of the limit.
func isFurther(l rule.Limit, value, than *big.Rat) bool {
	switch {
	case l.Below:
		return value.Cmp(than) < 0
	case l.Beyond:
		return new(big.Rat).Abs(value).Cmp(new(big.Rat).Abs(than)) > 0
	}
	return value.Cmp(than) > 0
}
