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
	Explanation                  string
	Notify                       []string
}

// Judge holds a measure of the rule against its limits, unrounded; the most serious one that is
// crossed decides.
func (r Rule) Judge(m Measure) Verdict {
	v := Verdict{
		Check: r.ID(), Table: r.on(), Group: m.Group, Ernst: OK,
		Value: m.Value, Teller: m.Teller, Noemer: m.Noemer,
		Percentage: r.Percentage(), Notify: r.Notify,
	}
	limits := r.limitsOf(m.Group)
	if l := limits.mildest(); l != nil {
		v.Limit = l.At
	}
	switch {
	case m.Value == nil, r.MinDenominator != nil && m.Noemer.Cmp(r.MinDenominator) < 0:
		v.Ernst = GeenOordeel
	case r.Severity != "":
		if m.Value.Sign() > 0 {
			v.Ernst = r.Severity
		}
	case limits.Block != nil && limits.Block.crossedBy(m.Value):
		v.Ernst, v.Limit = Blokkerend, limits.Block.At
	case limits.Alarm != nil && limits.Alarm.crossedBy(m.Value):
		v.Ernst, v.Limit = Alarm, limits.Alarm.At
	case limits.Warn != nil && limits.Warn.crossedBy(m.Value):
		v.Ernst, v.Limit = Waarschuwing, limits.Warn.At
	}
	v.Explanation = r.explanation(m, v)
	return v
}
