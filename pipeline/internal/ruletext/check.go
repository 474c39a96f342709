// Package ruletext describes rules in Dutch, with the templates of woorden.tmpl.
package ruletext

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"inbeeld/checks/rule"
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
