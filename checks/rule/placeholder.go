package rule

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/projectfile"
)

// Placeholder matches {word} in an explanation or an action.
var Placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// placeholders are the built-in ones. A column under per with the same name takes precedence.
var placeholders = []string{"waarde", "teller", "noemer", "drempel", "groep", "peildatum", "aantal", "vorige", "categorie", "kolommen"}

// Template returns the explanation with its placeholders, except that counted words are plural.
func (r Rule) Template() string {
	return Placeholder.ReplaceAllStringFunc(r.Explain, func(match string) string {
		if _, more, ok := dutch.OneOrMore(match[1 : len(match)-1]); ok {
			return more
		}
		return match
	})
}

// placeholderFault explains what is wrong with the placeholders in a text; message is "" if nothing is.
func (r Rule) placeholderFault(text string) (message, hint string) {
	known := slices.Concat(r.Per, placeholders)
	for _, match := range Placeholder.FindAllStringSubmatch(text, -1) {
		name := match[1]
		_, _, counted := dutch.OneOrMore(name) // such as {regel|regels}
		switch {
		case counted, slices.Contains(r.Per, name):
		case !slices.Contains(known, name):
			return "unknown placeholder {" + name + "}", projectfile.DidYouMean(name, known)
		case name == "noemer" && (r.Kind == RowCount || r.Kind == SQL || r.Kind == SQLValue || r.Kind == Freshness):
			return "{noemer}: " + string(r.Kind) + " has none", "leave it out"
		case name == "vorige" && (len(r.EarlierStands()) == 0 || r.Versus != ""):
			return "{vorige}: the rule has no limit on a change", "leave it out, or write a limit such as warn: {drop: {points: 3}}"
		case name == "categorie" && r.Kind != Distribution, name == "kolommen" && r.Kind != ConstantOrEmpty:
			return "{" + name + "}: " + string(r.Kind) + " has none", "leave it out"
		case name == "drempel" && r.Severity != "" && r.Kind != Freshness:
			return "{drempel}: a rule with a severity has no limit", "leave it out, or write warn, alarm or block in place of severity"
		}
	}
	if strings.ContainsAny(Placeholder.ReplaceAllString(text, ""), "{}") {
		return "an unmatched brace", "write placeholders as {waarde}"
	}
	return "", ""
}

// Text returns the acceptance as a Dutch sentence.
func (a Acceptance) Text() string {
	until, err := time.Parse(time.DateOnly, a.Until)
	if err != nil {
		return "Aanvaard: " + a.Reason
	}
	return "Aanvaard tot en met " + dutch.Day(until) + ": " + a.Reason
}
