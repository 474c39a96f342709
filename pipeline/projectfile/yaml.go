package projectfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A Doc is one parsed YAML document.
type Doc struct {
	Path string
	// Root is the value of the document, or nil if it is empty.
	Root *Value

	line, col int // to add to the places of the YAML library
}

// Parse reads YAML text strictly. Its faults are syntax errors, repeated keys, wrong aliases, and text that
// is too large or too deeply nested for a project file.
func Parse(path string, data []byte) (*Doc, Faults) { return ParseAt(path, data, 0, 0) }

// ParseAt is Parse for YAML inside another file, after a number of lines and without the first col
// characters of each line.
func ParseAt(path string, data []byte, line, col int) (*Doc, Faults) {
	d := &Doc{Path: path, line: line, col: col}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if fault := d.checkText(data); fault != nil {
		return d, Faults{*fault}
	}
	// The YAML library counts some lines that end in CR LF twice.
	tokens := lexer.Tokenize(strings.ReplaceAll(string(data), "\r\n", "\n"))
	if fault := d.checkBounds(tokens); fault != nil {
		return d, Faults{*fault}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	addTabs(tokens)
	switch {
	case err != nil:
		return d, Faults{d.syntax(err)}
	case len(file.Docs) > 1:
		return d, Faults{{Path: path, Line: line + 1, Message: "more than one YAML document", Hint: "remove the line ---"}}
	case len(file.Docs) == 1 && file.Docs[0].Body != nil:
		b := builder{doc: d, anchors: map[string]anchor{}}
		d.Root = b.value(file.Docs[0].Body)
		return d, b.faults
	}
	return d, nil
}

// Fault returns a fault at a value, or at the beginning of the document for nil.
func (d *Doc) Fault(at *Value, hint, format string, args ...any) Fault {
	f := Fault{Path: d.Path, Line: d.line + 1, Col: d.col + 1, Message: fmt.Sprintf(format, args...), Hint: hint}
	if at != nil {
		f.Line, f.Col = at.Line, at.Col
	}
	return f
}

// At returns a fault at a path such as "$.columns[2].type", or at its nearest parent if there is no such
// value.
func (d *Doc) At(path, hint, format string, args ...any) Fault {
	at := d.Root
	for rest, ok := strings.CutPrefix(path, "$"); ok && rest != ""; {
		next, tail := at.step(rest)
		if next == nil {
			break
		}
		at, rest = next, tail
	}
	return d.Fault(at, hint, format, args...)
}

// place returns a fault at a token.
func (d *Doc) place(t *token.Token, hint, format string, args ...any) Fault {
	f := d.Fault(nil, hint, format, args...)
	if t != nil && t.Position != nil {
		f.Line, f.Col = d.line+t.Position.Line, d.col+t.Position.Column
	}
	return f
}

// maxBytes is the maximum size of YAML text. A contract with hundreds of columns takes a tenth of it.
const maxBytes = 1 << 20

// checkText returns a fault if the text is too large or not UTF-8, or nil.
func (d *Doc) checkText(data []byte) *Fault {
	if len(data) > maxBytes {
		f := d.Fault(nil, "split it", "more than %d bytes", maxBytes)
		return &f
	}
	line, start := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			col := utf8.RuneCount(data[start:i]) + 1
			return &Fault{Path: d.Path, Line: d.line + line, Col: d.col + col, Message: "not UTF-8", Hint: "save the file as UTF-8"}
		}
		i += size
		if r == '\n' {
			line, start = line+1, i
		}
	}
	return nil
}

// The YAML library parses nested values and neighbouring keys by recursion, and stores the path of each
// node as a separate text. These bounds keep that cheap.
const (
	maxDepth     = 50
	maxKeys      = 4000     // of one mapping
	maxPathBytes = 64 << 20 // bytes of all paths
)

// A collection is a mapping or list that is open at a token.
type collection struct {
	column int // of a block; 0 for the document and in brackets
	keys   int
	path   int // bytes of the path to the current value
}

// checkBounds returns a fault at the first token that exceeds the bounds, or nil.
func (d *Doc) checkBounds(tokens token.Tokens) *Fault {
	open := []collection{{}, {}} // a sentinel, and the document
	brackets, paths := 0, 0
	for _, t := range tokens {
		column, key := 0, t.Type == token.MappingValueType && t.Prev != nil
		switch {
		case t.Type == token.SequenceStartType || t.Type == token.MappingStartType:
			open = append(open, collection{})
			brackets++
		case brackets > 0 && (t.Type == token.SequenceEndType || t.Type == token.MappingEndType):
			open = open[:len(open)-1]
			brackets--
		case brackets == 0 && t.Type == token.SequenceEntryType:
			column = t.Position.Column
		case brackets == 0 && key:
			column = t.Prev.Position.Column
		}
		for column > 0 && open[len(open)-1].column > column {
			open = open[:len(open)-1]
		}
		if column > open[len(open)-1].column {
			open = append(open, collection{column: column})
		}
		top, above := &open[len(open)-1], open[len(open)-2].path
		top.path = max(top.path, above+len("[12345]"))
		if key {
			top.path = above + len(".") + len(t.Prev.Value)
			top.keys++
		}
		paths += top.path
		var f Fault
		switch {
		case len(open) > maxDepth+2:
			f = d.place(t, "nest less", "nested more than %d deep", maxDepth)
		case top.keys > maxKeys:
			f = d.place(t, "split it", "a mapping of more than %d keys", maxKeys)
		case paths > maxPathBytes:
			f = d.place(t, "shorten the keys, or split the file", "too many values below long keys")
		default:
			continue
		}
		return &f
	}
	return nil
}

// addTabs adds the tabs before tokens to their columns, since the YAML library ignores tabs.
func addTabs(tokens token.Tokens) {
	line, tabs := 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, tabs = t.Position.Line, 0
		}
		blank := len(t.Origin) - len(strings.TrimLeft(t.Origin, " \t"))
		tabs += strings.Count(t.Origin[:blank], "\t")
		t.Position.Column += tabs
	}
}

// translations replace messages of the YAML library by plain ones.
var translations = []struct {
	match         *regexp.Regexp
	message, hint string
}{
	{regexp.MustCompile(`^found character '\t' that cannot start any token`), "a tab where YAML has spaces", "indent with spaces"},
	{regexp.MustCompile(`^non-map value is specified`), "a line without a key", "write key: value"},
	{regexp.MustCompile(`^',' or '([\]}])' must be specified`), "the bracket before this is not closed", "write $1 behind it"},
	{regexp.MustCompile(`^could not find end character of (\S+)-quoted text`), "the quote is not closed", "close it; a single quote inside single quotes is written twice"},
}

// syntax turns an error of the YAML library into a fault.
func (d *Doc) syntax(err error) Fault {
	var placed interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &placed) {
		return d.Fault(nil, "", "%v", err)
	}
	message, _, _ := strings.Cut(placed.GetMessage(), "\n")
	hint := ""
	for _, w := range translations {
		if m := w.match.FindStringSubmatchIndex(message); m != nil {
			hint = string(w.match.ExpandString(nil, w.hint, message, m))
			message = w.message
			break
		}
	}
	return d.place(placed.GetToken(), hint, "%s", message)
}
