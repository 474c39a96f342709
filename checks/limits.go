package checks

import (
	"math/big"
	"strings"
)

var limitKeys = []string{"warn", "alarm", "block"}

// decimal reads a number that is written as a decimal with a point; nil and a fault when it is not.
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

// limits reads warn, alarm and block of the mapping at hand, a rule or one of its overrides.
func (r reader) limits() Limits {
	return Limits{Warn: r.limit("warn"), Alarm: r.limit("alarm"), Block: r.limit("block")}
}

func (r reader) limit(key string) *Limit {
	if !r.has(key) {
		return nil
	}
	in, ok := r.within(key)
	if !ok {
		return nil
	}
	switch {
	case in.unknown([]string{"below", "above"}, " in "+key):
	case in.has("below") && in.has("above"):
		r.fault(key, "keep one; for the other side write a second rule", "%s has both below and above", key)
	case in.has("below"):
		if at := in.decimal("below"); at != nil {
			return &Limit{Below: true, At: at}
		}
	case in.has("above"):
		if at := in.decimal("above"); at != nil {
			return &Limit{At: at}
		}
	default:
		r.fault(key, "write "+key+": {below: 25} or "+key+": {above: 25}", "%s has neither below nor above", key)
	}
	return nil
}

// checkLimits reports limits that no value of the kind can cross, or that hide one another. The
// reader is of the mapping that states them; all are these together with those they override.
func (r reader) checkLimits(kind Kind, stated, all Limits) {
	here, every := stated.inOrder(), all.inOrder()
	for i, l := range here {
		if l == nil {
			continue
		}
		if message, hint := impossible(kind, *l); message != "" {
			r.fault(limitKeys[i], hint, "%s %s", limitKeys[i], message)
		}
	}
	for j, severe := range every {
		for i, mild := range every[:j] {
			if mild == nil || severe == nil || (here[i] == nil && here[j] == nil) {
				continue
			}
			key := limitKeys[j]
			if here[j] == nil {
				key = limitKeys[i]
			}
			switch {
			case mild.Below != severe.Below:
				r.fault(key, "limits of one rule look one way; for the other side write a second rule",
					"%s and %s mix below and above", limitKeys[i], limitKeys[j])
			case !severe.stricterThan(*mild):
				r.fault(key, "the more serious limit must be further away", "%s is not stricter than %s", limitKeys[j], limitKeys[i])
			}
		}
	}
}

func (l Limits) inOrder() []*Limit { return []*Limit{l.Warn, l.Alarm, l.Block} }

// stricterThan says that fewer values cross l than other, which looks the same way.
func (l Limit) stricterThan(other Limit) bool {
	if l.Below {
		return l.At.Cmp(other.At) < 0
	}
	return l.At.Cmp(other.At) > 0
}

// impossible says why no value, or every value, of a kind crosses a limit, or "".
func impossible(kind Kind, l Limit) (message, hint string) {
	switch {
	case l.Below && kinds[kind].badRows:
		return "is below, but this kind counts bad rows", "write {above: n}"
	case l.Below && l.At.Sign() <= 0:
		return "is below 0 or less, which no value is", "raise it"
	case !l.Below && l.At.Sign() < 0:
		return "is above less than 0, which every value is", "raise it"
	case !l.Below && kind == Share && l.At.Cmp(big.NewRat(100, 1)) >= 0:
		return "is above 100% or more, which no share is", "lower it"
	}
	return "", ""
}
