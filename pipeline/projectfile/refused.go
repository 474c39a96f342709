package projectfile

import (
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// notUTF8 is the fault of the first byte that does not decode, nil when all do.
func (d *Doc) notUTF8() *Fault {
	line, start := 1, 0
	for i := 0; i < len(d.data); {
		r, size := utf8.DecodeRune(d.data[i:])
		if r == utf8.RuneError && size == 1 {
			col := utf8.RuneCount(d.data[start:i]) + 1
			return &Fault{Path: d.Path, Line: d.FirstLine + line, Col: d.FirstCol + col, Message: "not UTF-8", Hint: "save the file as UTF-8"}
		}
		i += size
		if r == '\n' {
			line, start = line+1, i
		}
	}
	return nil
}

// nestedAlias is the fault of an alias (*name) inside the value of an anchor (&name), nil when there
// is none: a few lines of those can stand for more than fits in memory, or for themselves.
func (d *Doc) nestedAlias() *Fault {
	var v aliasInAnchor
	for _, doc := range d.file.Docs {
		ast.Walk(&v, doc)
	}
	if v.found == nil {
		return nil
	}
	pos := v.found.GetToken().Position
	return &Fault{Path: d.Path, Line: d.FirstLine + pos.Line, Col: d.FirstCol + pos.Column, Message: "alias inside an anchor", Hint: "write the value out"}
}

type aliasInAnchor struct {
	inside bool
	found  *ast.AliasNode // the first
}

// Visit implements ast.Visitor.
func (v *aliasInAnchor) Visit(node ast.Node) ast.Visitor {
	if v.found != nil {
		return nil
	}
	switch n := node.(type) {
	case *ast.AnchorNode:
		within := aliasInAnchor{inside: true}
		ast.Walk(&within, n.Value)
		v.found = within.found
		return nil
	case *ast.AliasNode:
		if v.inside {
			v.found = n
		}
		return nil
	}
	return v
}
