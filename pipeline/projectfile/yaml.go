package projectfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Doc is one parsed YAML document that still knows where everything stands.
type Doc struct {
	Path string
	// FirstLine is the line of the file on which the YAML text begins, counted from 0: 0 for a YAML
	// file, more for a header inside another file.
	FirstLine int
	// FirstCol is what was cut from the front of every line.
	FirstCol int

	data []byte
	file *ast.File
}

// Parse reads YAML text. Faults are those of syntax.
func Parse(path string, data []byte) (*Doc, Faults) { return ParseAt(path, data, 0, 0) }

// ParseAt is Parse for YAML that stands inside another file, from line firstLine (from 0) on, with
// firstCol characters cut from the front of every line.
func ParseAt(path string, data []byte, firstLine, firstCol int) (*Doc, Faults) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := &Doc{Path: path, FirstLine: firstLine, FirstCol: firstCol, data: data}
	if fault := d.notUTF8(); fault != nil {
		return d, Faults{*fault}
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return d, Faults{d.fault(err)}
	}
	d.file = file
	if len(file.Docs) > 1 {
		return d, Faults{{Path: path, Line: firstLine + 1, Message: "more than one YAML document", Hint: "remove the line ---"}}
	}
	if fault := d.nestedAlias(); fault != nil {
		return d, Faults{*fault}
	}
	return d, nil
}

// Decode fills into, a pointer to a struct with yaml tags. Unknown and repeated keys are faults.
func (d *Doc) Decode(into any) Faults {
	if d.file == nil {
		return nil
	}
	if len(d.file.Docs) > 0 && d.file.Docs[0].Body != nil {
		if faults := d.unknownKeys(d.file.Docs[0].Body, reflect.TypeOf(into)); len(faults) > 0 {
			return faults
		}
	}
	err := yaml.NewDecoder(bytes.NewReader(d.data), yaml.Strict(), yaml.DisallowUnknownField()).Decode(into)
	if err != nil && !errors.Is(err, io.EOF) {
		return Faults{d.fault(err)}
	}
	return nil
}

// At makes a fault at a YAML path such as "$.columns[2].type"; where the path does not exist, at its
// nearest existing parent.
func (d *Doc) At(yamlPath, hint, format string, args ...any) Fault {
	f := Fault{Path: d.Path, Message: fmt.Sprintf(format, args...), Hint: hint}
	f.Line, f.Col = d.position(yamlPath)
	return f
}

func (d *Doc) position(yamlPath string) (line, col int) {
	for d.file != nil && len(d.file.Docs) > 0 && yamlPath != "" {
		if p, err := yaml.PathString(yamlPath); err == nil {
			if node, err := p.FilterFile(d.file); err == nil && node != nil {
				if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
					node = m.Values[0].Key
				}
				pos := node.GetToken().Position
				return d.FirstLine + pos.Line, d.FirstCol + pos.Column
			}
		}
		cut := strings.LastIndexAny(yamlPath, ".[")
		if cut <= 0 {
			break
		}
		yamlPath = yamlPath[:cut]
	}
	return d.FirstLine + 1, d.FirstCol + 1
}

// fault turns an error of the YAML library into one with a place.
func (d *Doc) fault(err error) Fault {
	f := Fault{Path: d.Path, Message: err.Error()}
	var yerr yaml.Error
	if errors.As(err, &yerr) {
		f.Message = yerr.GetMessage()
		if t := yerr.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Col = d.FirstLine+t.Position.Line, d.FirstCol+t.Position.Column
		}
	}
	f.Message, _, _ = strings.Cut(f.Message, "\n")
	f.Message, f.Hint = plainly(f.Message)
	return f
}
