package rule

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
)

var limitKeys = []string{"warn", "alarm", "block"}

// decimal reads a decimal number with a point. If it is another text, it returns nil and adds a fault.
func (r reader) decimal(key string) *big.Rat {
	text := r.text(key)
	if text == "" {
		return nil
	}
	hint := "write digits, with a point before decimals"
	switch {
	case strings.HasSuffix(text, "%"):
		hint = "write the number without %"
	case decimalText.MatchString(strings.Replace(text, ",", ".", 1)):
		hint = "write a point in place of the comma"
	}
	return r.decimalOf(key, text, hint)
}

func (r reader) decimalOf(key, text, hint string) *big.Rat {
	if !decimalText.MatchString(text) {
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

var (
	sideKeys   = []string{"below", "above", "beyond"}
	changeKeys = []string{"drop", "rise"}
	standKeys  = []string{"drop", "rise", "only_if_worse", "versus"}
	periodKeys = []string{"from", "until"}
)

func (r reader) limits(rule Rule) Limits {
	return Limits{Warn: r.limit("warn", rule), Alarm: r.limit("alarm", rule), Block: r.limit("block", rule)}
}

// limit reads {below: n}, {above: n}, {above: n%} or {beyond: n}, each with optional only_if_worse and
// versus, or a limit on a change such as {drop: {points: n}}.
func (r reader) limit(key string, rule Rule) *Limit {
	if !r.Has(key) {
		return nil
	}
	in, ok := r.within(key)
	if !ok {
		return nil
	}
	kind := kinds[rule.Kind]
	known := []string{"below", "above"}
	if rule.signed() {
		known = append(known, "beyond")
	}
	if kind.Stands {
		known = append(known, standKeys...)
	} else if i := slices.IndexFunc(standKeys, in.Has); i >= 0 {
		in.fault(standKeys[i], rule.standHint(), "%s is not compared with an earlier stand", rule.Kind)
		return nil
	}
	if in.Unknown(known, " in "+key) {
		return nil
	}
	stated := slices.DeleteFunc(slices.Concat(sideKeys, changeKeys), func(side string) bool { return !in.Has(side) })
	switch {
	case len(stated) == 0:
		r.fault(key, "write "+key+": {below: 25} or "+key+": {above: 25}", "%s has neither below nor above", key)
		return nil
	case len(stated) > 1:
		r.fault(key, "keep one; for the other side write a second rule", "%s has both %s", key, strings.Join(stated, " and "))
		return nil
	case slices.Contains(changeKeys, stated[0]):
		if in.Has("only_if_worse") || in.Has("versus") {
			r.fault(key, "write versus inside "+stated[0]+"; a change is always for the worse", "%s has keys beside %s", key, stated[0])
			return nil
		}
		return in.change(stated[0])
	}
	l := &Limit{Below: stated[0] == "below", Beyond: stated[0] == "beyond", OnlyIfWorse: in.flag("only_if_worse")}
	if l.OnlyIfWorse || in.Has("versus") {
		l.Versus = in.versus("versus")
	}
	if in.Has("versus") && !l.OnlyIfWorse {
		in.fault("versus", "write only_if_worse: true beside it, or drop: {points: n, versus: year}", "versus without a comparison")
	}
	if text := in.text(stated[0]); kind.BadRows && rule.Kind != ConstantOrEmpty && rule.Kind != Freshness && strings.HasSuffix(text, "%") {
		l.OfRows = true
		number := strings.TrimSpace(strings.TrimSuffix(text, "%"))
		l.At = in.decimalOf(stated[0], number, "write digits before the %, with a point before decimals")
	} else {
		l.At = in.decimal(stated[0])
	}
	if l.At == nil {
		return nil
	}
	return l
}

// standHint says what to write for a kind whose limits cannot compare with an earlier stand.
func (r Rule) standHint() string {
	switch r.Kind {
	case VolumeChange, Distribution:
		return "its value is a change already: write above, below or beyond, and versus: beside check:"
	case SQLValue:
		return "let the SELECT also read <table>__vorige or <table>__jaar, and return the difference as waarde"
	default:
		return "write above or below"
	}
}

// change reads {points: n} or {percent: n}, and versus.
func (r reader) change(key string) *Limit {
	in, ok := r.within(key)
	if !ok || in.Unknown([]string{"points", "percent", "versus"}, " in "+key) {
		return nil
	}
	l := &Limit{Below: key == "drop", Change: Points, Versus: in.versus("versus")}
	switch {
	case in.Has("points") == in.Has("percent"):
		r.fault(key, "write {points: 3} or {percent: 10}", "%s needs one of points and percent", key)
		return nil
	case in.Has("percent"):
		l.Change = Percent
	}
	if l.At = in.decimal(string(l.Change)); l.At == nil {
		return nil
	}
	return l
}

// versus reads the name of an earlier stand; the default is the preceding one.
func (r reader) versus(key string) Stand {
	switch text := r.text(key); text {
	case string(Year):
		return Year
	case string(Previous), "":
	default:
		r.fault(key, "write previous (the preceding stand) or year (a year earlier)", "%s is %q", key, text)
	}
	return Previous
}

func (r reader) flag(key string) bool {
	text := r.text(key)
	if text != "true" && text != "false" && text != "" {
		r.fault(key, "write true or false", "%s is %q", key, text)
	}
	return text == "true"
}

func (r reader) day(key string) string {
	text := r.text(key)
	if text != "" && !IsDate(text) {
		r.fault(key, "write a date as 2021-12-31", "%s is %q, not a date", key, text)
		return ""
	}
	return text
}

func (r reader) period() (from, until string) {
	from, until = r.day("from"), r.day("until")
	if from != "" && until != "" && until < from {
		r.fault("until", "swap them", "until is before from")
	}
	return from, until
}

func (r reader) accepted(rule *Rule) {
	if !r.Has("accepted") {
		return
	}
	list := r.Get("accepted")
	if len(list.Items) == 0 {
		r.fault("accepted", "write - {reason: …, until: 2021-12-31}", "accepted is %s", unlike(list, "a list"))
		return
	}
	for _, item := range list.Items {
		in := reader{r.In(item)}
		if !item.Is(projectfile.KindMapping) {
			in.fault("", "write - {reason: …, until: 2021-12-31}", "accepted contains %s", unlike(item, "a mapping"))
			continue
		}
		in.Unknown([]string{"group", "reason", "from", "until"}, " in accepted")
		a := Acceptance{Group: in.text("group"), Reason: in.required("reason", "say in Dutch why this is known")}
		if a.Group != "" && len(rule.Per) == 0 {
			in.fault("group", "leave it out, or write per:", "the rule has no groups")
		}
		in.need("until", "write the last peildatum for which it is accepted")
		a.From, a.Until = in.period()
		rule.Accepted = append(rule.Accepted, a)
	}
}

// Acceptance returns the acceptance of a failing verdict on a group on a peildatum, or nil.
func (r Rule) Acceptance(group string, on time.Time) *Acceptance {
	for i, a := range r.Accepted {
		if (a.Group == "" || a.Group == group) && during(on, a.From, a.Until) {
			return &r.Accepted[i]
		}
	}
	return nil
}
