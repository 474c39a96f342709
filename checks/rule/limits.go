package rule

import (
	"math/big"
	"strings"
)

var limitKeys = []string{"warn", "alarm", "block"}

// decimal reads a decimal number with a point. If it is another text, it returns nil and adds a fault.
func (r reader) decimal(key string) *big.Rat {
	text := r.text(key)
	if text == "" {
		return nil
	}
	if !decimalText.MatchString(text) {
		hint := "write digits, with a point before decimals"
		switch {
		case strings.HasSuffix(text, "%"):
			hint = "write the number without %"
		case decimalText.MatchString(strings.Replace(text, ",", ".", 1)):
			hint = "write a point in place of the comma"
		}
		r.fault(key, hint, "%s is %q, not a number", key, text)
		return nil
	}
	n, _ := new(big.Rat).SetString(text)
	return n
}

// checkLimits reports limits that no value of the kind can cross, or that hide one another. r reads the
// mapping with the stated limits; all are the stated ones and those that they do not override.
func (r reader) checkLimits(rule Rule, stated, all Limits) {
	here, every := stated.InOrder(), all.InOrder()
	for i, l := range here {
		if l == nil {
			continue
		}
		if message, hint := impossible(rule, *l); message != "" {
			r.fault(limitKeys[i], hint, "%s %s", limitKeys[i], message)
		}
	}
	for j, severe := range every {
		for i, mild := range every[:j] {
			if mild == nil || severe == nil || (here[i] == nil && here[j] == nil) || !severe.comparable(*mild) {
				continue
			}
			key := limitKeys[j]
			if here[j] == nil {
				key = limitKeys[i]
			}
			switch {
			case mild.Below != severe.Below || mild.Beyond != severe.Beyond:
				r.fault(key, "limits of one rule have one direction; for the other side write a second rule",
					"%s and %s mix %s and %s", limitKeys[i], limitKeys[j], mild.side(), severe.side())
			case !severe.stricterThan(*mild):
				r.fault(key, "the more serious limit must be further away", "%s is not stricter than %s", limitKeys[j], limitKeys[i])
			}
		}
	}
}

// InOrder returns the limits for waarschuwing, alarm and blokkerend; nil if there is none.
func (l Limits) InOrder() []*Limit { return []*Limit{l.Warn, l.Alarm, l.Block} }

// comparable reports whether one of two limits is stricter than the other for every measure.
func (l Limit) comparable(other Limit) bool {
	return l.Change == other.Change && l.OfRows == other.OfRows && (l.Change == "" || l.Versus == other.Versus && l.Below == other.Below) &&
		(l.OnlyIfWorse == other.OnlyIfWorse || l.Below == other.Below)
}

// stricterThan reports whether fewer values cross l than other, which has the same direction.
func (l Limit) stricterThan(other Limit) bool {
	if l.Below && l.Change == "" {
		return l.At.Cmp(other.At) < 0
	}
	return l.At.Cmp(other.At) > 0
}

// side returns the key of a limit in a check file.
func (l Limit) side() string {
	switch {
	case l.Below:
		return "below"
	case l.Beyond:
		return "beyond"
	}
	return "above"
}

// impossible explains why no value or every value of a rule crosses a limit; message is "" otherwise.
func impossible(rule Rule, l Limit) (message, hint string) {
	kind := kinds[rule.Kind]
	free := rule.signed()
	switch {
	case l.Change != "" || l.Beyond:
		if l.At.Sign() <= 0 {
			return "is not above 0", "raise it"
		}
	case l.Below && kind.BadRows:
		return "is below, but this kind counts bad rows", "write {above: n}"
	case l.Below && l.At.Sign() <= 0 && !free:
		return "is below 0 or less, which no value can be", "raise it"
	case !l.Below && l.At.Sign() < 0 && !free:
		return "is above a number less than 0, which every value is", "raise it"
	case !l.Below && (rule.Kind == Share || rule.Kind == Distribution || l.OfRows) && l.At.Cmp(big.NewRat(100, 1)) >= 0:
		return "is above 100% or more, which no share can be", "lower it"
	}
	return "", ""
}

// signed reports whether values may be below 0, so that limits may use beyond.
func (r Rule) signed() bool { return kinds[r.Kind].Signed || r.Kind == SQLValue }
