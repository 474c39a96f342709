package sqlast

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Reference is a name in a query and its byte offset, or -1 if unknown.
type Reference struct {
	Schema, Name string
	At           int
}

// A Problem is the reason why a query is refused. At is its byte offset, or -1 if unknown.
type Problem struct {
	At      int
	Message string
	Hint    string
	Table   string // the table, if the problem is that it has no schema
}

// A Query lists what one SELECT reads.
type Query struct {
	Tables      []Reference // qualified tables, each once, by name
	Functions   []Reference // in order of appearance
	Columns     []Reference // columns named without a table, in order of appearance
	Stars       []int       // byte offsets of each * in the outermost select lists
	Fingerprint string      // of the syntax tree, without comments and layout
}

// Read parses the result of json_serialize_sql. A query with problems must not be used.
func Read(tree []byte) (*Query, []Problem) {
	var top struct {
		Error      bool              `json:"error"`
		Message    string            `json:"error_message"`
		Type       string            `json:"error_type"`
		Position   string            `json:"position"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal(tree, &top); err != nil {
		return nil, []Problem{{At: -1, Message: "the syntax tree cannot be read: " + err.Error()}}
	}
	switch {
	case top.Error && top.Type == "not implemented":
		return nil, []Problem{{At: 0, Message: "only a plain SELECT can be a model", Hint: "write PIVOT as sums over case expressions; statements other than SELECT are not allowed"}}
	case top.Error:
		at, err := strconv.Atoi(top.Position)
		if err != nil {
			at = -1
		}
		return nil, []Problem{{At: at, Message: strings.Join(strings.Fields(top.Message), " "), Hint: "look here and just before it"}}
	case len(top.Statements) == 0:
		return nil, []Problem{{At: 0, Message: "no SELECT found", Hint: "write one below the header"}}
	case len(top.Statements) > 1:
		return nil, []Problem{{At: 0, Message: fmt.Sprintf("%d statements, want one SELECT", len(top.Statements)), Hint: "put each in its own file"}}
	}
	dec := json.NewDecoder(bytes.NewReader(top.Statements[0]))
	dec.UseNumber()
	var statement any
	if err := dec.Decode(&statement); err != nil {
		return nil, []Problem{{At: -1, Message: "the syntax tree cannot be read: " + err.Error()}}
	}
	stars := outerStars(statement)
	w := walker{local: map[string]bool{}, tables: map[string]Reference{}}
	w.findLocal(statement)
	w.walk(statement)
	normal, err := json.Marshal(statement)
	if err != nil {
		return nil, []Problem{{At: -1, Message: "the syntax tree cannot be read: " + err.Error()}}
	}
	sum := sha256.Sum256(normal)
	q := &Query{Functions: w.functions, Columns: w.columns, Stars: stars, Fingerprint: hex.EncodeToString(sum[:])}
	for _, k := range slices.Sorted(maps.Keys(w.tables)) {
		q.Tables = append(q.Tables, w.tables[k])
	}
	return q, w.problems
}

// outerStars returns the byte offsets of * in the select lists that make the result.
func outerStars(node any) []int {
	n, _ := node.(map[string]any)
	var at []int
	if textOf(n["type"]) != "SELECT_NODE" {
		for _, child := range []string{"node", "left", "right"} {
			if inner, ok := n[child].(map[string]any); ok {
				at = append(at, outerStars(inner)...)
			}
		}
		return at
	}
	list, _ := n["select_list"].([]any)
	for _, item := range list {
		if column, ok := item.(map[string]any); ok && textOf(column["class"]) == "STAR" {
			at = append(at, positionOf(column["query_location"]))
		}
	}
	return at
}

// A walker collects the references and problems of a syntax tree.
type walker struct {
	local     map[string]bool // names of CTEs
	tables    map[string]Reference
	functions []Reference
	columns   []Reference
	problems  []Problem
}

// findLocal collects the names of all CTEs, regardless of scope: DuckDB refuses an unqualified name outside
// the scope of its CTE.
func (w *walker) findLocal(node any) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			w.findLocal(child)
		}
	case map[string]any:
		if ctes, ok := n["cte_map"].(map[string]any); ok {
			entries, _ := ctes["map"].([]any)
			for _, e := range entries {
				if entry, ok := e.(map[string]any); ok {
					w.local[strings.ToLower(textOf(entry["key"]))] = true
				}
			}
		}
		for _, child := range n {
			w.findLocal(child)
		}
	}
}

// walk visits the tree in a fixed order and removes the byte offsets from it.
func (w *walker) walk(node any) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			w.walk(child)
		}
	case map[string]any:
		at := positionOf(n["query_location"])
		delete(n, "query_location")
		w.visit(n, at)
		for _, k := range slices.Sorted(maps.Keys(n)) {
			w.walk(n[k])
		}
	}
}

func (w *walker) visit(n map[string]any, at int) {
	refuse := func(message, hint string) {
		w.problems = append(w.problems, Problem{At: at, Message: message, Hint: hint})
	}
	if textOf(n["class"]) == "FUNCTION" {
		w.functions = append(w.functions, Reference{Name: strings.ToLower(textOf(n["function_name"])), At: at})
	}
	if textOf(n["class"]) == "COLUMN_REF" {
		if names, ok := n["column_names"].([]any); ok && len(names) == 1 {
			w.columns = append(w.columns, Reference{Name: strings.ToLower(textOf(names[0])), At: at})
		}
	}
	if n["sample"] != nil {
		refuse("a sample differs from night to night", "select rows by a condition")
	}
	switch textOf(n["type"]) {
	case "BASE_TABLE":
		schema, name := textOf(n["schema_name"]), textOf(n["table_name"])
		switch {
		case textOf(n["catalog_name"]) != "":
			refuse(fmt.Sprintf("table %s.%s.%s names a database", textOf(n["catalog_name"]), schema, name), "write schema.table")
		case schema == "" && !w.local[strings.ToLower(name)]:
			refuse(fmt.Sprintf("table %q has no schema", name), "write schema.table")
			w.problems[len(w.problems)-1].Table = name
		case schema != "":
			key := strings.ToLower(schema + "." + name)
			if _, ok := w.tables[key]; !ok {
				w.tables[key] = Reference{Schema: strings.ToLower(schema), Name: strings.ToLower(name), At: at}
			}
		}
	case "TABLE_FUNCTION":
		name := "?"
		if f, ok := n["function"].(map[string]any); ok {
			name = textOf(f["function_name"])
		}
		refuse(fmt.Sprintf("table function %s() is not supported", name), "read raw.<source>, ref.<table> or another model; lists come from unnest() in the select list")
	case "SHOW_REF":
		refuse("SHOW, DESCRIBE and SUMMARIZE cannot be models", "write a plain SELECT")
	case "PIVOT":
		refuse("PIVOT and UNPIVOT are not supported", "write sums over case expressions, or union all")
	}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func positionOf(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return -1
	}
	at, err := strconv.Atoi(n.String())
	if err != nil { // the largest unsigned number means unknown
		return -1
	}
	return at
}
