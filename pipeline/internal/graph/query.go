package graph

import (
	"encoding/json"
	"slices"
	"strings"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/sources/contract"
	"inbeeld/sql/model"
)

func (c *CheckQuery) Rule(id string) (rule.Rule, bool) {
	i := slices.IndexFunc(c.Rules, func(r rule.Rule) bool { return r.ID() == id })
	if i < 0 {
		return rule.Rule{}, false
	}
	return c.Rules[i], true
}

// A ReadKind is what a reference in a query names.
type ReadKind int

const (
	ReadRaw    ReadKind = iota // raw.<source>: the delivery in force
	ReadRef                    // ref.<table>
	ReadMeta                   // meta.<table>: what the engine knows
	ReadModel                  // another model
	ReadBefore                 // <model>__vorige: its stand on the preceding peildatum
	ReadYear                   // <model>__jaar: its last stand that is a year older or more; for checks
)

// A Read is one thing that a query depends on; name is without schema, but for models.
type Read struct {
	Kind ReadKind
	Name string
}

const (
	BeforeSuffix = "__vorige"
	YearSuffix   = "__jaar"
)

// A node is a query in the graph: a model, or the queries of the checks on one table.
type Query struct {
	Name    string // "staging.sonar"; of checks "checks.marts.x"
	Model   *model.Model
	Text    string // the SELECT
	print   string // fingerprint of the SELECT
	Reads   []Read
	Columns []duck.Column  // nil until the query is bound
	places  map[Read]int   // the byte of the text where each read stands
	bare    map[string]int // the byte where each column without a table is first named

	Sources  []string // deliveries it reads, also through others; sorted
	Meta     []string // meta tables it reads, also through others; sorted
	Per      PerKind
	Peildata []string // sources whose deliveries make its peildata; sorted
	Closure  string   // fingerprint of the query with all queries and constants below it
	Basis    basis    // of a mart: what decides its figures
	Inputs   []Input  // deliveries that a stand rests on
	broken   bool     // it cannot be bound: by a fault of its own, or one of what it reads
	Level    int      // position in the order
	Check    *CheckQuery

	// Of a check that is looked at by itself: its rule, and where the text stands in its file.
	rule *rule.Rule
	file string
	from int
}

// A PerKind says on which peildata a query runs.
type PerKind int

const (
	PerNone      PerKind = iota // once, over the union of the stands that it reads
	PerPeildatum                // on each
	PerLast                     // on the last
)

// An Input is a delivery that a stand rests on: that of a source in force on the peildatum, or, through
// __vorige, on the preceding peildatum of the queries in via, one after the other. Of the first of
// them it may be the stand of a year before.
type Input struct {
	Source string
	Via    []*Query
	Year   bool
}

// A CheckQuery is one statement that measures rules of one table.
type CheckQuery struct {
	Table rule.Table
	Query judge.Query
	Rules []rule.Rule
	// persons says that the rows of the table stem from deliveries, and so from persons.
	Persons bool
}

func perOf(m *model.Model) PerKind {
	switch {
	case m.PerPeildatum:
		return PerPeildatum
	case m.Last:
		return PerLast
	}
	return PerNone
}

// Definition is the fingerprint of a query by itself, for checks with their rules.
func (n *Query) Definition() string {
	if n.Check == nil {
		return n.print
	}
	rules, err := json.Marshal(n.Check.Rules)
	if err != nil {
		panic("rules are plain values: " + err.Error())
	}
	return fingerprint.Of(n.print, string(rules), strings.Join(n.Check.Table.Key, " "))
}

// Constant nodes read reference tables only: they are the same on every peildatum.
func (n *Query) Constant() bool { return len(n.Sources) == 0 && len(n.Meta) == 0 }

// ReferenceFingerprint is one fingerprint of the reference tables that a query reads itself.
func (b *Graph) ReferenceFingerprint(n *Query) string {
	parts := []string{"refs"}
	for _, r := range n.Reads {
		if r.Kind == ReadRef {
			parts = append(parts, r.Name, b.Reference(r.Name).Fingerprint())
		}
	}
	return fingerprint.Of(parts...)
}

func (b *Graph) Reference(name string) *contract.Reference {
	for _, r := range b.References {
		if r.Name == name {
			return r
		}
	}
	panic("a reference table that was bound is gone: " + name)
}

// Table is a read as a SELECT names it.
func (r Read) Table() string {
	switch r.Kind {
	case ReadRaw:
		return "raw." + r.Name
	case ReadRef:
		return "ref." + r.Name
	case ReadMeta:
		return "meta." + r.Name
	case ReadBefore:
		return r.Name + BeforeSuffix
	case ReadYear:
		return r.Name + YearSuffix
	case ReadModel:
	}
	return r.Name
}
