package checks

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/projectfile"
)

// placeholder is {word} in an explanation or an action.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// placeholders are the built-in words of an explanation. A column under per of the same name wins.
var placeholders = []string{"waarde", "teller", "noemer", "drempel", "groep", "peildatum", "aantal", "vorige", "categorie", "kolommen"}

// Template returns the explanation with its placeholders, worded as of more than one.
func (r Rule) Template() string {
	return placeholder.ReplaceAllStringFunc(r.Explain, func(match string) string {
		if _, more, ok := dutch.OneOrMore(match[1 : len(match)-1]); ok {
			return more
		}
		return match
	})
}

// isCountedWord reports whether a placeholder holds a word for one and a word for more.
func isCountedWord(name string) bool {
	_, _, ok := dutch.OneOrMore(name)
	return ok
}

// placeholderFault says what is wrong with the placeholders in a text of a rule, or "".
func (r Rule) placeholderFault(text string) (message, hint string) {
	known := slices.Concat(r.Per, placeholders)
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		switch name := match[1]; {
		case slices.Contains(r.Per, name), isCountedWord(name):
		case !slices.Contains(known, name):
			return "unknown placeholder {" + name + "}", projectfile.DidYouMean(name, known)
		case name == "noemer" && (r.Kind == RowCount || r.Kind == SQL || r.Kind == SQLValue || r.Kind == Freshness):
			return "{noemer}: " + string(r.Kind) + " has none", "leave it out"
		case name == "vorige" && (len(r.earlierStands()) == 0 || r.Versus != ""):
			return "{vorige}: the rule has no limit on a change", "leave it out, or write a limit such as warn: {drop: {points: 3}}"
		case name == "categorie" && r.Kind != Distribution, name == "kolommen" && r.Kind != ConstantOrEmpty:
			return "{" + name + "}: " + string(r.Kind) + " has none", "leave it out"
		case name == "drempel" && r.Severity != "" && r.Kind != Freshness:
			return "{drempel}: a rule with a severity has no limit", "leave it out, or write warn, alarm or block in place of severity"
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		return "a brace without its pair", "placeholders are written {waarde}"
	}
	return "", ""
}

// numbers are those of a verdict as text writes them.
type numbers struct{ value, count, teller, noemer, earlier, limit string }

// written returns the numbers of a verdict in full. A missing one is [dutch.Unknown].
func (r Rule) written(m Measure, v Verdict) numbers {
	write := dutch.Amount
	if v.Percentage {
		write = dutch.Percentage
	}
	n := numbers{
		value: write(v.Value), count: dutch.Amount(v.Value), teller: dutch.Amount(v.Teller), noemer: dutch.Amount(v.Noemer),
		limit: limitText(v.Limit, v.Percentage),
	}
	if v.Percentage {
		n.count = n.teller
	}
	if stands := r.earlierStands(); len(stands) > 0 {
		n.earlier = write(m.Earlier[stands[0]])
	}
	return n
}

// full fills the placeholders of a text, with the numbers in full.
func (r Rule) full(text string, m Measure, v Verdict) string {
	return r.fill(text, m, v, r.written(m, v))
}

func (r Rule) fill(text string, m Measure, v Verdict, n numbers) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[1 : len(match)-1]
		if slices.Contains(r.Per, name) {
			return m.GroupValues[name]
		}
		if one, more, ok := dutch.OneOrMore(name); ok && n.count == "1" {
			return one
		} else if ok {
			return more
		}
		switch name {
		case "waarde":
			return n.value
		case "aantal":
			return n.count
		case "teller":
			return n.teller
		case "noemer":
			return n.noemer
		case "drempel":
			return n.limit
		case "groep":
			return v.Group
		case "vorige":
			return n.earlier
		case "categorie", "kolommen":
			if m.Detail == "" {
				return "geen"
			}
			return m.Detail
		default: // peildatum, the only word left
			return dutch.Day(m.Peildatum)
		}
	})
}

// text says that a shock is known, and until when.
func (a Acceptance) text() string {
	until, err := time.Parse(time.DateOnly, a.Until)
	if err != nil {
		return "Aanvaard: " + a.Reason
	}
	return "Aanvaard tot en met " + dutch.Day(until) + ": " + a.Reason
}
