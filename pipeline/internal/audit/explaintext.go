package audit

import (
	"embed"
	"strings"
	"text/template"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/ruletext"
)

//go:embed uitleg.tmpl
var textFiles embed.FS

// An override holds limits that apply to one group only.
type override struct {
	Group  string
	Limits rule.Limits
}

// madeOf is the earlier stand that a verdict was compared with.
type madeOf struct {
	Rule   rule.Rule
	Stand  rule.Stand
	Date   string // "" if there is none
	Then   Moment // its Peildatum is "" if the group had no verdict
	Now    Moment
	Limit  string
	Change bool // a limit was computed from it
}

// A doing selects the text about what to do.
type doing struct {
	Rule  rule.Rule
	Ernst string
}

// limitLines returns the limits of a rule in words, each a sentence.
func limitLines(r rule.Rule, limits rule.Limits) []string {
	lines := []string{}
	if r.Severity != "" {
		lines = append(lines, ruletext.Render("severity", r))
	}
	if text := ruletext.Render("limits", ruletext.RuleLimits{Rule: r, Limits: limits}); text != "" {
		lines = append(lines, text)
	}
	if r.MinDenominator != nil {
		lines = append(lines, ruletext.Render("minimum", r.MinDenominator))
	}
	for i, text := range lines {
		lines[i] = dutch.Capital(text) + "."
	}
	return lines
}

// actionOf returns what a rule says to do, or else what its kind of rule calls for.
func actionOf(r rule.Rule, ernst, own string) string {
	if own != "" && ernst != string(rule.OK) && ernst != string(rule.GeenOordeel) {
		return own
	}
	return ruletext.Render("doing", doing{Rule: r, Ernst: ernst})
}

// explanation is the template of [Explanation.Text].
var explanation = template.Must(template.New("uitleg.tmpl").Funcs(template.FuncMap{
	"list":   func(names []string) string { return strings.Join(names, ", ") },
	"day":    dutch.Date,
	"date":   dutch.ShortDate,
	"figure": func(decimal string, r rule.Rule) string { return dutch.Figure(decimal, r.Percentage()) },
	"count":  func(decimal string) string { return dutch.Figure(decimal, false) },
}).ParseFS(textFiles, "uitleg.tmpl"))

// Text returns the explanation in plain Dutch. Tabs separate the cells of tables.
func (e *Explanation) Text() string {
	var b strings.Builder
	if err := explanation.Execute(&b, struct {
		*Explanation
		Rule rule.Rule
		Data string
	}{e, e.rule, e.data}); err != nil {
		panic("uitleg.tmpl: " + err.Error())
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
