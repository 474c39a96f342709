package checks

import "math/big"

// A Verdict is a measure judged.
type Verdict struct {
	Check string // [Rule.ID]
	Table string // "schema.table"
	Group string
	Ernst Ernst
	// Value, Teller and Noemer come from the measure. Limit is the one crossed, or else the mildest of
	// the rule; nil if the rule has a severity instead of limits.
	Value, Limit, Teller, Noemer *big.Rat
	Percentage                   bool // Value and Limit are percentages
	Explanation, Action          string
	Notify                       []string
}

// Judge compares an unrounded measure of the rule with its limits; the most serious limit crossed
// decides. It gives geen_oordeel when no limit has anything to compare with.
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
		v.Ernst, v.Action = Info, "" // accepted, so nothing to do
		v.Explanation += " " + a.text()
	}
	return v
}

// weight returns the number that min_denominator applies to. Distribution and outlier already applied
// it when measuring, and return the minimum itself.
func (r Rule) weight(m Measure) *big.Rat {
	if r.Kind == Distribution || r.Kind == Outlier {
		return r.MinDenominator
	}
	return m.Noemer
}

// judge returns the ernst of a value and the limit that decided it, or the mildest limit that applied.
func (l Limits) judge(m Measure) (Ernst, *big.Rat) {
	words := [...]Ernst{Waarschuwing, Alarm, Blokkerend}
	ernst, decisive := GeenOordeel, (*big.Rat)(nil)
	for i, one := range l.inOrder() {
		if one == nil {
			continue
		}
		at, crossed := one.against(m)
		switch {
		case at == nil:
			continue
		case crossed:
			ernst, decisive = words[i], at
		case ernst == GeenOordeel:
			ernst, decisive = OK, at
		}
	}
	return ernst, decisive
}
