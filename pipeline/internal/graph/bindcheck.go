package graph

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql/model"
	"inbeeld/sql/quote"
)

// checkModel compares the columns of a model with its header.
func (b *Binder) checkModel(n *Query) {
	m := n.Model
	if !m.Header {
		return
	}
	var names []string
	for _, c := range n.Columns {
		names = append(names, strings.ToLower(c.Name))
	}
	for i, g := range m.Grain {
		if !slices.Contains(names, strings.ToLower(g)) {
			b.fault(m.Doc.At(fmt.Sprintf("$.grain[%d]", i), projectfile.DidYouMean(g, names), "grain %q is no column of %s", g, n.Name))
		}
	}
	for _, c := range m.Columns {
		if !slices.Contains(names, strings.ToLower(c.Name)) {
			b.fault(m.Doc.At("$.columns."+c.Name, projectfile.DidYouMean(c.Name, names), "described column %q does not exist", c.Name))
		}
	}
	for i, source := range m.Peildata {
		if !slices.Contains(n.Sources, source) {
			b.fault(m.Doc.At(fmt.Sprintf("$.peildata[%d]", i), projectfile.DidYouMean(source, n.Sources), "%s does not read source %q", n.Name, source))
		}
	}
	if m.Schema != "marts" {
		return
	}
	if m.Budget != nil {
		b.checkBudget(n, names)
	}
	if n.Per == PerPeildatum && (len(names) == 0 || names[0] != "peildatum") {
		b.fault(m.Doc.At("$.per", "begin with getvariable('peildatum')::date as peildatum", "the first column of a per-peildatum mart is peildatum"))
	}
	for _, c := range n.Columns {
		if m.Describe(c.Name) == "" {
			b.fault(m.Doc.At("$.columns", "add to the header: "+c.Name+": …", "column %s of a mart has no description", c.Name))
		}
		if hint := martTypeHint(c.Type); hint != "" {
			b.fault(m.Doc.At("$.columns."+c.Name, hint, "column %s has type %s, which a mart cannot publish", c.Name, c.Type))
		}
	}
}

// checkBudget compares the measures of a budget with the columns of its mart.
func (b *Binder) checkBudget(n *Query, names []string) {
	for _, l := range n.Model.Budget.Moved {
		at := "$.budget.moved." + l.Column
		switch i := slices.Index(names, strings.ToLower(l.Column)); {
		case i < 0:
			b.fault(n.Model.Doc.At(at, projectfile.DidYouMean(l.Column, names), "budget of column %q, which does not exist", l.Column))
		case !IsNumber(n.Columns[i].Type):
			b.fault(n.Model.Doc.At(at, "limit a column of numbers, or all rows with changed", "column %s has type %s, and cannot be measured", l.Column, n.Columns[i].Type))
		}
	}
}

// martTypeHint returns a hint if a mart may not have columns of a type, or "".
func martTypeHint(t string) string {
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

// bindChecks binds the rules to their tables and compiles them to queries.
func (b *Binder) bindChecks(ctx context.Context) error {
	byTable := map[string][]rule.Rule{}
	for _, r := range b.Rules {
		byTable[r.Schema+"."+r.Table] = append(byTable[r.Schema+"."+r.Table], r)
	}
	b.addDeliveries()
	for _, name := range slices.Sorted(maps.Keys(byTable)) {
		rules := byTable[name]
		on := b.lookup(name)
		if on == nil {
			all := append(slices.Sorted(maps.Keys(b.Delivered)), b.ModelNames()...)
			b.faultPerFile(rules, projectfile.DidYouMean(name, all), "checks on %s, which does not exist", name)
			continue
		}
		if on.Columns == nil {
			continue
		}
		if slices.Contains(on.Meta, Findings) {
			b.faultPerFile(rules, "check what the findings are about", "%s is made from findings, so it cannot be checked", name)
			continue
		}
		if err := b.bindTable(ctx, on, rules); err != nil {
			return err
		}
	}
	return nil
}

// bindTable binds the rules on one table. If they cannot be compiled together, it diagnoses each.
func (b *Binder) bindTable(ctx context.Context, on *Query, rules []rule.Rule) error {
	table := rule.Table{PerPeildatum: on.Per == PerPeildatum, Key: b.rowKey(on)}
	table.Schema, table.Name, _ = strings.Cut(on.Name, ".")
	for _, c := range on.Columns {
		table.Columns = append(table.Columns, rule.Column{Name: c.Name, Type: c.Type})
	}
	var sound []rule.Rule
	for _, r := range rules {
		if faults := r.Bind(table); len(faults) > 0 {
			b.faults = append(b.faults, faults...)
			continue
		}
		if r.Kind == rule.Freshness {
			b.checkFreshness(r)
			continue
		}
		sound = append(sound, r)
	}
	if len(sound) == 0 {
		return nil
	}
	for _, r := range sound {
		for _, name := range r.References() {
			if of := b.lookup(name); of != nil && of.Per == PerPeildatum && on.Per == PerPeildatum && !slices.Contains(table.Dated, name) {
				table.Dated = append(table.Dated, name)
			}
		}
	}
	queries, ok, err := b.compile(ctx, on, table, sound)
	if err != nil {
		return err
	}
	if ok {
		b.Checks = append(b.Checks, queries...)
		return nil
	}
	for _, r := range sound {
		if err := b.diagnose(ctx, on, table, r); err != nil {
			return err
		}
	}
	return nil
}

// Schemas returns the schemas that models and checks may read.
func (g *Graph) Schemas() []string {
	return append([]string{"raw", "quarantine", "ref", "meta"}, model.Layers...)
}

// addDeliveries makes deliveries and their quarantine tables that checks can be on. It is called after models
// are bound, because only checks may read these and earlier stands.
func (b *Binder) addDeliveries() {
	b.Delivered = map[string]*Query{}
	for _, c := range b.Contracts {
		for schema, columns := range map[string][]duck.Column{"raw": RawColumns(c), "quarantine": QuarantineColumns} {
			name := schema + "." + c.Name
			b.Delivered[name] = &Query{
				Name: name, Columns: columns, Per: PerPeildatum, Sources: []string{c.Name}, Peildata: []string{c.Name},
				Inputs: []Input{{Source: c.Name}}, Closure: fingerprint.Of(name, fmt.Sprint(columns)),
			}
		}
	}
}

// resolveStand resolves tables that only checks may read: quarantine, the stand of a year before, and the
// preceding stand of a delivery.
func (b *Binder) resolveStand(t sqlast.Reference) (r Read, ok bool) {
	if b.Delivered == nil {
		return r, false
	}
	full := t.Schema + "." + t.Name
	if base, cut := strings.CutSuffix(full, YearSuffix); cut && b.lookup(base) != nil {
		return Read{ReadYear, base}, true
	}
	if base, cut := strings.CutSuffix(full, BeforeSuffix); cut && b.Delivered[base] != nil {
		return Read{ReadBefore, base}, true
	}
	return Read{ReadModel, full}, t.Schema == "quarantine" && b.Delivered[full] != nil
}

// createEmpty creates an empty table to bind against, for a table that only checks may read.
func (b *Binder) createEmpty(ctx context.Context, r Read, of *Query) error {
	if of.Columns == nil || (b.Delivered[r.Name] == nil && r.Kind != ReadYear) {
		return nil
	}
	schema, table, _ := strings.Cut(r.Table(), ".")
	return b.Session.Exec(ctx, "create schema if not exists "+quote.Ident(schema)+"; "+
		strings.Replace(CreateTable(schema, table, of.Columns), "create table", "create table if not exists", 1))
}

// rowKey returns the columns that identify a row of a table.
func (b *Binder) rowKey(on *Query) []string {
	if on.Model != nil {
		return on.Model.Grain
	}
	schema, source, _ := strings.Cut(on.Name, ".")
	if schema == "quarantine" {
		return []string{"regel", "kolom", "reden"}
	}
	return append([]string{"regel"}, b.Contract(source).Key...)
}

// checkFreshness reports a freshness rule without a limit on a source without an expected interval.
func (b *Binder) checkFreshness(r rule.Rule) {
	if schema, source, _ := strings.Cut(r.Schema+"."+r.Table, "."); schema == "raw" && r.Severity != "" && b.Contract(source).Every == 0 {
		b.fault(projectfile.Fault{
			Path: r.Path, Line: r.Line, Col: r.Col, Message: "source " + source + " does not say how often it is expected",
			Hint: "write expect: in sources/" + source + ".yaml, or alarm: {above: 100} here, in days",
		})
	}
}
