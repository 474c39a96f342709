package sql

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"

	"inbeeld/pipeline/projectfile"
)

// A Budget is how much of what is published of a mart may change in one publication before a person has
// to approve it. A Limit that is nil is not judged, unless the definition of the mart changed: then no row
// may be removed or changed.
type Budget struct {
	Added, Removed, Changed *Limit // rows, by key
	Moved                   []MeasureLimit
}

// A MeasureLimit is how far the value of a column may move in one row.
type MeasureLimit struct {
	Column string
	Limit
}

// A Limit is a number, or a percentage of what was there.
type Limit struct {
	Text    string // as written
	Value   *big.Rat
	Percent bool
}

// Exceeded tells whether n, of a whole, is more than the limit allows. Of a whole of 0, anything is more
// than a percentage.
func (l Limit) Exceeded(n, whole *big.Rat) bool {
	if !l.Percent {
		return n.Cmp(l.Value) > 0
	}
	allowed := new(big.Rat).Mul(l.Value, whole)
	return n.Cmp(allowed.Quo(allowed, big.NewRat(100, 1))) > 0
}

// None tells whether nothing can exceed the budget.
func (b Budget) None() bool {
	return b.Added == nil && b.Removed.never() && b.Changed.never() && len(b.Moved) == 0
}

// never tells whether no share of a whole exceeds the limit.
func (l *Limit) never() bool { return l == nil || l.Percent && l.Value.Cmp(big.NewRat(100, 1)) >= 0 }

// budgetHeader is a budget as it is written.
type budgetHeader struct {
	Added   any           `yaml:"added"`
	Removed any           `yaml:"removed"`
	Changed any           `yaml:"changed"`
	Moved   yaml.MapSlice `yaml:"moved"`
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
	read := func(at string, value any, whole bool) *Limit {
		if value == nil {
			return nil
		}
		text := fmt.Sprint(value)
		parts := limitText.FindStringSubmatch(text)
		switch {
		case parts == nil:
			faults = append(faults, doc.At(at, "write a number such as 0 or 25, or a percentage such as 5%", "%q is no limit", text))
			return nil
		case whole && parts[2] != "" && parts[3] == "":
			faults = append(faults, doc.At(at, "write a whole number of rows, or a percentage", "%q is no number of rows", text))
			return nil
		}
		amount, _ := new(big.Rat).SetString(parts[1] + parts[2])
		return &Limit{Text: text, Value: amount, Percent: parts[3] != ""}
	}
	b := &Budget{
		Added:   read("$.budget.added", h.Added, true),
		Removed: read("$.budget.removed", h.Removed, true),
		Changed: read("$.budget.changed", h.Changed, true),
	}
	for _, item := range h.Moved {
		name := fmt.Sprint(item.Key)
		at := "$.budget.moved." + name
		switch l := read(at, item.Value, false); {
		case slices.Contains(m.Grain, name):
			faults = append(faults, doc.At(at, "a row with another key is another row: see added and removed", "%s is part of the grain, and never moves", name))
		case l != nil:
			b.Moved = append(b.Moved, MeasureLimit{Column: name, Limit: *l})
		}
	}
	if len(faults) == 0 && b.Added == nil && b.Removed == nil && b.Changed == nil && b.Moved == nil {
		return projectfile.Faults{doc.At("$.budget", "write added, removed, changed or moved, or remove it", "budget that limits nothing")}
	}
	m.Budget = b
	return faults
}
