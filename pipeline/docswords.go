package pipeline

import (
	"embed"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"text/template"

	"inbeeld/checks"
)

//go:embed docs/*.tmpl
var docsFiles embed.FS

// A limitOf is a limit with whether it is a percentage.
type limitOf struct {
	Limit      checks.Limit
	Percentage bool
}

// A limitsOf are the limits of a rule, its own or those of one group.
type limitsOf struct {
	Rule   checks.Rule
	Limits checks.Limits
}

// words are the Dutch words of docs/woorden.tmpl.
var words = template.Must(template.New("woorden").Funcs(template.FuncMap{
	"list":   func(names []string) string { return strings.Join(names, ", ") },
	"and_":   enumerate,
	"number": exactNumber,
	"share":  func(n *big.Rat) string { return exactNumber(new(big.Rat).Mul(n, big.NewRat(100, 1))) },
	"day":    longDay,
	"figure": figure,
	"limit":  func(l *checks.Limit, r checks.Rule) limitOf { return limitOf{Limit: *l, Percentage: r.Percentage()} },
}).ParseFS(docsFiles, "docs/woorden.tmpl"))

// say gives the words of one template on a line, without what separates parts at the end.
func say(name string, about any) string {
	var b strings.Builder
	if err := words.ExecuteTemplate(&b, name, about); err != nil {
		panic("docs/woorden.tmpl: " + err.Error())
	}
	return strings.TrimSuffix(strings.Join(strings.Fields(b.String()), " "), ";")
}

// enumerate gives "a, b en c".
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " en " + names[len(names)-1]
}

// exactNumber is a number in Dutch notation with as many decimals as it has, at most six.
func exactNumber(n *big.Rat) string {
	digits := 0
	for unit := big.NewRat(1, 1); digits < 6 && !new(big.Rat).Mul(n, unit).IsInt(); digits++ {
		unit.Mul(unit, big.NewRat(10, 1))
	}
	return checks.FormatNumber(n, digits)
}

// A DocumentedCheck is a check in words.
type DocumentedCheck struct {
	Name, Table, Description, What string
	// Limits are what is found bad and how bad, one a line; those of single groups begin with its name.
	Limits  []string
	Explain string   // with its placeholders
	Ernst   []string // that a verdict of the check may have when something is wrong, mildest first
	Notify  []string // roles
}

func documentCheck(r checks.Rule) DocumentedCheck {
	c := DocumentedCheck{
		Name: r.Name, Table: r.Schema + "." + r.Table, Description: r.Description, What: say("kind", r), Explain: r.Template(), Notify: r.Notify,
	}
	for _, e := range r.Worst() {
		c.Ernst = append(c.Ernst, string(e))
	}
	if r.Severity != "" {
		c.Limits = append(c.Limits, say("severity", r))
	}
	if text := say("limits", limitsOf{Rule: r, Limits: r.Limits}); text != "" {
		c.Limits = append(c.Limits, text)
	}
	for _, group := range slices.Sorted(maps.Keys(r.Overrides)) {
		c.Limits = append(c.Limits, fmt.Sprintf("%s%s: %s", group, say("during", r.Overrides[group]), say("limits", limitsOf{Rule: r, Limits: r.Overrides[group]})))
	}
	for _, a := range r.Accepted {
		c.Limits = append(c.Limits, strings.TrimSuffix(say("acceptance", a), "."))
	}
	if r.MinDenominator != nil {
		c.Limits = append(c.Limits, say("minimum", r.MinDenominator))
	}
	return c
}
