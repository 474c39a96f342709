package checks

import (
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// placeholder is {word} in an explanation.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// placeholders are the built-in words of an explanation. A column under per of the same name wins.
var placeholders = []string{"waarde", "teller", "noemer", "drempel", "groep", "peildatum", "aantal"}

// explanationFault says what is wrong with the explanation of a rule, or "".
func (r Rule) explanationFault() (message, hint string) {
	known := slices.Concat(r.Per, placeholders)
	for _, match := range placeholder.FindAllStringSubmatch(r.Explain, -1) {
		switch name := match[1]; {
		case slices.Contains(r.Per, name):
		case !slices.Contains(known, name):
			return "unknown placeholder {" + name + "}", projectfile.DidYouMean(name, known)
		case name == "noemer" && (r.Kind == RowCount || r.Kind == SQL):
			return "{noemer}: " + string(r.Kind) + " has none", "leave it out"
		case name == "drempel" && r.Severity != "":
			return "{drempel}: a rule with a severity has no limit", "leave it out, or write warn, alarm or block in place of severity"
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(r.Explain, ""), "{}") {
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
		default: // peildatum, the only word left
			return day(m.Peildatum)
		}
	})
}
