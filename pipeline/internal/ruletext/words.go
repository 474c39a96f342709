package ruletext

import (
	"embed"
	"math/big"
	"strings"
	"text/template"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
)

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
