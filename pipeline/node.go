package pipeline

import (
	"encoding/json"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/sql"
)

// A readKind is what a reference in a query names.
type readKind int

const (
	readRaw    readKind = iota // raw.<source>: the delivery in force
	readRef                    // ref.<table>
	readMeta                   // meta.<table>: what the engine knows
	readModel                  // another model
	readBefore                 // <model>__vorige: its stand on the preceding peildatum
	readYear                   // <model>__jaar: its last stand that is a year older or more; for checks
)

// A read is one thing that a query depends on; name is without schema, but for models.
type read struct {
	kind readKind
	name string
}

const (
	beforeSuffix = "__vorige"
	yearSuffix   = "__jaar"
)

// A node is a query in the graph: a model, or the queries of the checks on one table.
type node struct {
	name    string // "staging.sonar"; of checks "checks.marts.x"
	model   *sql.Model
	text    string // the SELECT
	print   string // fingerprint of the SELECT
	reads   []read
	columns []duck.Column  // nil until the query is bound
	places  map[read]int   // the byte of the text where each read stands
	bare    map[string]int // the byte where each column without a table is first named

	sources  []string // deliveries it reads, also through others; sorted
	meta     []string // meta tables it reads, also through others; sorted
	per      perKind
	peildata []string // sources whose deliveries make its peildata; sorted
	closure  string   // fingerprint of the query with all queries and constants below it
	basis    basis    // of a mart: what decides its figures
	inputs   []input  // deliveries that a stand rests on
	broken   bool     // it cannot be bound: by a fault of its own, or one of what it reads
	level    int      // position in the order
	checking *checkQuery

	// Of a check that is looked at by itself: its rule, and where the text stands in its file.
	rule *checks.Rule
	file string
	from int
}

// A perKind says on which peildata a query runs.
type perKind int

const (
	perNone      perKind = iota // once, over the union of the stands that it reads
	perPeildatum                // on each
	perLast                     // on the last
)

// An input is a delivery that a stand rests on: that of a source in force on the peildatum, or, through
// __vorige, on the preceding peildatum of the queries in via, one after the other. Of the first of
// them it may be the stand of a year before.
type input struct {
	source string
	via    []*node
	year   bool
}

// A checkQuery is one statement that measures rules of one table.
type checkQuery struct {
	table checks.Table
	query checks.Query
	rules []checks.Rule
	// persons says that the rows of the table stem from deliveries, and so from persons.
	persons bool
}

func perOf(m *sql.Model) perKind {
	switch {
	case m.PerPeildatum:
		return perPeildatum
	case m.Last:
		return perLast
	}
	return perNone
}

// definition is the fingerprint of a query by itself, for checks with their rules.
func (n *node) definition() string {
	if n.checking == nil {
		return n.print
	}
	rules, err := json.Marshal(n.checking.rules)
	if err != nil {
		panic("rules are plain values: " + err.Error())
	}
	return fingerprint.Of(n.print, string(rules), strings.Join(n.checking.table.Key, " "))
}

// constant nodes read reference tables only: they are the same on every peildatum.
func (n *node) constant() bool { return len(n.sources) == 0 && len(n.meta) == 0 }
