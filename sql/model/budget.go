package model

import (
	"math/big"
	"regexp"
	"slices"

	"inbeeld/pipeline/projectfile"
)

// A Budget limits how much of a published mart may change in one publication without a person's approval. A
// nil Limit does not apply, unless the definition of the mart changed: then no row may be removed or changed.
type Budget struct {
	Added, Removed, Changed *Limit // rows, by key
	Moved                   []MeasureLimit
}

// A MeasureLimit limits how far the value of a column may move in one row.
type MeasureLimit struct {
	Column string
	Limit
}

// A Limit is a number, or a percentage of what was published before.
type Limit struct {
	Text    string // as written
	Value   *big.Rat
	Percent bool
}

// Exceeded reports whether n, out of total, exceeds the limit. Out of 0, any n above 0 exceeds a percentage.
func (l Limit) Exceeded(n, total *big.Rat) bool {
	if !l.Percent {
		return n.Cmp(l.Value) > 0
	}
	allowed := new(big.Rat).Mul(l.Value, total)
	return n.Cmp(allowed.Quo(allowed, big.NewRat(100, 1))) > 0
}

// Unlimited reports whether nothing can exceed the budget.
func (b Budget) Unlimited() bool {
	return b.Added == nil && b.Removed.unlimited() && b.Changed.unlimited() && len(b.Moved) == 0
}

// unlimited reports whether no part of a total exceeds the limit.
func (l *Limit) unlimited() bool {
	return l == nil || l.Percent && l.Value.Cmp(big.NewRat(100, 1)) >= 0
}

// budgetHeader is a budget as a model file has it.
type budgetHeader struct {
	Added   projectfile.Value `yaml:"added"`
	Removed projectfile.Value `yaml:"removed"`
	Changed projectfile.Value `yaml:"changed"`
	Moved   []projectfile.Key `yaml:"moved"`
}

var limitText = regexp.MustCompile(`^([0-9]+)(\.[0-9]+)?(%?)$`)

// budget reads the budget of a mart.
func (m *Model) budget(h *budgetHeader) projectfile.Faults {
	if h == nil {
		return nil
	}
	doc := m.Doc
	if m.Schema != "marts" {
		return projectfile.Faults{doc.At("$.budget", "remove it", "only marts are published, so only they have a budget")}
	}
	var faults projectfile.Faults
	fault := func(at *projectfile.Value, hint, format string, args ...any) {
		faults = append(faults, doc.Fault(at, hint, format, args...))
	}
	read := func(v *projectfile.Value, isCount bool) *Limit {
		if v.Kind == projectfile.KindNull || v.Kind == "" {
			return nil
		}
		parts := limitText.FindStringSubmatch(v.Text)
		switch {
		case parts == nil:
			fault(v, "write a number such as 0 or 25, or a percentage such as 5%", "%q is not a limit", v.Text)
			return nil
		case isCount && parts[2] != "" && parts[3] == "":
			fault(v, "write a whole number of rows, or a percentage", "%q is not a number of rows", v.Text)
			return nil
		}
		amount, _ := new(big.Rat).SetString(parts[1] + parts[2])
		return &Limit{Text: v.Text, Value: amount, Percent: parts[3] != ""}
	}
	b := &Budget{Added: read(&h.Added, true), Removed: read(&h.Removed, true), Changed: read(&h.Changed, true)}
	for _, key := range h.Moved {
		switch l := read(key.Value, false); {
		case slices.Contains(m.Grain, key.Name):
			fault(key.Value, "a row with a different key is another row: use added and removed", "%s is part of the grain, and never moves", key.Name)
		case l != nil:
			b.Moved = append(b.Moved, MeasureLimit{Column: key.Name, Limit: *l})
		}
	}
	if len(faults) == 0 && b.Added == nil && b.Removed == nil && b.Changed == nil && b.Moved == nil {
		return projectfile.Faults{doc.At("$.budget", "write added, removed, changed or moved, or remove it", "budget without limits")}
	}
	m.Budget = b
	return faults
}
