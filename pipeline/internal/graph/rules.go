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

// FindRule finds a rule by its id, or by a shorter name that only one has.
func (b *Graph) FindRule(name string) (rule.Rule, error) {
	var found []rule.Rule
	for _, r := range b.Rules {
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
		for _, r := range b.Rules {
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

// RulePrint is a fingerprint of what a rule measures and how it judges that: not of its words, nor of
// who hears of it.
func (b *Graph) RuleFingerprint(n *Query, r rule.Rule) string {
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
			if of := b.ByName[read.Name]; of != nil {
				parts = append(parts, of.Closure)
			}
		case ReadRef:
			parts = append(parts, b.Reference(read.Name).Fingerprint())
		case ReadRaw, ReadMeta:
		}
	}
	return fingerprint.Of(parts...)[:16]
}

// AffectedMarts are the marts that are made of the table of a rule.
func (b *Graph) AffectedMarts(r rule.Rule) []string {
	reached := map[string]bool{r.Schema + "." + r.Table: true}
	found := map[string]bool{}
	for _, n := range b.Order { // each comes after what it reads
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
