package records

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// The formats of JSON.
const (
	JSON      Shape = "json"  // an array of objects, or an object with one
	JSONLines Shape = "jsonl" // an object on each line
)

// maxKeys is the maximum number of different keys in all objects of a file.
const maxKeys = 10_000

// maxOuterObject is the maximum number of bytes of an object before or after the array in it.
const maxOuterObject = 1 << 20

// jsonFormat reads objects: those of an array, or one on each line. Its source is jsonObjects.
type jsonFormat struct{ lines bool }

func (j jsonFormat) shape() Shape {
	if j.lines {
		return JSONLines
	}
	return JSON
}

func (jsonFormat) layout() layout { return layout{separateHeader: true} }

func (j jsonFormat) claims(ctx context.Context, f file) (bool, error) {
	switch {
	case f.ext == ".jsonl" || f.ext == ".ndjson":
		return j.lines, nil
	case f.ext != ".json":
		return false, nil
	case j.lines:
		return isJSONLines(newUTF8Reader(ctx, f.src, f.size, f.enc))
	}
	return true, nil
}

func (j jsonFormat) open(_ context.Context, f file, form Form, columns []Column) (*Reader, error) {
	form.Dialect = Dialect{}
	return newReader(&jsonObjects{file: f, lines: j.lines, keys: map[string]int{}}, form, columns), nil
}

func (j jsonFormat) guess(ctx context.Context, f file) (guess, error) { return titlesOf(ctx, j, f) }

// brokenJSON returns the error for a file whose structure is lost.
func brokenJSON(message string, args ...any) error {
	return &UnreadableError{Reason: "het bestand is geen geldige JSON of is niet volledig; lever het opnieuw", Err: fmt.Errorf(message, args...)}
}

// jsonObjects is the source of JSON objects. It reads the file twice, the first time for the keys.
type jsonObjects struct {
	file  file
	lines bool
	keys  map[string]int
	names []string
	in    *jsonElements
	built fields
	found [][]byte // by key, nil where the object has none
}

// titles returns the keys of all objects in order of first appearance. It reads the whole file, which
// also checks its structure.
func (o *jsonObjects) titles(ctx context.Context) (record, error) {
	in := newJSONElements(ctx, o.file, o.lines)
	for {
		_, raw, fault, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return record{}, err
		}
		if fault != NoFault || len(raw) == 0 || !utf8.Valid(raw) {
			continue
		}
		err = members(raw, func(key string, _ []byte) error {
			if _, known := o.keys[key]; known {
				return nil
			}
			if len(o.names) == maxKeys {
				return &UnreadableError{Reason: fmt.Sprintf("de objecten hebben samen meer dan %d verschillende namen", maxKeys)}
			}
			o.keys[key] = len(o.names)
			o.names = append(o.names, key)
			return nil
		})
		if err != nil {
			return record{}, err
		}
	}
	o.built.reset()
	for _, name := range o.names {
		o.built.text = append(o.built.text, name...)
		o.built.end(plainText)
	}
	o.found = make([][]byte, len(o.names))
	o.in = newJSONElements(ctx, o.file, o.lines)
	return o.built.record(0, false), nil
}

func (o *jsonObjects) next(context.Context) (record, error) {
	regel, raw, fault, err := o.in.next()
	if err != nil {
		return record{}, err
	}
	if fault == NoFault && !utf8.Valid(raw) {
		fault = Bytes
	}
	if fault == NoFault && len(raw) > 0 {
		clear(o.found)
		_ = members(raw, func(key string, value []byte) error {
			at := o.keys[key]
			if o.found[at] != nil {
				fault = Syntax // a name that appears twice is ambiguous
			}
			o.found[at] = value
			return nil
		})
	}
	if fault != NoFault {
		return record{regel: regel, text: raw[:min(len(raw), overlongHead)], fault: fault}, nil
	}
	o.built.reset()
	for i := range o.names {
		var value []byte
		if len(raw) > 0 {
			value = o.found[i]
		}
		o.value(value)
	}
	return o.built.record(regel, false), nil
}

// value adds a field with the given JSON value, which may be absent.
func (o *jsonObjects) value(raw []byte) {
	k := plainText
	switch {
	case len(raw) == 0 || raw[0] == 'n':
	case raw[0] == '"':
		o.built.text = appendString(o.built.text, raw)
	case raw[0] == 't':
		o.built.text = append(o.built.text, 'J')
	case raw[0] == 'f':
		o.built.text = append(o.built.text, 'N')
	case raw[0] == '{' || raw[0] == '[':
		k = noValue
		o.built.text = append(o.built.text, raw[:1]...)
	default:
		o.built.text = appendNumber(o.built.text, raw, false)
	}
	o.built.end(k)
}

// appendString appends the text of a JSON string.
func appendString(dst, raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return append(dst, raw[1:len(raw)-1]...)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic("records: invalid string in a valid object: " + err.Error())
	}
	return append(dst, s...)
}

// members calls each with the keys and values of a valid object.
func members(object []byte, each func(key string, value []byte) error) error {
	for i := 1; ; {
		i += spaces(object[i:])
		if object[i] == '}' {
			return nil
		}
		if object[i] == ',' {
			i++
			i += spaces(object[i:])
		}
		end := i + valueLen(object[i:])
		key := string(appendString(nil, object[i:end]))
		i = end + spaces(object[end:]) + 1 // the colon
		i += spaces(object[i:])
		end = i + valueLen(object[i:])
		if err := each(key, object[i:end]); err != nil {
			return err
		}
		i = end
	}
}

func spaces(b []byte) int {
	if i := slices.IndexFunc(b, func(c byte) bool { return !isSpace(c) }); i >= 0 {
		return i
	}
	return len(b)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// valueLen returns the length of the valid JSON value at the start of b.
func valueLen(b []byte) int {
	var in nesting
	for i, c := range b {
		if in == (nesting{}) && (c == ',' || c == '}' || c == ']' || c == ':' || isSpace(c)) {
			return i
		}
		in.step(c)
	}
	return len(b)
}

// A nesting is a place in JSON text: how deep in brackets, and whether in a string.
type nesting struct {
	depth           int
	quoted, escaped bool
}

// step moves past one byte.
func (n *nesting) step(c byte) {
	switch {
	case n.escaped:
		n.escaped = false
	case n.quoted && c == '\\':
		n.escaped = true
	case c == '"':
		n.quoted = !n.quoted
	case n.quoted:
	case c == '{' || c == '[':
		n.depth++
	case c == '}' || c == ']':
		n.depth--
	}
}

// isJSONLines reports whether a file has an object on each line rather than a single value: whether its
// first line that is not blank is a complete object without an array in it.
func isJSONLines(src io.Reader) (bool, error) {
	in := bufio.NewReaderSize(src, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return false, err
		}
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 && err == nil:
			continue
		case len(line) == 0 || line[0] != '{' || !json.Valid(line):
			return false, nil
		}
		lines := true
		_ = members(line, func(_ string, value []byte) error {
			lines = lines && value[0] != '['
			return nil
		})
		return lines, nil
	}
}
