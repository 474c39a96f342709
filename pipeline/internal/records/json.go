package records

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// mostKeys is how many different keys the objects of a file may have together.
const mostKeys = 10_000

// endOfObject is how much of an object may follow the array in it.
const endOfObject = 1 << 20

// brokenJSON is a file of which the structure is lost.
func brokenJSON(format string, args ...any) error {
	return &UnreadableError{Reason: "het bestand is geen geldige JSON of is niet volledig; lever het opnieuw", Err: fmt.Errorf(format, args...)}
}

// objects is a source of JSON objects. It reads the file twice: first for the keys.
type objects struct {
	src   io.ReaderAt
	size  int64
	form  Form
	keys  map[string]int
	names []string
	in    *elements
	built fields
	found [][]byte // by key, nil where the object has none
}

func openJSON(src io.ReaderAt, size int64, form Form, columns []Column) *Reader {
	form.Dialect = Dialect{}
	return newReader(&objects{src: src, size: size, form: form, keys: map[string]int{}}, form, columns)
}

// titles gives the keys of all objects, in the order in which they first appear. It reads the whole
// file, and so finds out whether its structure holds.
func (o *objects) titles(ctx context.Context) (record, error) {
	in := newElements(ctx, o.src, o.size, o.form)
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
			if len(o.names) == mostKeys {
				return &UnreadableError{Reason: fmt.Sprintf("de objecten hebben samen meer dan %d verschillende namen", mostKeys)}
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
	o.in = newElements(ctx, o.src, o.size, o.form)
	return o.built.record(0, false), nil
}

func (o *objects) next(context.Context) (record, error) {
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
				fault = Syntax // the same name twice: which one is meant?
			}
			o.found[at] = value
			return nil
		})
	}
	if fault != NoFault {
		return record{regel: regel, text: raw[:min(len(raw), headLen)], fault: fault}, nil
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

// value adds a field.
func (o *objects) value(raw []byte) {
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

// appendString appends what a JSON string means.
func appendString(dst, raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return append(dst, raw[1:len(raw)-1]...)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic("records: a string of a valid object is not valid: " + err.Error())
	}
	return append(dst, s...)
}

// members gives the keys and values of an object, which is known to be valid.
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
	for i, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return i
		}
	}
	return len(b)
}

// valueLen is the length of the valid JSON value at the start of b.
func valueLen(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
			if !quoted && depth == 0 {
				return i + 1
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			if depth--; depth == 0 {
				return i + 1
			}
		case depth == 0 && (c == ',' || c == '}' || c == ']' || c == ':' || spaces(b[i:i+1]) == 1):
			return i
		}
	}
	return len(b)
}

// jsonShape tells an array from lines of objects. An object is one of many lines when the first line
// holds it whole and no array is in it.
func jsonShape(ctx context.Context, t *text) (Shape, error) {
	t.in(ctx)
	in := bufio.NewReaderSize(t, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 && err == nil:
			continue
		case len(line) == 0 || line[0] != '{' || !json.Valid(line):
			return JSON, nil
		}
		shape := JSONLines
		_ = members(line, func(_ string, value []byte) error {
			if value[0] == '[' {
				shape = JSON
			}
			return nil
		})
		return shape, nil
	}
}
