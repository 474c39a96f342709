package sqlast

import (
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

func (r relation) all() origins { return origins{}.add(r.columns...) }

// A planner derives lineage from a plan. Expressions refer to the columns of the operator below them by
// position.
type planner struct {
	peildatum string
	ctes      map[string]relation // by index
	outer     [][]origins         // the columns visible to the correlated side of each enclosing join
}

func (p *planner) relationOf(n map[string]any) (relation, error) {
	if r, ok, err := p.leaf(n); ok {
		return r, err
	}
	children := listOf(n["children"])
	if len(children) == 0 {
		return relation{}, errUnknown
	}
	first, err := p.relationOf(objectOf(children[0]))
	if err != nil {
		return first, err
	}
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
		seen, err := p.originsOfEach(n["duplicate_eliminated_columns"], first.columns, nil)
		if err != nil {
			return first, err
		}
		p.outer = append(p.outer, seen)
		defer func() { p.outer = p.outer[:len(p.outer)-1] }()
	}
	second, err := p.relationOf(objectOf(children[1]))
	if err != nil {
		return first, err
	}
	switch textOf(n["type"]) {
	case "LOGICAL_UNION", "LOGICAL_EXCEPT", "LOGICAL_INTERSECT":
		return combine(n, first, second)
	case "LOGICAL_CROSS_PRODUCT", "LOGICAL_COMPARISON_JOIN", "LOGICAL_DELIM_JOIN", "LOGICAL_ASOF_JOIN", "LOGICAL_ANY_JOIN":
		return p.join(n, first, second)
	}
	return first, errUnknown
}

// leaf returns the relation of an operator without operands.
func (p *planner) leaf(n map[string]any) (r relation, ok bool, err error) {
	switch textOf(n["type"]) {
	case "LOGICAL_GET":
		r = scanOf(n)
		if r.columns == nil {
			err = errUnknown
		}
	case "LOGICAL_DUMMY_SCAN":
		r = relation{columns: []origins{{}}}
	case "LOGICAL_CHUNK_GET", "LOGICAL_EXPRESSION_GET":
		for range listOf(n["chunk_types"]) {
			r.columns = append(r.columns, origins{})
		}
		for range listOf(n["expr_types"]) {
			r.columns = append(r.columns, origins{})
		}
	case "LOGICAL_CTE_REF":
		if r, ok = p.ctes[numberOf(n["cte_index"])]; !ok {
			err = errUnknown
		}
	case "LOGICAL_DELIM_GET":
		if len(p.outer) == 0 {
			return r, true, errUnknown
		}
		r.columns = p.outer[len(p.outer)-1]
	default:
		return r, false, nil
	}
	return r, true, err
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

func (p *planner) unary(n map[string]any, below relation) (relation, error) {
	r := relation{columns: below.columns, rows: origins{}.add(below.rows), base: below.base, order: below.order}
	switch textOf(n["type"]) {
	case "LOGICAL_PROJECTION":
		columns, err := p.originsOfEach(n["expressions"], below.columns, nil)
		r.columns = columns
		return r, err
	case "LOGICAL_UNNEST":
		more, err := p.originsOfEach(n["expressions"], below.columns, nil)
		r.columns = slices.Concat(below.columns, more)
		return r, err
	case "LOGICAL_WINDOW":
		more, err := p.originsOfEach(n["expressions"], below.columns, below.base)
		r.columns = slices.Concat(below.columns, more)
		return r, err
	case "LOGICAL_FILTER":
		condition, err := p.originsOf(n["expressions"], below.columns)
		r.rows.add(condition)
		return r, err
	case "LOGICAL_DISTINCT":
		targets, err := p.originsOf([]any{n["distinct_targets"], n["order_by"]}, below.columns)
		r.rows.add(targets)
		return r, err
	case "LOGICAL_ORDER_BY":
		order, err := p.originsOf(n["orders"], below.columns)
		r.order = order
		return r, err
	case "LOGICAL_LIMIT":
		r.rows.add(below.order)
		return r, nil
	case "LOGICAL_AGGREGATE_AND_GROUP_BY":
		groups, err := p.originsOfEach(n["groups"], below.columns, nil)
		if err != nil {
			return r, err
		}
		values, err := p.originsOfEach(n["expressions"], below.columns, below.base)
		r.columns = slices.Concat(groups, values)
		for range listOf(n["grouping_functions"]) {
			r.columns = append(r.columns, origins{})
		}
		r.rows.add(groups...)
		r.order = nil
		return r, err
	}
	return r, errUnknown
}

// recursive repeats the step until it adds no origins.
func (p *planner) recursive(n map[string]any, sum relation, step map[string]any) (relation, error) {
	for {
		p.ctes[numberOf(n["table_index"])] = sum
		more, err := p.relationOf(step)
		if err != nil {
			return sum, err
		}
		next, err := combine(n, sum, more)
		if err != nil || next.size() == sum.size() {
			return next, err
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
func combine(n map[string]any, a, b relation) (relation, error) {
	if len(a.columns) != len(b.columns) {
		return a, errUnknown
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
		r.rows.add(a.all(), b.all())
	}
	return r, nil
}

func (p *planner) join(n map[string]any, left, right relation) (relation, error) {
	both := slices.Concat(left.columns, right.columns)
	on := origins{}
	for _, c := range listOf(n["conditions"]) {
		l, err := p.originsOf(objectOf(c)["left"], left.columns)
		if err != nil {
			return left, err
		}
		r, err := p.originsOf(objectOf(c)["right"], right.columns)
		if err != nil {
			return left, err
		}
		on.add(l, r)
	}
	condition, err := p.originsOf(n["condition"], both)
	if err != nil {
		return left, err
	}
	on.add(condition)
	r := relation{columns: both, rows: origins{}.add(left.rows, right.rows, on), base: origins{}.add(left.base)}
	switch kind := textOf(n["join_type"]); kind {
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
		return r, errUnknown
	}
	return r, nil
}
