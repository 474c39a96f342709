package graph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// Select returns the models that selectors name, in order. A selector is a name, schema.name, a pattern
// with * or tag:name. A + before it adds what the model reads, a + after it what reads the model.
func (g *Graph) Select(selectors []string) ([]*Query, error) {
	in := map[*Query]bool{}
	for _, text := range selectors {
		s, found := parseSelector(text), false
		for _, n := range g.Order {
			if !s.selects(n) {
				continue
			}
			if slices.Contains(n.Meta, Findings) {
				return nil, usage.Errorf("%s reads findings, which a development run does not compute", n.Name)
			}
			found = true
			g.take(in, n, s.up, s.down)
		}
		if !found {
			hint := projectfile.Nearest(s.name, g.ModelNames())
			if hint != "" {
				hint = fmt.Sprintf("; did you mean %s?", hint)
			}
			return nil, usage.Errorf("--select %s names no model%s", text, hint)
		}
	}
	return slices.DeleteFunc(slices.Clone(g.Order), func(n *Query) bool { return !in[n] }), nil
}

// take adds a model, and what it reads (up) or what reads it (down).
func (g *Graph) take(in map[*Query]bool, n *Query, up, down bool) {
	in[n] = true
	for _, r := range n.Reads {
		if up && (r.Kind == ReadModel || r.Kind == ReadBefore) {
			g.take(in, g.ByName[r.Name], true, false)
		}
	}
	for _, m := range g.Order {
		if down && !slices.Contains(m.Meta, Findings) && slices.ContainsFunc(m.Reads, func(r Read) bool { return r.Name == n.Name }) {
			g.take(in, m, false, true)
		}
	}
}

// A selector is a parsed selector, without its plus signs.
type selector struct {
	name     string
	up, down bool
}

func parseSelector(text string) selector {
	name, up := strings.CutPrefix(text, "+")
	name, down := strings.CutSuffix(name, "+")
	return selector{name: name, up: up, down: down}
}

// matches reports whether the selector equals, or as a pattern matches, one of the names.
func (s selector) matches(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		ok, err := path.Match(s.name, name)
		return err == nil && ok
	})
}

// SelectRules returns the rules that selectors name, in order, or all without selectors. A selector is one
// for a table as in [Graph.Select], the name of a check with or without its table, or notify:role.
func (g *Graph) SelectRules(selectors []string) ([]rule.Rule, error) {
	if len(selectors) == 0 {
		return g.Rules, nil
	}
	in := map[string]bool{}
	for _, text := range selectors {
		chosen := g.rulesOf(parseSelector(text))
		if len(chosen) == 0 {
			hint := cmp.Or(projectfile.DidYouMean(parseSelector(text).name, g.ruleNames()),
				"write a table, a check, a pattern with *, tag:name or notify:role")
			return nil, usage.Errorf("%s names no check; %s", text, hint)
		}
		for _, id := range chosen {
			in[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(g.Rules), func(r rule.Rule) bool { return !in[r.ID()] }), nil
}

// rulesOf returns the ids of the rules that a selector names.
func (g *Graph) rulesOf(s selector) []string {
	tables := map[string]bool{}
	models := map[*Query]bool{}
	for _, r := range g.Rules {
		on := g.lookup(r.Schema + "." + r.Table)
		if !s.selects(on) {
			continue
		}
		tables[on.Name] = true
		if on.Model == nil {
			continue
		}
		g.take(models, on, s.up, s.down)
		for _, source := range on.Sources {
			for _, schema := range []string{"raw.", "quarantine."} {
				tables[schema+source] = tables[schema+source] || s.up
			}
		}
	}
	for n := range models {
		tables[n.Name] = true
	}
	var chosen []string
	for _, r := range g.Rules {
		role, ofRole := strings.CutPrefix(s.name, "notify:")
		if tables[r.Schema+"."+r.Table] || s.matches(r.ID(), r.Name, r.Table+"."+r.Name) || ofRole && slices.Contains(r.Notify, role) {
			chosen = append(chosen, r.ID())
		}
	}
	return chosen
}

// selects reports whether the selector names a table or one of its tags.
func (s selector) selects(on *Query) bool {
	if tag, ok := strings.CutPrefix(s.name, "tag:"); ok {
		return on.Model != nil && slices.Contains(on.Model.Tags, tag)
	}
	_, table, _ := strings.Cut(on.Name, ".")
	return s.matches(on.Name, table)
}

// ruleNames returns all names in selectors of rules, for hints.
func (g *Graph) ruleNames() []string {
	var names []string
	for _, r := range g.Rules {
		names = append(names, r.ID(), r.Name, r.Schema+"."+r.Table, r.Table)
		for _, role := range r.Notify {
			names = append(names, "notify:"+role)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

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
		hint := cmp.Or(projectfile.DidYouMean(name, names), "inbeeld check prints the names")
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
