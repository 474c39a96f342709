package sources

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"inbeeld/pipeline/projectfile"
)

// A tree takes over the syntax tree of a document, so that a contract is read with the place of
// every word at hand and all its faults are found in one go.
type tree struct{ root ast.Node }

// UnmarshalYAML keeps the node.
func (t *tree) UnmarshalYAML(n ast.Node) error {
	t.root = n
	return nil
}

// A reading collects the faults of one document.
type reading struct {
	doc    *projectfile.Doc
	faults projectfile.Faults
}

func (r *reading) fault(n ast.Node, hint, format string, args ...any) {
	f := projectfile.Fault{Path: r.doc.Path, Message: fmt.Sprintf(format, args...), Hint: hint}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		f.Line, f.Col = r.doc.FirstLine+t.Position.Line, r.doc.FirstCol+t.Position.Column
	}
	r.faults = append(r.faults, f)
}

// A mapping is a YAML mapping of which the keys are known.
type mapping struct {
	*reading
	node   ast.Node
	values map[string]ast.Node
}

// mapping reads n as a mapping. Keys that are not known are faults.
func (r *reading) mapping(n ast.Node, what string, known ...string) (mapping, bool) {
	m := mapping{reading: r, node: n, values: map[string]ast.Node{}}
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.fault(n, "write key: value", "%s must be a mapping", what)
		return m, false
	}
	for _, pair := range pairs {
		key, ok := scalar(pair.Key)
		if !ok || !slices.Contains(known, key) {
			if !ok {
				key = pair.Key.GetToken().Value
			}
			r.fault(pair.Key, projectfile.DidYouMean(key, known), "unknown key %q in %s", key, what)
			continue
		}
		m.values[key] = pair.Value
	}
	return m, true
}

// need gives a fault for each of the keys that is not there.
func (m mapping) need(what string, keys ...string) {
	for _, key := range keys {
		if _, ok := m.values[key]; !ok {
			m.fault(m.node, needed[key], "%s lacks %q", what, key)
		}
	}
}

// needed says what to write for a key that is missing.
var needed = map[string]string{
	"description": "say in one sentence what is delivered",
	"supplier":    "name the organisation that delivers it",
	"owner":       "name the role or address that hears of a bad delivery",
	"match":       `write an expression for file names, such as 'sonar_(?P<peildatum>\d{8}).*\.csv'`,
	"key":         "list the columns that together are unique, such as [persoon_id]",
	"columns":     "list the columns, such as {name: Burgerservicenr, as: persoon_id, type: bsn}",
	"name":        "write what the supplier calls the column",
	"as":          "write what the column is called here",
	"type":        "choose from " + strings.Join(columnTypes, ", "),
	"dir":         "write a folder, such as {dir: inbox/sonar}",
	"known_hosts": "write known_hosts: file:PATH, with the host key that the supplier gave you; ssh-keyscan writes such a line",
	"access_key":  "write access_key: env:NAME or file:PATH",
	"secret_key":  "write secret_key: env:NAME or file:PATH",
	"region":      "write the region of the bucket, such as eu-west-1; many servers take any",
	"account":     "write the name of the storage account",
	"query":       "write the SELECT whose rows are the delivery; $1 in it is the peildatum",
	"password":    "write password: env:NAME or file:PATH",
	"timeout":     "write how long the place may be silent, such as 90s or 10m",
	"every":       "write how often it comes, such as {every: 7d, grace: 2d}",
}

// text is the value at key, "" when there is none. Text that is there but empty is a fault.
func (m mapping) text(key string) string {
	n, ok := m.values[key]
	if !ok {
		return ""
	}
	s, ok := scalar(n)
	if !ok || strings.TrimSpace(s) == "" {
		m.fault(n, needed[key], "%q must be text", key)
		return ""
	}
	return s
}

// truth is the value at key, false when there is none.
func (m mapping) truth(key string) bool {
	n, ok := m.values[key]
	if !ok {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		m.fault(n, "", "%q must be true or false", key)
		return false
	}
	return b.Value
}

// An item is one text of a list, and where it stands.
type item struct {
	text string
	node ast.Node
}

// list is the list of texts at key. A list that is there but empty is a fault.
func (m mapping) list(key string) []item {
	n, ok := m.values[key]
	if !ok {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		m.fault(n, needed[key], "%q must be a list, such as [A, B]", key)
		return nil
	}
	var items []item
	for _, v := range seq.Values {
		s, ok := scalar(v)
		if !ok || strings.TrimSpace(s) == "" {
			m.fault(v, "", "%q must hold texts", key)
			continue
		}
		items = append(items, item{s, v})
	}
	return items
}

func texts(items []item) []string {
	var out []string
	for _, it := range items {
		out = append(out, it.text)
	}
	return out
}

// scalar is the text of a single value as it stands in the file: 0.10 stays 0.10.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}
