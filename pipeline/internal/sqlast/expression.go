package sqlast

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// originsOfEach returns the origins of each expression. One that refers to no column below it, such as
// count(*), gets rows as well.
func (p *planner) originsOfEach(expressions any, below []origins, rows origins) ([]origins, error) {
	columns := []origins{}
	for _, e := range listOf(expressions) {
		o, err := p.originsOf(e, below)
		if err != nil {
			return nil, err
		}
		if named := listOf(objectOf(e)["children"]); rows != nil && !refersToColumn(named) {
			o.add(rows)
		}
		columns = append(columns, o)
	}
	return columns, nil
}

// refersToColumn reports whether expressions refer to a column.
func refersToColumn(node any) bool {
	switch n := node.(type) {
	case []any:
		return slices.ContainsFunc(n, refersToColumn)
	case map[string]any:
		return textOf(n["expression_class"]) == "BOUND_REF" || slices.ContainsFunc(slices.Collect(maps.Values(n)), refersToColumn)
	}
	return false
}

// originsOf returns the origins of all columns to which an expression refers.
func (p *planner) originsOf(node any, below []origins) (origins, error) {
	o := origins{}
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			more, err := p.originsOf(child, below)
			if err != nil {
				return o, err
			}
			o.add(more)
		}
	case map[string]any:
		switch textOf(n["expression_class"]) {
		case "BOUND_REF":
			at, err := strconv.Atoi(numberOf(n["index"]))
			if err != nil || at >= len(below) {
				return o, errUnknown
			}
			return o.add(below[at]), nil
		case "BOUND_CONSTANT":
			value := objectOf(n["value"])
			if textOf(objectOf(value["type"])["id"]) == "DATE" && numberOf(value["value"]) == p.peildatum {
				o[Origin{Column: Peildatum}] = true
			}
			return o, nil
		case "BOUND_SUBQUERY", "BOUND_COLUMN_REF":
			return o, errUnknown
		}
		for key, child := range n {
			if key == "function_data" || key == "return_type" { // their indexes are not of columns
				continue
			}
			more, err := p.originsOf(child, below)
			if err != nil {
				return o, err
			}
			o.add(more)
		}
	}
	return o, nil
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
