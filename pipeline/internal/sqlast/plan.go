package sqlast

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"
)

// A relation is the result of an operator of a plan.
type relation struct {
	columns []origins
	rows    origins // of what selects the rows
	base    origins // the tables that the rows come from
	order   origins // of the sort keys
}

// A planner derives lineage from a plan. Expressions refer to the columns of the operator below them by
// position.
type planner struct {
	peildatum string
	ctes      map[string]relation // by index
	outer     [][]origins         // the columns visible to the correlated side of each enclosing join
	unknown   bool                // the plan has an operator or expression that this package does not know
}

func (p *planner) relationOf(n map[string]any) relation {
	if r, ok := p.leaf(n); ok {
		return r
	}
	children := listOf(n["children"])
	if len(children) == 0 {
		p.unknown = true
		return relation{}
	}
	first := p.relationOf(objectOf(children[0]))
	if len(children) == 1 {
		return p.unary(n, first)
	}
	switch textOf(n["type"]) {
	case "LOGICAL_MATERIALIZED_CTE":
		p.ctes[numberOf(n["table_index"])] = first
		return p.relationOf(objectOf(children[1]))
	case "LOGICAL_RECURSIVE_CTE":
		return p.recursive(n, first, objectOf(children[1]))
	case "LOGICAL_DELIM_JOIN":
		p.outer = append(p.outer, p.originsOfEach(n["duplicate_eliminated_columns"], first.columns, nil))
		defer func() { p.outer = p.outer[:len(p.outer)-1] }()
	}
	second := p.relationOf(objectOf(children[1]))
	switch textOf(n["type"]) {
	case "LOGICAL_UNION", "LOGICAL_EXCEPT", "LOGICAL_INTERSECT":
		return p.combine(n, first, second)
	case "LOGICAL_CROSS_PRODUCT", "LOGICAL_COMPARISON_JOIN", "LOGICAL_DELIM_JOIN", "LOGICAL_ASOF_JOIN", "LOGICAL_ANY_JOIN":
		return p.join(n, first, second)
	}
	p.unknown = true
	return first
}

// leaf returns the relation of an operator without operands.
func (p *planner) leaf(n map[string]any) (r relation, ok bool) {
	known := true
	switch textOf(n["type"]) {
	case "LOGICAL_GET":
		r = scanOf(n)
		known = r.columns != nil
	case "LOGICAL_DUMMY_SCAN":
		r = relation{columns: []origins{{}}}
	case "LOGICAL_CHUNK_GET", "LOGICAL_EXPRESSION_GET":
		for range slices.Concat(listOf(n["chunk_types"]), listOf(n["expr_types"])) {
			r.columns = append(r.columns, origins{})
		}
	case "LOGICAL_CTE_REF":
		r, known = p.ctes[numberOf(n["cte_index"])]
	case "LOGICAL_DELIM_GET":
		if known = len(p.outer) > 0; known {
			r.columns = p.outer[len(p.outer)-1]
		}
	default:
		return r, false
	}
	p.unknown = p.unknown || !known
	return r, true
}

// scanOf returns the relation of a table, without columns if n is not a table.
func scanOf(n map[string]any) relation {
	data := objectOf(n["function_data"])
	table := textOf(data["schema"]) + "." + textOf(data["table"])
	names := listOf(n["names"])
	if table == "." {
		return relation{}
	}
	r := relation{columns: []origins{}, base: origins{{table, Rows}: true}}
	for _, id := range listOf(n["column_ids"]) {
		column := Rows // a number beyond the columns means the row itself
		if at, err := strconv.Atoi(numberOf(id)); err == nil && at < len(names) {
			column = textOf(names[at])
		}
		r.columns = append(r.columns, origins{{table, column}: true})
	}
	return r
}

func (p *planner) unary(n map[string]any, below relation) relation {
	r := relation{columns: below.columns, rows: origins{}.add(below.rows), base: below.base, order: below.order}
	switch textOf(n["type"]) {
	case "LOGICAL_PROJECTION":
		r.columns = p.originsOfEach(n["expressions"], below.columns, nil)
	case "LOGICAL_UNNEST":
		r.columns = slices.Concat(below.columns, p.originsOfEach(n["expressions"], below.columns, nil))
	case "LOGICAL_WINDOW":
		r.columns = slices.Concat(below.columns, p.originsOfEach(n["expressions"], below.columns, below.base))
	case "LOGICAL_FILTER":
		r.rows.add(p.originsOf(n["expressions"], below.columns))
	case "LOGICAL_DISTINCT":
		r.rows.add(p.originsOf([]any{n["distinct_targets"], n["order_by"]}, below.columns))
	case "LOGICAL_ORDER_BY":
		r.order = p.originsOf(n["orders"], below.columns)
	case "LOGICAL_LIMIT":
		r.rows.add(below.order)
	case "LOGICAL_AGGREGATE_AND_GROUP_BY":
		groups := p.originsOfEach(n["groups"], below.columns, nil)
		r.columns = slices.Concat(groups, p.originsOfEach(n["expressions"], below.columns, below.base))
		for range listOf(n["grouping_functions"]) {
			r.columns = append(r.columns, origins{})
		}
		r.rows.add(groups...)
		r.order = nil
	default:
		p.unknown = true
	}
	return r
}

// recursive repeats the step until it adds no origins.
func (p *planner) recursive(n map[string]any, sum relation, step map[string]any) relation {
	for {
		p.ctes[numberOf(n["table_index"])] = sum
		next := p.combine(n, sum, p.relationOf(step))
		if p.unknown || next.size() == sum.size() {
			return next
		}
		sum = next
	}
}

func (r relation) size() int {
	n := len(r.rows) + len(r.base)
	for _, c := range r.columns {
		n += len(c)
	}
	return n
}

// combine merges two relations with the same columns.
func (p *planner) combine(n map[string]any, a, b relation) relation {
	if len(a.columns) != len(b.columns) {
		p.unknown = true
		return a
	}
	r := relation{rows: origins{}.add(a.rows, b.rows), base: origins{}.add(a.base)}
	kind := textOf(n["type"])
	for i := range a.columns {
		c := origins{}.add(a.columns[i])
		if kind != "LOGICAL_EXCEPT" {
			c.add(b.columns[i])
		}
		r.columns = append(r.columns, c)
	}
	if kind != "LOGICAL_EXCEPT" {
		r.base.add(b.base)
	}
	if all, _ := n["setop_all"].(bool); !all && kind != "LOGICAL_RECURSIVE_CTE" || kind != "LOGICAL_UNION" && kind != "LOGICAL_RECURSIVE_CTE" {
		r.rows.add(a.columns...).add(b.columns...)
	}
	return r
}

func (p *planner) join(n map[string]any, left, right relation) relation {
	both := slices.Concat(left.columns, right.columns)
	on := p.originsOf(n["condition"], both)
	for _, c := range listOf(n["conditions"]) {
		on.add(p.originsOf(objectOf(c)["left"], left.columns), p.originsOf(objectOf(c)["right"], right.columns))
	}
	r := relation{columns: both, rows: origins{}.add(left.rows, right.rows, on), base: origins{}.add(left.base)}
	switch textOf(n["join_type"]) {
	case "LEFT", "SINGLE":
	case "RIGHT":
		r.base = right.base
	case "SEMI", "ANTI":
		r.columns = left.columns
	case "MARK":
		r.columns = append(slices.Clone(left.columns), on.add(right.rows))
		r.rows = left.rows
	case "INNER", "FULL", "OUTER", "":
		r.base.add(right.base)
	default:
		p.unknown = true
	}
	return r
}

// originsOfEach returns the origins of each expression. One that refers to no column below it, such as
// count(*), gets rows as well.
func (p *planner) originsOfEach(expressions any, below []origins, rows origins) []origins {
	columns := []origins{}
	for _, e := range listOf(expressions) {
		o := p.originsOf(e, below)
		if rows != nil && !refersToColumn(objectOf(e)["children"]) {
			o.add(rows)
		}
		columns = append(columns, o)
	}
	return columns
}

// refersToColumn reports whether expressions refer to a column.
func refersToColumn(node any) bool {
	for n := range objects(node) {
		if textOf(n["expression_class"]) == "BOUND_REF" {
			return true
		}
	}
	return false
}

// originsOf returns the origins of all columns to which an expression refers.
func (p *planner) originsOf(node any, below []origins) origins {
	o := origins{}
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			o.add(p.originsOf(child, below))
		}
	case map[string]any:
		switch textOf(n["expression_class"]) {
		case "BOUND_REF":
			at, err := strconv.Atoi(numberOf(n["index"]))
			if err != nil || at >= len(below) {
				p.unknown = true
				return o
			}
			return o.add(below[at])
		case "BOUND_CONSTANT":
			value := objectOf(n["value"])
			if textOf(objectOf(value["type"])["id"]) == "DATE" && numberOf(value["value"]) == p.peildatum {
				o[Origin{Column: Peildatum}] = true
			}
			return o
		case "BOUND_SUBQUERY", "BOUND_COLUMN_REF":
			p.unknown = true
			return o
		}
		for key, child := range n {
			if key != "function_data" && key != "return_type" { // their indexes are not of columns
				o.add(p.originsOf(child, below))
			}
		}
	}
	return o
}

func objectOf(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func listOf(v any) []any {
	l, _ := v.([]any)
	return l
}

// numberOf returns a JSON number as text.
func numberOf(v any) string {
	n, _ := v.(json.Number)
	return n.String()
}

// objects yields a node, if it is an object, and all objects below it.
func objects(node any) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		var walk func(any) bool
		walk = func(node any) bool {
			switch n := node.(type) {
			case []any:
				return !slices.ContainsFunc(n, func(child any) bool { return !walk(child) })
			case map[string]any:
				if !yield(n) {
					return false
				}
				for _, child := range n {
					if !walk(child) {
						return false
					}
				}
			}
			return true
		}
		walk(node)
	}
}
