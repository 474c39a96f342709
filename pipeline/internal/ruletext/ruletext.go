// Package ruletext describes rules in Dutch, with the templates of woorden.tmpl.
package ruletext

import (
	"embed"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"text/template"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
)

// A Check is a check in words.
type Check struct {
	Name, Table, Description, What string
	// Limits are the limits with their ernst, one a line. A limit of one group begins with its name.
	Limits  []string
	Explain string   // with placeholders
	Ernst   []string // that a verdict may have when something is wrong, mildest first
	Notify  []string // roles
}

// Describe returns the description of a rule.
func Describe(r rule.Rule) Check {
	c := Check{
		Name: r.Name, Table: r.Schema + "." + r.Table, Description: r.Description, What: Render("kind", r), Explain: r.Template(), Notify: r.Notify,
	}
	for _, e := range r.Severities() {
		c.Ernst = append(c.Ernst, string(e))
	}
	if r.Severity != "" {
		c.Limits = append(c.Limits, Render("severity", r))
	}
	if text := Render("limits", RuleLimits{Rule: r, Limits: r.Limits}); text != "" {
		c.Limits = append(c.Limits, text)
	}
	for _, group := range slices.Sorted(maps.Keys(r.Overrides)) {
		c.Limits = append(c.Limits, fmt.Sprintf("%s%s: %s", group, Render("during", r.Overrides[group]), Render("limits", RuleLimits{Rule: r, Limits: r.Overrides[group]})))
	}
	for _, a := range r.Accepted {
		c.Limits = append(c.Limits, strings.TrimSuffix(Render("acceptance", a), "."))
	}
	if r.MinDenominator != nil {
		c.Limits = append(c.Limits, Render("minimum", r.MinDenominator))
	}
	return c
}

//go:embed woorden.tmpl
var files embed.FS

// A limitOf is a limit, and whether it is a percentage.
type limitOf struct {
	Limit      rule.Limit
	Percentage bool
}

// A RuleLimits is a rule with its own limits, or those of one group.
type RuleLimits struct {
	Rule   rule.Rule
	Limits rule.Limits
}

// words are the Dutch words of woorden.tmpl.
var words = template.Must(template.New("woorden").Funcs(template.FuncMap{
	"list":   func(names []string) string { return strings.Join(names, ", ") },
	"and_":   dutch.And,
	"number": exact,
	"share":  func(n *big.Rat) string { return exact(new(big.Rat).Mul(n, big.NewRat(100, 1))) },
	"day":    dutch.Date,
	"figure": dutch.Figure,
	"limit":  func(l *rule.Limit, r rule.Rule) limitOf { return limitOf{Limit: *l, Percentage: r.Percentage()} },
}).ParseFS(files, "woorden.tmpl"))

// Render gives the words of one template on a line, without what separates parts at the end.
func Render(name string, about any) string {
	var b strings.Builder
	if err := words.ExecuteTemplate(&b, name, about); err != nil {
		panic("woorden.tmpl: " + err.Error())
	}
	return strings.TrimSuffix(strings.Join(strings.Fields(b.String()), " "), ";")
}

// exact formats n with all its decimals, at most six.
func exact(n *big.Rat) string { return dutch.Exact(n, 0, 6) }
