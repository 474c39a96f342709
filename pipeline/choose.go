package pipeline

import (
	"path"
	"slices"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

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

// chooseRules gives the rules that selectors name, in order; all when there are none. A selector is one of
// a table as [Bound.choose] reads it, the name of a check with or without its table, or notify:role.
func (b *Bound) chooseRules(selectors []string) ([]checks.Rule, error) {
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
	return slices.DeleteFunc(slices.Clone(b.Rules), func(r checks.Rule) bool { return !in[r.ID()] }), nil
}

// rulesOf are the IDs of the rules that one selector names.
func (b *Bound) rulesOf(s selector) []string {
	tables := map[string]bool{}
	models := map[*node]bool{}
	for _, r := range b.Rules {
		on := b.node(r.Schema + "." + r.Table)
		if !s.selects(on) {
			continue
		}
		tables[on.name] = true
		if on.model == nil {
			continue
		}
		b.take(models, on, s.up, s.down)
		for _, source := range on.sources {
			for _, schema := range []string{"raw.", "quarantine."} {
				tables[schema+source] = tables[schema+source] || s.up
			}
		}
	}
	for n := range models {
		tables[n.name] = true
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
func (s selector) selects(on *node) bool {
	if tag, ok := strings.CutPrefix(s.name, "tag:"); ok {
		return on.model != nil && slices.Contains(on.model.Tags, tag)
	}
	_, table, _ := strings.Cut(on.name, ".")
	return s.matches(on.name, table)
}

// ruleNames is what a rule may be called, for hints.
func (b *Bound) ruleNames() []string {
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
