package checks

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
)

// placeholder is {word} in an explanation.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// placeholders are the built-in words of an explanation. A column under per of the same name wins.
var placeholders = []string{"waarde", "teller", "noemer", "drempel", "groep", "peildatum", "aantal", "vorige", "categorie", "kolommen"}

// explanationFault says what is wrong with an explanation of the rule, or "".
func (r Rule) explanationFault(explain string) (message, hint string) {
	known := slices.Concat(r.Per, placeholders)
	for _, match := range placeholder.FindAllStringSubmatch(explain, -1) {
		switch name := match[1]; {
		case slices.Contains(r.Per, name):
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
	if strings.ContainsAny(placeholder.ReplaceAllString(explain, ""), "{}") {
		return "a brace without its pair", "placeholders are written {waarde}"
	}
	return "", ""
}

// explanation fills the placeholders. A number that there is not is "onbekend".
func (r Rule) explanation(m Measure, v Verdict) string {
	return placeholder.ReplaceAllStringFunc(r.Explain, func(match string) string {
		name := match[1 : len(match)-1]
		if slices.Contains(r.Per, name) {
			return m.GroupValues[name]
		}
		switch name {
		case "waarde":
			if v.Percentage {
				return percentage(v.Value)
			}
			return amount(v.Value)
		case "aantal":
			if !v.Percentage {
				return amount(v.Value)
			}
			return amount(v.Teller)
		case "teller":
			return amount(v.Teller)
		case "noemer":
			return amount(v.Noemer)
		case "drempel":
			return limit(v.Limit, v.Percentage)
		case "groep":
			return v.Group
		case "vorige":
			earlier := m.Earlier[r.earlierStands()[0]]
			if v.Percentage {
				return percentage(earlier)
			}
			return amount(earlier)
		case "categorie", "kolommen":
			if m.Detail == "" {
				return "geen"
			}
			return m.Detail
		default: // peildatum, the only word left
			return day(m.Peildatum)
		}
	})
}

// text says that a shock is known, and until when.
func (a Acceptance) text() string {
	until, err := time.Parse(time.DateOnly, a.Until)
	if err != nil {
		return "Aanvaard: " + a.Reason
	}
	return "Aanvaard tot en met " + day(until) + ": " + a.Reason
}
