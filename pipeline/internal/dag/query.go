// Package dag reads what a SELECT depends on from the syntax tree that DuckDB's own parser gives, and
// orders models by it. Words: a query is one SELECT; a reference is a place in it that names a table or
// function; a graph has models as nodes and their references as edges.
package dag

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

// A Reference is a name in a query and the byte where it stands (-1 when unknown).
type Reference struct {
	Schema, Name string
	At           int
}

// A Problem is something in a query that cannot be decided, so is refused. At is the byte where it
// stands, -1 when unknown.
type Problem struct {
	At      int
	Message string
	Hint    string
	Table   string // the table, when the problem is that it has no schema
}

// A Query is what one SELECT reads.
type Query struct {
	Tables      []Reference // qualified tables, each once, by name
	Functions   []Reference // in order of appearance
	Columns     []Reference // columns named without a table, in order of appearance
	Stars       []int       // bytes at which the outermost select lists have a *
	Fingerprint string      // over the syntax tree without places: comments and layout don't count
}

// Read takes the JSON of json_serialize_sql for a text. A query with problems is not to be used.
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
		return nil, []Problem{{At: 0, Message: fmt.Sprintf("%d statements where one SELECT is expected", len(top.Statements)), Hint: "give each a file of its own"}}
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

// outerStars are the places of * in the select lists that make the result.
func outerStars(node any) []int {
	n, _ := node.(map[string]any)
	var at []int
	if text(n["type"]) != "SELECT_NODE" {
		for _, child := range []string{"node", "left", "right"} {
			if inner, ok := n[child].(map[string]any); ok {
				at = append(at, outerStars(inner)...)
			}
		}
		return at
	}
	list, _ := n["select_list"].([]any)
	for _, item := range list {
		if column, ok := item.(map[string]any); ok && text(column["class"]) == "STAR" {
			at = append(at, place(column["query_location"]))
		}
	}
	return at
}

type walker struct {
	local     map[string]bool // names of CTEs
	tables    map[string]Reference
	functions []Reference
	columns   []Reference
	problems  []Problem
}

// findLocal collects the names of CTEs, wherever they are defined: an unqualified name that is one
// of them but out of its scope does not bind, so nothing is guessed.
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
					w.local[strings.ToLower(text(entry["key"]))] = true
				}
			}
		}
		for _, child := range n {
			w.findLocal(child)
		}
	}
}

// walk visits the tree in a fixed order, takes out the places, and notes references and problems.
func (w *walker) walk(node any) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			w.walk(child)
		}
	case map[string]any:
		at := place(n["query_location"])
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
	if text(n["class"]) == "FUNCTION" {
		w.functions = append(w.functions, Reference{Name: strings.ToLower(text(n["function_name"])), At: at})
	}
	if text(n["class"]) == "COLUMN_REF" {
		if names, ok := n["column_names"].([]any); ok && len(names) == 1 {
			w.columns = append(w.columns, Reference{Name: strings.ToLower(text(names[0])), At: at})
		}
	}
	if n["sample"] != nil {
		refuse("a sample is not the same every night", "select rows by a condition")
	}
	switch text(n["type"]) {
	case "BASE_TABLE":
		schema, name := text(n["schema_name"]), text(n["table_name"])
		switch {
		case text(n["catalog_name"]) != "":
			refuse(fmt.Sprintf("table %s.%s.%s names a database", text(n["catalog_name"]), schema, name), "write schema.table")
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
			name = text(f["function_name"])
		}
		refuse(fmt.Sprintf("table function %s() cannot be decided", name), "read raw.<source>, ref.<table> or another model; lists come from unnest() in the select list")
	case "SHOW_REF":
		refuse("SHOW, DESCRIBE and SUMMARIZE are no models", "write a plain SELECT")
	case "PIVOT":
		refuse("PIVOT and UNPIVOT cannot be decided", "write sums over case expressions, or union all")
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func place(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return -1
	}
	at, err := strconv.Atoi(n.String())
	if err != nil { // the largest unsigned number stands for "unknown"
		return -1
	}
	return at
}
