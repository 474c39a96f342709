package graph

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// Select gives the models that selectors name, in order: name, schema.name or a pattern with *;
// tag:name; + before it adds what it reads, + behind it adds what reads it.
func (b *Graph) Select(selectors []string) ([]*Query, error) {
	in := map[*Query]bool{}
	for _, text := range selectors {
		s, found := readSelector(text), false
		for _, n := range b.Order {
			if !s.selects(n) {
				continue
			}
			if slices.Contains(n.Meta, Findings) {
				return nil, usage.Errorf("%s is made of findings, which a development run does not make", n.Name)
			}
			found = true
			b.take(in, n, s.up, s.down)
		}
		if !found {
			var all []string
			for _, n := range b.Order {
				all = append(all, n.Name)
			}
			hint := projectfile.Nearest(s.name, all)
			if hint != "" {
				hint = fmt.Sprintf("; did you mean %s?", hint)
			}
			return nil, usage.Errorf("--select %s names no model%s", text, hint)
		}
	}
	return slices.DeleteFunc(slices.Clone(b.Order), func(n *Query) bool { return !in[n] }), nil
}

func (b *Graph) take(in map[*Query]bool, n *Query, up, down bool) {
	in[n] = true
	for _, r := range n.Reads {
		if up && (r.Kind == ReadModel || r.Kind == ReadBefore) {
			b.take(in, b.ByName[r.Name], true, false)
		}
	}
	for _, m := range b.Order {
		if down && !slices.Contains(m.Meta, Findings) && slices.ContainsFunc(m.Reads, func(r Read) bool { return r.Name == n.Name }) {
			b.take(in, m, false, true)
		}
	}
}

// A selector names tables or checks: + before it adds what a table reads, + behind it what reads it.
type selector struct {
	name     string
	up, down bool
}

func readSelector(text string) selector {
	name, up := strings.CutPrefix(text, "+")
	name, down := strings.CutSuffix(name, "+")
	return selector{name: name, up: up, down: down}
}

// matches tells whether the selector is one of some names, or a pattern with * of one.
func (s selector) matches(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		ok, err := path.Match(s.name, name)
		return err == nil && ok
	})
}

// SelectRules gives the rules that selectors name, in order; all when there are none. A selector is one of
// a table as [Bound.choose] reads it, the name of a check with or without its table, or notify:role.
func (b *Graph) SelectRules(selectors []string) ([]rule.Rule, error) {
	if len(selectors) == 0 {
		return b.Rules, nil
	}
	in := map[string]bool{}
	for _, text := range selectors {
		chosen := b.rulesOf(readSelector(text))
		if len(chosen) == 0 {
			hint := projectfile.DidYouMean(readSelector(text).name, b.ruleNames())
			if hint == "" {
				hint = "write a table, a check, a pattern with *, tag:name or notify:role"
			}
			return nil, usage.Errorf("%s names no check; %s", text, hint)
		}
		for _, id := range chosen {
			in[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(b.Rules), func(r rule.Rule) bool { return !in[r.ID()] }), nil
}

// rulesOf are the IDs of the rules that one selector names.
func (b *Graph) rulesOf(s selector) []string {
	tables := map[string]bool{}
	models := map[*Query]bool{}
	for _, r := range b.Rules {
		on := b.node(r.Schema + "." + r.Table)
		if !s.selects(on) {
			continue
		}
		tables[on.Name] = true
		if on.Model == nil {
			continue
		}
		b.take(models, on, s.up, s.down)
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
	for _, r := range b.Rules {
		role, ofRole := strings.CutPrefix(s.name, "notify:")
		if tables[r.Schema+"."+r.Table] || s.matches(r.ID(), r.Name, r.Table+"."+r.Name) || ofRole && slices.Contains(r.Notify, role) {
			chosen = append(chosen, r.ID())
		}
	}
	return chosen
}

// selects tells whether the selector names a table, or a tag of it.
func (s selector) selects(on *Query) bool {
	if tag, ok := strings.CutPrefix(s.name, "tag:"); ok {
		return on.Model != nil && slices.Contains(on.Model.Tags, tag)
	}
	_, table, _ := strings.Cut(on.Name, ".")
	return s.matches(on.Name, table)
}

// ruleNames is what a rule may be called, for hints.
func (b *Graph) ruleNames() []string {
	var names []string
	for _, r := range b.Rules {
		names = append(names, r.ID(), r.Name, r.Schema+"."+r.Table, r.Table)
		for _, role := range r.Notify {
			names = append(names, "notify:"+role)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
