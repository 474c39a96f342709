package projectfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Kind is a kind of YAML value, as faults call it.
type Kind string

// The kinds.
const (
	KindNull    Kind = "nothing"
	KindText    Kind = "a text"
	KindInteger Kind = "a whole number"
	KindNumber  Kind = "a number"
	KindBool    Kind = "true or false"
	KindList    Kind = "a list"
	KindMapping Kind = "a mapping"
)

// A Value is one YAML value. Its methods accept nil, for no value.
type Value struct {
	Kind Kind
	// Line and Col are its place in the file, from 1: of the first key for a mapping, and of the alias for
	// an aliased value.
	Line, Col int
	// Text is a scalar as written: 0.10 is not 0.1.
	Text  string
	Keys  []Key    // of a mapping, in order
	Items []*Value // of a list
}

// A Key is a key of a mapping, with its place and its value.
type Key struct {
	Name      string
	Line, Col int
	Value     *Value
}

// Is reports whether there is a value, of one of the kinds.
func (v *Value) Is(kinds ...Kind) bool { return v != nil && slices.Contains(kinds, v.Kind) }

// Scalar returns the text of a text, number or boolean.
func (v *Value) Scalar() (text string, ok bool) {
	if !v.Is(KindText, KindInteger, KindNumber, KindBool) {
		return "", false
	}
	return v.Text, true
}

// Truth returns the value of a boolean.
func (v *Value) Truth() (truth, ok bool) {
	return v.Is(KindBool) && strings.EqualFold(v.Text, "true"), v.Is(KindBool)
}

// Get returns the value of a key of a mapping, or nil if it has no such key.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	for _, k := range v.Keys {
		if k.Name == key {
			return k.Value
		}
	}
	return nil
}

// step follows the first step of a path such as ".a.b[2]". A key may have dots and brackets.
func (v *Value) step(path string) (next *Value, rest string) {
	if v == nil {
		return nil, ""
	}
	if index, ok := strings.CutPrefix(path, "["); ok {
		index, rest, _ = strings.Cut(index, "]")
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(v.Items) {
			return v.Items[i], rest
		}
		return nil, ""
	}
	for _, k := range v.Keys {
		tail, ok := strings.CutPrefix(path, "."+k.Name)
		if ok && (tail == "" || tail[0] == '.' || tail[0] == '[') && (next == nil || len(tail) < len(rest)) {
			next, rest = k.Value, tail
		}
	}
	return next, rest
}

// A builder converts the nodes of the YAML library to values.
type builder struct {
	doc     *Doc
	faults  Faults
	anchors map[string]anchor
	inside  bool // inside the value of an anchor
	refused bool // an alias has a fault, which other aliases would repeat
	made    int  // number of values so far
	aliased int  // number of values that aliases refer to
}

// An anchor is a value that aliases refer to, and the number of values in it.
type anchor struct {
	value *Value
	size  int
}

// maxAliased is the maximum number of values that the aliases of a document may refer to.
const maxAliased = 100_000

// fault adds a fault at a node.
func (b *builder) fault(n ast.Node, hint, format string, args ...any) {
	b.faults = append(b.faults, b.doc.place(n.GetToken(), hint, format, args...))
}

// value returns the value of a node.
func (b *builder) value(n ast.Node) *Value {
	b.made++
	at := b.doc.place(n.GetToken(), "", "")
	v := &Value{Kind: KindNull, Line: at.Line, Col: at.Col}
	switch n := n.(type) {
	case *ast.StringNode:
		v.Kind, v.Text = KindText, n.Value
	case *ast.LiteralNode:
		v.Kind, v.Text = KindText, n.Value.Value
	case *ast.IntegerNode:
		v.Kind, v.Text = KindInteger, n.GetToken().Value
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		v.Kind, v.Text = KindNumber, n.GetToken().Value
	case *ast.BoolNode:
		v.Kind, v.Text = KindBool, n.GetToken().Value
	case *ast.SequenceNode:
		v.Kind = KindList
		for _, item := range n.Values {
			v.Items = append(v.Items, b.value(item))
		}
	case *ast.MappingNode:
		b.mapping(v, n.Values)
	case *ast.MappingValueNode:
		b.mapping(v, []*ast.MappingValueNode{n})
	case *ast.MappingKeyNode:
		return b.value(n.Value)
	case *ast.TagNode:
		if n.Value != nil {
			return b.value(n.Value)
		}
	case *ast.AnchorNode:
		outer, made := b.inside, b.made
		b.inside = true
		v = b.value(n.Value)
		b.inside = outer
		b.anchors[n.Name.GetToken().Value] = anchor{v, b.made - made}
	case *ast.AliasNode:
		b.alias(v, n)
	}
	return v
}

// mapping fills v with pairs, followed by the other keys that << merges.
func (b *builder) mapping(v *Value, pairs []*ast.MappingValueNode) {
	v.Kind = KindMapping
	seen := map[string]bool{}
	var merged []*Value
	for i, pair := range pairs {
		key := b.value(pair.Key)
		value := b.value(pair.Value)
		if i == 0 {
			v.Line, v.Col = key.Line, key.Col
		}
		if _, ok := pair.Key.(*ast.MergeKeyNode); ok {
			merged = append(append(merged, value), value.Items...)
			continue
		}
		switch name, ok := key.Scalar(); {
		case !ok:
			b.fault(pair.Key, "write key: value", "a key that is %s", key.Kind)
		case seen[name]:
			b.fault(pair.Key, "keep one", "key %q occurs twice", name)
		default:
			seen[name] = true
			v.Keys = append(v.Keys, Key{name, key.Line, key.Col, value})
		}
	}
	for _, m := range merged {
		for _, k := range m.Keys {
			if !seen[k.Name] {
				v.Keys = append(v.Keys, k)
			}
			seen[k.Name] = true
		}
	}
}

// alias makes v the value that an alias refers to. It refuses an alias inside the value of an anchor: a few
// lines of those can expand to more than fits in memory, or to themselves.
func (b *builder) alias(v *Value, n *ast.AliasNode) {
	name := n.Value.GetToken()
	a, known := b.anchors[name.Value]
	switch {
	case b.refused:
	case b.inside:
		b.refused = true
		b.fault(n, "write the value out", "alias inside an anchor")
	case !known:
		b.fault(n.Value, "", "could not find alias %q", name.Value)
	case b.aliased+a.size > maxAliased:
		b.refused = true
		b.fault(n, "use fewer aliases", "the aliases refer to more than %d values", maxAliased)
	default:
		b.aliased += a.size
		line, col := v.Line, v.Col
		*v = *a.value
		v.Line, v.Col = line, col
	}
}
