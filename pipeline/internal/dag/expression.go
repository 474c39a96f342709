package dag

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// each gives the origins of a list of expressions. One that names no column of what is below counts
// its rows, when they are given.
func (p *planner) each(expressions any, below []origins, rows origins) ([]origins, error) {
	columns := []origins{}
	for _, e := range list(expressions) {
		o, err := p.expression(e, below)
		if err != nil {
			return nil, err
		}
		if named := list(object(e)["children"]); rows != nil && !refers(named) {
			o.add(rows)
		}
		columns = append(columns, o)
	}
	return columns, nil
}

// refers tells whether expressions name a column.
func refers(node any) bool {
	switch n := node.(type) {
	case []any:
		return slices.ContainsFunc(n, refers)
	case map[string]any:
		return text(n["expression_class"]) == "BOUND_REF" || slices.ContainsFunc(slices.Collect(maps.Values(n)), refers)
	}
	return false
}

// expression gives the origins of all columns that an expression names.
func (p *planner) expression(node any, below []origins) (origins, error) {
	o := origins{}
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			more, err := p.expression(child, below)
			if err != nil {
				return o, err
			}
			o.add(more)
		}
	case map[string]any:
		switch text(n["expression_class"]) {
		case "BOUND_REF":
			at, err := strconv.Atoi(index(n["index"]))
			if err != nil || at >= len(below) {
				return o, errUnknown
			}
			return o.add(below[at]), nil
		case "BOUND_CONSTANT":
			value := object(n["value"])
			if text(object(value["type"])["id"]) == "DATE" && index(value["value"]) == p.peildatum {
				o[Origin{Column: Peildatum}] = true
			}
			return o, nil
		case "BOUND_SUBQUERY", "BOUND_COLUMN_REF":
			return o, errUnknown
		}
		for key, child := range n {
			if key == "function_data" || key == "return_type" { // what is in there has numbers of its own
				continue
			}
			more, err := p.expression(child, below)
			if err != nil {
				return o, err
			}
			o.add(more)
		}
	}
	return o, nil
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// index is a number as text.
func index(v any) string {
	n, _ := v.(json.Number)
	return n.String()
}
