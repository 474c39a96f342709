package pipeline

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql"
)

// checkModel compares the columns of a model with its header.
func (b *binder) checkModel(n *node) {
	m := n.model
	if !m.Header {
		return
	}
	var names []string
	for _, c := range n.columns {
		names = append(names, strings.ToLower(c.Name))
	}
	for i, g := range m.Grain {
		if !slices.Contains(names, strings.ToLower(g)) {
			b.fault(m.Doc.At(fmt.Sprintf("$.grain[%d]", i), projectfile.DidYouMean(g, names), "grain %q is no column of %s", g, n.name))
		}
	}
	for _, c := range m.Columns {
		if !slices.Contains(names, strings.ToLower(c.Name)) {
			b.fault(m.Doc.At("$.columns."+c.Name, projectfile.DidYouMean(c.Name, names), "described column %q does not exist", c.Name))
		}
	}
	for i, source := range m.Peildata {
		if !slices.Contains(n.sources, source) {
			b.fault(m.Doc.At(fmt.Sprintf("$.peildata[%d]", i), projectfile.DidYouMean(source, n.sources), "%s does not read source %q", n.name, source))
		}
	}
	if m.Schema != "marts" {
		return
	}
	if m.Budget != nil {
		b.checkBudget(n, names)
	}
	if n.per == perPeildatum && (len(names) == 0 || names[0] != "peildatum") {
		b.fault(m.Doc.At("$.per", "begin with getvariable('peildatum')::date as peildatum", "the first column of a per-peildatum mart is peildatum"))
	}
	for _, c := range n.columns {
		if m.Describe(c.Name) == "" {
			b.fault(m.Doc.At("$.columns", "add to the header: "+c.Name+": …", "column %s of a mart has no description", c.Name))
		}
		if hint := martType(c.Type); hint != "" {
			b.fault(m.Doc.At("$.columns."+c.Name, hint, "column %s has type %s, which a mart cannot publish", c.Name, c.Type))
		}
	}
}

// checkBudget compares the measures of a budget with the columns of its mart.
func (b *binder) checkBudget(n *node, names []string) {
	for _, l := range n.model.Budget.Moved {
		at := "$.budget.moved." + l.Column
		switch i := slices.Index(names, strings.ToLower(l.Column)); {
		case i < 0:
			b.fault(n.model.Doc.At(at, projectfile.DidYouMean(l.Column, names), "budget of column %q, which does not exist", l.Column))
		case !isNumber(n.columns[i].Type):
			b.fault(n.model.Doc.At(at, "limit a column of numbers, or all rows with changed", "column %s has type %s, and cannot be measured", l.Column, n.columns[i].Type))
		}
	}
}

// isNumber tells whether a column of a mart holds numbers.
func isNumber(t string) bool {
	return t == "INTEGER" || t == "BIGINT" || strings.HasPrefix(t, "DECIMAL")
}

var martDecimal = regexp.MustCompile(`^DECIMAL\(([0-9]+),[0-9]+\)$`)

// martType is a hint when a mart may not have columns of a type.
func martType(t string) string {
	switch t {
	case "VARCHAR", "BOOLEAN", "INTEGER", "BIGINT", "DATE", "TIMESTAMP":
		return ""
	case "HUGEINT":
		return "a sum of integers is HUGEINT; write sum(…)::bigint"
	case "DOUBLE", "FLOAT":
		return "divide integers with // and cast to decimal, so that the result is exact"
	}
	if m := martDecimal.FindStringSubmatch(t); m != nil && len(m[1]) <= 2 && m[1] <= "18" || m != nil && len(m[1]) == 1 {
		return ""
	}
	return "cast to varchar, boolean, integer, bigint, decimal(up to 18 digits), date or timestamp"
}

// bindChecks binds the rules to their tables and compiles them into queries, which become nodes.
func (b *binder) bindChecks(ctx context.Context) error {
	byTable := map[string][]checks.Rule{}
	var tables []string
	for _, r := range b.Rules {
		name := r.Schema + "." + r.Table
		if byTable[name] == nil {
			tables = append(tables, name)
		}
		byTable[name] = append(byTable[name], r)
	}
	slices.Sort(tables)
	b.deliver()
	for _, name := range tables {
		rules := byTable[name]
		on := b.node(name)
		if on == nil {
			all := slices.Sorted(maps.Keys(b.delivered))
			for _, m := range b.Models {
				all = append(all, m.FullName())
			}
			b.faultOfFiles(rules, projectfile.DidYouMean(name, all), "checks on %s, which does not exist", name)
			continue
		}
		if on.columns == nil {
			continue
		}
		if slices.Contains(on.meta, findings) {
			b.faultOfFiles(rules, "check what the findings are about", "%s is made from findings, so it cannot be checked", name)
			continue
		}
		if err := b.bindTable(ctx, on, rules); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) bindTable(ctx context.Context, on *node, rules []checks.Rule) error {
	table := checks.Table{PerPeildatum: on.per == perPeildatum, Key: b.keyOf(on)}
	table.Schema, table.Name, _ = strings.Cut(on.name, ".")
	for _, c := range on.columns {
		table.Columns = append(table.Columns, checks.Column{Name: c.Name, Type: c.Type})
	}
	var sound []checks.Rule
	for _, r := range rules {
		if faults := r.Bind(table); len(faults) > 0 {
			b.faults = append(b.faults, faults...)
			continue
		}
		if r.Kind == checks.Freshness {
			b.expects(r)
			continue
		}
		sound = append(sound, r)
	}
	if len(sound) == 0 {
		return nil
	}
	for _, r := range sound {
		for _, name := range r.References() {
			if of := b.node(name); of != nil && of.per == perPeildatum && on.per == perPeildatum && !slices.Contains(table.Dated, name) {
				table.Dated = append(table.Dated, name)
			}
		}
	}
	nodes, ok, err := b.compile(ctx, on, table, sound)
	if err != nil {
		return err
	}
	if ok {
		b.checks = append(b.checks, nodes...)
		return nil
	}
	for _, r := range sound {
		if err := b.vet(ctx, on, table, r); err != nil {
			return err
		}
	}
	return nil
}

// schemas are those that models and checks read from.
func (b *Bound) schemas() []string {
	return append([]string{"raw", "quarantine", "ref", "meta"}, sql.Layers...)
}
