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

// Rule returns the rule with an id.
func (c *CheckQuery) Rule(id string) (rule.Rule, bool) {
	i := slices.IndexFunc(c.Rules, func(r rule.Rule) bool { return r.ID() == id })
	if i < 0 {
		return rule.Rule{}, false
	}
	return c.Rules[i], true
}

// A ReadKind is the kind of table that a query reads.
type ReadKind int

// Kinds of tables.
const (
	ReadRaw    ReadKind = iota // raw.<source>: the delivery in force
	ReadRef                    // ref.<table>
	ReadMeta                   // meta.<table>: filled by the engine
	ReadModel                  // another model
	ReadBefore                 // <model>__vorige: its stand on the preceding peildatum
	ReadYear                   // <model>__jaar: its last stand of at least a year before; for checks
)

// A Read is a table that a query reads. The name of a model or a delivery in a check has a schema.
type Read struct {
	Kind ReadKind
	Name string
}

// Suffixes of tables with an earlier stand.
const (
	BeforeSuffix = "__vorige"
	YearSuffix   = "__jaar"
)

// A Query is a model, the query of checks on one table, or a delivery as checks read it.
type Query struct {
	Name        string // "staging.sonar"; of checks "checks.marts.x.0"
	Model       *model.Model
	Text        string // the SELECT
	fingerprint string // of the SELECT
	Reads       []Read
	Columns     []duck.Column  // nil until the query is bound
	readAt      map[Read]int   // byte offset of each read in Text
	columnAt    map[string]int // byte offset of the first use of each column without a table

	Sources  []string // sources it reads, also indirectly; sorted
	Meta     []string // meta tables it reads, also indirectly; sorted
	Per      PerKind
	Peildata []string // sources whose deliveries give its peildata; sorted
	Closure  string   // fingerprint of the query with all queries and constants below it
	Basis    basis    // of a mart: what determines its figures
	Inputs   []Input  // deliveries that a stand uses
	broken   bool     // it, or a table that it reads, has a fault
	Level    int      // position in the order
	Check    *CheckQuery

	// Of a rule that is diagnosed: its rule, the text of its file and the offset of Text in it.
	rule   *rule.Rule
	file   string
	offset int
}

// A PerKind says on which peildata a query runs.
type PerKind int

// Kinds of peildata.
const (
	PerNone      PerKind = iota // once, over the union of the stands that it reads
	PerPeildatum                // on each
	PerLast                     // on the last
)

// An Input is a delivery that a stand uses: the one of a source in force on the peildatum or, through
// __vorige, on the preceding peildatum of each query in Via in turn. If Year is set, the first step goes
// back a year.
type Input struct {
	Source string
	Via    []*Query
	Year   bool
}

// A CheckQuery is one statement that measures rules on one table.
type CheckQuery struct {
	Table rule.Table
	Query judge.Query
	Rules []rule.Rule
	// Persons means that the rows come from deliveries, and so may be about persons.
	Persons bool
}

// perOf returns on which peildata a model runs.
func perOf(m *model.Model) PerKind {
	switch {
	case m.PerPeildatum:
		return PerPeildatum
	case m.Last:
		return PerLast
	}
	return PerNone
}

// Definition returns the fingerprint of a query without what it reads; of checks, with their rules.
func (n *Query) Definition() string {
	if n.Check == nil {
		return n.fingerprint
	}
	rules, err := json.Marshal(n.Check.Rules)
	if err != nil {
		panic("rules are plain values: " + err.Error())
	}
	return fingerprint.Of(n.fingerprint, string(rules), strings.Join(n.Check.Table.Key, " "))
}

// Constant reports whether a query reads only reference tables, so that all its stands are equal.
func (n *Query) Constant() bool { return len(n.Sources) == 0 && len(n.Meta) == 0 }

// ReferenceFingerprint returns the fingerprint of the reference tables that a query reads directly.
func (g *Graph) ReferenceFingerprint(n *Query) string {
	parts := []string{"refs"}
	for _, r := range n.Reads {
		if r.Kind == ReadRef {
			parts = append(parts, r.Name, g.Reference(r.Name).Fingerprint())
		}
	}
	return fingerprint.Of(parts...)
}

// Reference returns a reference table, which must exist.
func (g *Graph) Reference(name string) *contract.Reference {
	for _, r := range g.References {
		if r.Name == name {
			return r
		}
	}
	panic("unknown reference table: " + name)
}

// affixes are what the name of a table has before and after the name of a read.
var affixes = [...]struct{ before, after string }{
	ReadRaw: {before: "raw."}, ReadRef: {before: "ref."}, ReadMeta: {before: "meta."},
	ReadModel: {}, ReadBefore: {after: BeforeSuffix}, ReadYear: {after: YearSuffix},
}

// Table returns the name of a read in a SELECT.
func (r Read) Table() string { return affixes[r.Kind].before + r.Name + affixes[r.Kind].after }

// ColumnsOf returns the columns of a table that a query reads.
func (g *Graph) ColumnsOf(r Read) []duck.Column {
	switch r.Kind {
	case ReadRaw:
		return RawColumns(g.Contract(r.Name))
	case ReadRef:
		return RefColumns(g.Reference(r.Name))
	case ReadMeta:
		return MetaTables[r.Name]
	case ReadModel, ReadBefore, ReadYear:
	}
	return g.lookup(r.Name).Columns
}

// ColumnIndex returns the index of a column, or -1.
func (n *Query) ColumnIndex(name string) int {
	return slices.IndexFunc(n.Columns, func(c duck.Column) bool { return strings.EqualFold(c.Name, name) })
}
