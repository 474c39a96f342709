package checks

import (
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// A value is a YAML value as it stands in the file. Unlike a Go struct it accepts every shape, so
// that each thing wrong in a file becomes a fault of its own with its own place.
type value struct {
	shape  shape
	text   string           // scalar: its text; a number as it was written, digit for digit
	fields map[string]value // mapping
	items  []value          // list
}

type shape string

const (
	empty   shape = "" // a null, for which UnmarshalYAML is not even called
	scalar  shape = "text"
	mapping shape = "a mapping"
	list    shape = "a list"
)

// UnmarshalYAML fills the value; it never refuses what is valid YAML.
func (v *value) UnmarshalYAML(unmarshal func(any) error) error {
	var plain any
	if err := unmarshal(&plain); err != nil {
		return err
	}
	switch p := plain.(type) {
	case nil:
	case map[string]any:
		v.shape = mapping
		return unmarshal(&v.fields)
	case []any:
		v.shape = list
		return unmarshal(&v.items)
	case string:
		v.shape, v.text = scalar, p
	case bool:
		v.shape, v.text = scalar, strconv.FormatBool(p)
	default:
		v.shape = scalar
		return unmarshal((*written)(&v.text))
	}
	return nil
}

// written is a scalar as it was typed, so that 0.1 is not a binary fraction.
type written string

// UnmarshalYAML takes the text up to white space or a comment.
func (w *written) UnmarshalYAML(data []byte) error {
	text, _, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	*w = written(strings.TrimSpace(text))
	return nil
}

// A reader reads the keys of one mapping and collects what is wrong with them.
type reader struct {
	doc    *projectfile.Doc
	lines  []string // of the YAML text
	at     string   // YAML path of the mapping
	fields map[string]value
	faults *projectfile.Faults
}

func (r reader) has(key string) bool { _, ok := r.fields[key]; return ok }

// fault reports something wrong with the value of a key; key "" is the mapping itself.
func (r reader) fault(key, hint, format string, args ...any) {
	*r.faults = append(*r.faults, r.doc.At(r.path(key), hint, format, args...))
}

func (r reader) path(key string) string {
	if key == "" {
		return r.at
	}
	return r.at + ".'" + strings.ReplaceAll(key, "'", `\'`) + "'"
}

// unknown reports every key that is not among known, and whether there is one. The place is that of
// the key, which stands on the line of its value or above it.
func (r reader) unknown(known []string, what string) bool {
	found := false
	for _, key := range sortedKeys(r.fields) {
		if slices.Contains(known, key) {
			continue
		}
		found = true
		hint := projectfile.DidYouMean(key, known)
		if hint == "" {
			hint = "known: " + strings.Join(known, ", ")
		}
		f := r.doc.At(r.path(key), hint, "unknown key %q%s", key, what)
		for n := f.Line; n > r.doc.FirstLine && n > f.Line-3; n-- {
			if i := strings.Index(r.lines[n-r.doc.FirstLine-1], key+":"); i >= 0 {
				f.Line, f.Col = n, r.doc.FirstCol+i+1
				break
			}
		}
		*r.faults = append(*r.faults, f)
	}
	return found
}

// text is the text of a scalar, "" and a fault when there is none.
func (r reader) text(key string) string {
	v, ok := r.fields[key]
	if !ok {
		return ""
	}
	text := strings.TrimSpace(v.text)
	if v.shape != scalar || text == "" {
		hint := "give it a value or leave the key out"
		if v.shape == list || v.shape == mapping {
			hint = "write one value"
		}
		r.fault(key, hint, "%s is %s", key, v.unlike("one value"))
	}
	return text
}

// texts are the texts of a list, or of one scalar as a list of one. Repeated texts are a fault.
func (r reader) texts(key string) []string {
	v, ok := r.fields[key]
	switch {
	case !ok:
		return nil
	case v.shape == scalar:
		return []string{r.text(key)}
	case v.shape != list || len(v.items) == 0:
		r.fault(key, "write a list such as [a, b]", "%s is %s", key, v.unlike("a list"))
		return nil
	}
	var out []string
	for i, item := range v.items {
		text := strings.TrimSpace(item.text)
		at := r.path(key) + "[" + strconv.Itoa(i) + "]"
		switch {
		case item.shape != scalar || text == "":
			*r.faults = append(*r.faults, r.doc.At(at, "write a list of texts", "%s holds %s", key, item.unlike("a text")))
		case slices.Contains(out, text):
			*r.faults = append(*r.faults, r.doc.At(at, "write it once", "%s holds %q twice", key, text))
		default:
			out = append(out, text)
		}
	}
	return out
}

// within is a reader of the mapping under a key; false and a fault when it is not a mapping.
func (r reader) within(key string) (reader, bool) {
	v := r.fields[key]
	if v.shape != mapping || len(v.fields) == 0 {
		r.fault(key, "write keys under it, such as {below: 25}", "%s is %s", key, v.unlike("a mapping"))
		return reader{}, false
	}
	inner := r
	inner.at, inner.fields = r.path(key), v.fields
	return inner, true
}

// unlike describes a value that is not of the shape that is wanted, or has nothing in it.
func (v value) unlike(want string) string {
	switch {
	case v.shape == empty, v.shape == scalar && strings.TrimSpace(v.text) == "":
		return "empty"
	case v.shape == mapping && len(v.fields) == 0, v.shape == list && len(v.items) == 0:
		return "an empty " + strings.TrimPrefix(string(v.shape), "a ")
	}
	return string(v.shape) + ", not " + want
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
