package sqlast

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// An Origin is a column of a table ("schema.name") that a query reads, or Rows or Peildatum.
type Origin struct{ Table, Column string }

// Columns of an origin that are not columns of a table.
const (
	Rows      = "*"         // the rows of the table as such, which count(*) counts
	Peildatum = "peildatum" // without a table: the date on which the query runs
)

// A Lineage has the origins of the result of a query.
type Lineage struct {
	Columns [][]Origin // by column of the result; a constant has none
	Rows    []Origin   // of the conditions, joins and groups that select rows
	Counted []Origin   // the tables whose rows are counted
	// Coarse means that the plan has an unknown operator, so every column has all origins.
	Coarse bool
}

// ReadPlan parses the result of json_serialize_plan, not optimised, for one SELECT with width columns. The
// query must be bound to a peildatum, in days since 1970, that does not occur in its text.
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
	root := objectOf(top.Plans[0])
	p := planner{peildatum: strconv.FormatInt(peildatum, 10), ctes: map[string]relation{}}
	r := p.relationOf(root)
	if p.unknown || len(r.columns) != width {
		return coarseLineage(root, width), nil
	}
	l := Lineage{Rows: r.rows.sorted(), Counted: r.base.sorted()}
	for _, c := range r.columns {
		l.Columns = append(l.Columns, c.sorted())
	}
	return l, nil
}

// coarseLineage returns the lineage of a plan with an unknown operator.
func coarseLineage(root map[string]any, width int) Lineage {
	all, base := origins{}, origins{}
	for n := range objects(root) {
		if textOf(n["type"]) == "LOGICAL_GET" {
			r := scanOf(n)
			base.add(r.base)
			all.add(r.columns...)
		}
	}
	every := all.sorted()
	return Lineage{Columns: slices.Repeat([][]Origin{every}, width), Rows: every, Counted: base.sorted(), Coarse: true}
}

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
