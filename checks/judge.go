package checks

import "math/big"

// A Verdict is a measure judged.
type Verdict struct {
	Check string // [Rule.ID]
	Table string // "schema.table"
	Group string
	Ernst Ernst
	// Value, Teller and Noemer are those of the measure. Limit is the one that was crossed, or the
	// mildest of the rule when none was; nil when the rule has a severity in place of limits.
	Value, Limit, Teller, Noemer *big.Rat
	Percentage                   bool // Value and Limit are percentages
	Explanation, Action          string
	Notify                       []string
}

// Judge holds a measure of the rule against its limits, unrounded; the most serious one that is
// crossed decides. A rule none of whose limits has something to compare with has no opinion.
func (r Rule) Judge(m Measure) Verdict {
	v := Verdict{
		Check: r.ID(), Table: r.on(), Group: m.Group, Ernst: OK,
		Value: m.Value, Teller: m.Teller, Noemer: m.Noemer,
		Percentage: r.Percentage(), Notify: r.Notify,
	}
	limits, _ := r.LimitsOf(m.Group, m.Peildatum)
	switch {
	case m.Value == nil, r.tooFew(r.weight(m)):
		v.Ernst = GeenOordeel
		if l := limits.mildest(); l != nil && l.Change == "" && !l.OfRows {
			v.Limit = l.At
		}
	case r.Severity != "":
		if m.Value.Sign() > 0 {
			v.Ernst = r.Severity
		}
	default:
		v.Ernst, v.Limit = limits.judge(m)
	}
	v.Explanation, v.Action = r.full(r.Explain, m, v), r.full(r.Action, m, v)
	if a := r.Acceptance(m.Group, m.Peildatum); a != nil && v.Ernst != OK && v.Ernst != GeenOordeel {
		v.Ernst, v.Action = Info, "" // it is known, so there is nothing to do
		v.Explanation += " " + a.text()
	}
	return v
}

// weight is the number that min_denominator is about. Kinds whose noemer is something else have looked
// at it when they were measured.
func (r Rule) weight(m Measure) *big.Rat {
	if r.Kind == Distribution || r.Kind == Outlier {
		return r.MinDenominator
	}
	return m.Noemer
}

// judge gives the ernst of a value and the limit that decided, or the mildest that could be held
// against it.
func (l Limits) judge(m Measure) (Ernst, *big.Rat) {
	words := [...]Ernst{Waarschuwing, Alarm, Blokkerend}
	ernst, limit := GeenOordeel, (*big.Rat)(nil)
	for i, one := range l.inOrder() {
		if one == nil {
			continue
		}
		at, crossed := one.against(m)
		switch {
		case at == nil:
			continue
		case crossed:
			ernst, limit = words[i], at
		case ernst == GeenOordeel:
			ernst, limit = OK, at
		}
	}
	return ernst, limit
}
