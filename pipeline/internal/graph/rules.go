package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// FindRule finds a rule by its id, or by a shorter name if that is unique.
func (g *Graph) FindRule(name string) (rule.Rule, error) {
	var found []rule.Rule
	for _, r := range g.Rules {
		if r.ID() == name {
			return r, nil
		}
		if r.Name == name || r.Table+"."+r.Name == name {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		var names []string
		for _, r := range g.Rules {
			names = append(names, r.ID(), r.Name)
		}
		hint := projectfile.DidYouMean(name, names)
		if hint == "" {
			hint = "inbeeld check prints the names"
		}
		return rule.Rule{}, usage.Errorf("no check %q; %s", name, hint)
	}
	var ids []string
	for _, r := range found {
		ids = append(ids, r.ID())
	}
	return rule.Rule{}, usage.Errorf("several checks are called %q; write %s", name, strings.Join(ids, " or "))
}

// RuleFingerprint covers what a rule measures and how it judges, but not its texts and recipients.
func (g *Graph) RuleFingerprint(n *Query, r rule.Rule) string {
	r.Notify, r.Explain, r.Action, r.Description = nil, "", "", ""
	text, err := json.Marshal(r)
	if err != nil {
		panic("rules are plain values: " + err.Error())
	}
	parts := []string{"rule", string(text)}
	for _, read := range n.Reads {
		parts = append(parts, fmt.Sprint(read.Kind), read.Name)
		switch read.Kind {
		case ReadModel, ReadBefore, ReadYear:
			if of := g.ByName[read.Name]; of != nil {
				parts = append(parts, of.Closure)
			}
		case ReadRef:
			parts = append(parts, g.Reference(read.Name).Fingerprint())
		case ReadRaw, ReadMeta:
		}
	}
	return fingerprint.Of(parts...)[:16]
}

// AffectedMarts returns the marts that use the table of a rule, sorted.
func (g *Graph) AffectedMarts(r rule.Rule) []string {
	reached := map[string]bool{r.Schema + "." + r.Table: true}
	found := map[string]bool{}
	for _, n := range g.Order { // each comes after what it reads
		for _, read := range n.Reads {
			name := read.Name
			if read.Kind == ReadRaw {
				name = "raw." + read.Name
			}
			reached[n.Name] = reached[n.Name] || reached[name]
		}
		if reached[n.Name] && n.Model.Schema == "marts" && !n.Model.Intern {
			found[n.Model.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
