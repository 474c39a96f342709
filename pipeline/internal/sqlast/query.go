package sqlast

import (
	"bytes"
	"cmp"
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
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Type       string `json:"error_type"`
		Position   string `json:"position"`
		Statements []any  `json:"statements"`
	}
	dec := json.NewDecoder(bytes.NewReader(tree))
	dec.UseNumber()
	if err := dec.Decode(&top); err != nil {
		return nil, unreadable(err)
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
	statement := top.Statements[0]
	stars := outerStars(statement)
	w := walker{local: map[string]bool{}, tables: map[string]Reference{}}
	for n := range objects(statement) {
		for _, cte := range listOf(objectOf(n["cte_map"])["map"]) {
			w.local[strings.ToLower(textOf(objectOf(cte)["key"]))] = true
		}
	}
	w.walk(statement)
	normal, err := json.Marshal(statement)
	if err != nil {
		return nil, unreadable(err)
	}
	sum := sha256.Sum256(normal)
	q := &Query{Functions: w.functions, Columns: w.columns, Stars: stars, Fingerprint: hex.EncodeToString(sum[:])}
	for _, k := range slices.Sorted(maps.Keys(w.tables)) {
		q.Tables = append(q.Tables, w.tables[k])
	}
	return q, w.problems
}

func unreadable(err error) []Problem {
	return []Problem{{At: -1, Message: "the syntax tree cannot be read: " + err.Error()}}
}

// outerStars returns the byte offsets of * in the select lists that make the result.
func outerStars(node any) []int {
	n := objectOf(node)
	var at []int
	if textOf(n["type"]) != "SELECT_NODE" {
		for _, child := range []string{"node", "left", "right"} {
			if inner, ok := n[child].(map[string]any); ok {
				at = append(at, outerStars(inner)...)
			}
		}
		return at
	}
	for _, item := range listOf(n["select_list"]) {
		if column := objectOf(item); textOf(column["class"]) == "STAR" {
			at = append(at, positionOf(column["query_location"]))
		}
	}
	return at
}

// A walker collects the references and problems of a syntax tree.
type walker struct {
	// local has the names of all CTEs, regardless of scope: DuckDB refuses an unqualified name outside the
	// scope of its CTE.
	local     map[string]bool
	tables    map[string]Reference
	functions []Reference
	columns   []Reference
	problems  []Problem
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
		if names := listOf(n["column_names"]); len(names) == 1 {
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
		name := cmp.Or(textOf(objectOf(n["function"])["function_name"]), "?")
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
	at, err := strconv.Atoi(numberOf(v))
	if err != nil { // there is none, or the largest unsigned number, which means unknown
		return -1
	}
	return at
}
