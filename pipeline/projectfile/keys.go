package projectfile

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// unknownKeys finds the keys that a struct has no field for, at any depth, with the nearest one that
// it has. Types that decode themselves, and maps, are left alone.
func (d *Doc) unknownKeys(node ast.Node, t reflect.Type) Faults {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, own := reflect.PointerTo(t).MethodByName("UnmarshalYAML"); own {
		return nil
	}
	var faults Faults
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			faults = append(faults, d.unknownKeys(v, t)...)
		}
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for _, v := range n.Values {
				faults = append(faults, d.unknownKeys(v, t.Elem())...)
			}
		}
	case *ast.MappingValueNode:
		if t.Kind() != reflect.Struct {
			return nil
		}
		if _, merge := n.Key.(*ast.MergeKeyNode); merge {
			return nil
		}
		var known []string
		token := n.Key.GetToken()
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			if name == token.Value {
				return d.unknownKeys(n.Value, f.Type)
			}
			known = append(known, name)
		}
		faults = append(faults, Fault{
			Path: d.Path, Line: d.FirstLine + token.Position.Line, Col: d.FirstCol + token.Position.Column,
			Message: "unknown key \"" + token.Value + "\"", Hint: DidYouMean(token.Value, known),
		})
	}
	return faults
}

// wordings say in plain words what the YAML library says in its own.
var wordings = []struct {
	match         *regexp.Regexp
	message, hint string
}{
	{regexp.MustCompile(`^found character '\t' that cannot start any token`), "a tab where YAML has spaces", "indent with spaces"},
	{regexp.MustCompile(`^non-map value is specified`), "a line without a key", "write key: value"},
	{regexp.MustCompile(`^',' or '([\]}])' must be specified`), "the bracket before this is not closed", "write $1 behind it"},
	{regexp.MustCompile(`^could not find end character of (\S+)-quoted text`), "the quote is not closed", "close it; a single quote inside single quotes is written twice"},
	{regexp.MustCompile(`^mapping key "(.*)" already defined at \[(\d+):\d+\]`), `key "$1" stands there twice`, "keep one"},
	{regexp.MustCompile(`^cannot unmarshal (.+) into Go (?:struct field|value) .*of type (\S+)$`), "this is $1 where $2 is expected", ""},
	{regexp.MustCompile(`^(\S+) was used where (\S+) is expected`), "this is $1 where $2 is expected", ""},
}

// shapes are the words of the YAML library and of Go for what a value is.
var shapes = map[string]string{
	"string": "a text", "int": "a whole number", "int64": "a whole number", "uint64": "a whole number", "float64": "a number", "bool": "true or false",
	"sequence": "a list", "mapping": "a mapping", "null": "nothing", "boolean": "true or false", "integer": "a whole number", "float": "a number",
}

// plainly rewrites a message of the YAML library.
func plainly(message string) (plain, hint string) {
	for _, w := range wordings {
		m := w.match.FindStringSubmatchIndex(message)
		if m == nil {
			continue
		}
		plain := string(w.match.ExpandString(nil, w.message, message, m))
		if strings.HasPrefix(w.message, "this is $1") {
			words := w.match.FindStringSubmatch(message)
			plain = "this is " + shape(words[1]) + " where " + shape(words[2]) + " is expected"
		}
		return plain, string(w.match.ExpandString(nil, w.hint, message, m))
	}
	return message, ""
}

func shape(word string) string {
	if s, ok := shapes[word]; ok {
		return s
	}
	switch {
	case strings.HasPrefix(word, "[]"):
		return "a list"
	case strings.HasPrefix(word, "map") || strings.Contains(word, "struct") || strings.Contains(word, "."):
		return "a mapping"
	}
	return word
}
