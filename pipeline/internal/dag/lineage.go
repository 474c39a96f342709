package dag

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// An Origin is a column of a table ("schema.name") that a query reads. Column "*" is its rows as such:
// what count(*) counts. Without a table it is the peildatum on which the query runs.
type Origin struct{ Table, Column string }

// Columns of an origin that are no columns of a table: its rows as such, and, without a table, the
// peildatum.
const (
	Rows      = "*"
	Peildatum = "peildatum"
)

// A Lineage says where the result of a query comes from.
type Lineage struct {
	Columns [][]Origin // of each column of the result, what its value comes from; none is a constant
	Rows    []Origin   // what decides which rows count: conditions, joins and groups
	Counted []Origin   // the tables whose rows these are
	// Whole says that the plan could not be taken apart: every column comes from all that is read.
	Whole bool
}

// ReadPlan takes the JSON of json_serialize_plan, not optimised, for one SELECT with width columns.
// The query was bound with a peildatum so many days from 1970 that no date in its text is the same.
func ReadPlan(plan []byte, width int, peildatum int64) (Lineage, error) {
	var top struct {
		Error   bool   `json:"error"`
		Message string `json:"error_message"`
		Plans   []any  `json:"plans"`
	}
	dec := json.NewDecoder(bytes.NewReader(plan))
	dec.UseNumber()
	if err := dec.Decode(&top); err != nil {
		return Lineage{}, fmt.Errorf("read the plan: %w", err)
	}
	if top.Error || len(top.Plans) != 1 {
		return Lineage{}, fmt.Errorf("read the plan: %d plans: %s", len(top.Plans), top.Message)
	}
	root := object(top.Plans[0])
	p := planner{peildatum: strconv.FormatInt(peildatum, 10), ctes: map[string]relation{}}
	r, err := p.relation(root)
	if err == nil && len(r.columns) != width {
		err = errUnknown
	}
	if errors.Is(err, errUnknown) {
		return whole(root, width), nil
	}
	l := Lineage{Rows: r.rows.sorted(), Counted: r.base.sorted()}
	for _, c := range r.columns {
		l.Columns = append(l.Columns, c.sorted())
	}
	return l, err
}

// whole is the lineage of a plan that cannot be taken apart.
func whole(root map[string]any, width int) Lineage {
	all, base := origins{}, origins{}
	var walk func(any)
	walk = func(node any) {
		switch n := node.(type) {
		case []any:
			for _, child := range n {
				walk(child)
			}
		case map[string]any:
			if text(n["type"]) == "LOGICAL_GET" {
				r := scan(n)
				base.add(r.base)
				for _, c := range r.columns {
					all.add(c)
				}
			}
			for _, child := range n {
				walk(child)
			}
		}
	}
	walk(root)
	l := Lineage{Rows: all.sorted(), Counted: base.sorted(), Whole: true}
	for range width {
		l.Columns = append(l.Columns, all.sorted())
	}
	return l
}

// errUnknown is a plan with something that is not known here.
var errUnknown = errors.New("the plan has an unknown operator")

type origins map[Origin]bool

func (o origins) add(others ...origins) origins {
	for _, other := range others {
		maps.Copy(o, other)
	}
	return o
}

func (o origins) sorted() []Origin {
	return slices.SortedFunc(maps.Keys(o), func(a, b Origin) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column))
	})
}
