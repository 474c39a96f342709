package ruletext

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"inbeeld/checks/rule"
)

// A DocumentedCheck is a check in words.
type DocumentedCheck struct {
	Name, Table, Description, What string
	// Limits are what is found bad and how bad, one a line; those of single groups begin with its name.
	Limits  []string
	Explain string   // with its placeholders
	Ernst   []string // that a verdict of the check may have when something is wrong, mildest first
	Notify  []string // roles
}

func DocumentCheck(r rule.Rule) DocumentedCheck {
	c := DocumentedCheck{
		Name: r.Name, Table: r.Schema + "." + r.Table, Description: r.Description, What: Say("kind", r), Explain: r.Template(), Notify: r.Notify,
	}
	for _, e := range r.Severities() {
		c.Ernst = append(c.Ernst, string(e))
	}
	if r.Severity != "" {
		c.Limits = append(c.Limits, Say("severity", r))
	}
	if text := Say("limits", LimitsOf{Rule: r, Limits: r.Limits}); text != "" {
		c.Limits = append(c.Limits, text)
	}
	for _, group := range slices.Sorted(maps.Keys(r.Overrides)) {
		c.Limits = append(c.Limits, fmt.Sprintf("%s%s: %s", group, Say("during", r.Overrides[group]), Say("limits", LimitsOf{Rule: r, Limits: r.Overrides[group]})))
	}
	for _, a := range r.Accepted {
		c.Limits = append(c.Limits, strings.TrimSuffix(Say("acceptance", a), "."))
	}
	if r.MinDenominator != nil {
		c.Limits = append(c.Limits, Say("minimum", r.MinDenominator))
	}
	return c
}
