package records

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
)

// jsonElements returns the objects of a file as JSON, one at a time. Those of an array are numbered
// from 1; those on lines have the number of their line.
type jsonElements struct {
	in      *bufio.Reader
	lines   bool
	regel   int64
	raw     []byte
	started bool
	outer   bool // the array is in an object
	ended   bool
}

func newJSONElements(ctx context.Context, f file, lines bool) *jsonElements {
	return &jsonElements{in: bufio.NewReaderSize(newUTF8Reader(ctx, f.src, f.size, f.enc), 64<<10), lines: lines}
}

// next returns a valid object, or its fault. An empty line has no text and no fault.
func (e *jsonElements) next() (regel int64, raw []byte, fault Fault, err error) {
	if e.lines {
		err = e.line()
	} else {
		err = e.element()
	}
	if err != nil {
		return 0, nil, NoFault, err
	}
	e.regel++
	raw = bytes.TrimSpace(e.raw)
	switch {
	case len(e.raw) > MaxRecord:
		return e.regel, raw, TooLong, nil
	case len(raw) == 0 && e.lines:
	case len(raw) == 0 || raw[0] != '{' || !json.Valid(raw):
		fault = Syntax
	}
	return e.regel, raw, fault, nil
}

// line reads to the next line end.
func (e *jsonElements) line() error {
	e.raw = e.raw[:0]
	for {
		part, err := e.in.ReadSlice('\n')
		if len(e.raw) <= MaxRecord {
			e.raw = append(e.raw, part...)
		}
		switch {
		case err == nil:
			e.raw = bytes.TrimSuffix(e.raw, []byte{'\n'})
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(e.raw) > 0:
			return nil
		default:
			return err
		}
	}
}

// element reads to the comma or bracket after the next element of the array.
func (e *jsonElements) element() error {
	if e.ended {
		return io.EOF
	}
	if !e.started {
		e.started = true
		if err := e.begin(); err != nil {
			return err
		}
		if c, err := e.peek(); err == nil && c == ']' {
			_, _ = e.in.ReadByte()
			e.ended = true
			return cmp.Or(e.finish(), io.EOF)
		}
	}
	e.raw = e.raw[:0]
	var in nesting
	for {
		c, err := e.in.ReadByte()
		if err != nil {
			return e.short(err)
		}
		if in == (nesting{}) {
			switch c {
			case ',':
				return nil
			case '}':
				return brokenJSON("element %d ends with }", e.regel+1)
			case ']':
				e.ended = true
				return e.finish()
			}
		}
		if len(e.raw) <= MaxRecord {
			e.raw = append(e.raw, c)
		}
		in.step(c)
	}
}

// begin reads to and including the bracket that opens the array.
func (e *jsonElements) begin() error {
	c, err := e.peek()
	if errors.Is(err, io.EOF) {
		return brokenJSON("the file is empty")
	}
	if err != nil {
		return err
	}
	_, _ = e.in.ReadByte()
	if c == '[' {
		return nil
	}
	if c != '{' {
		return brokenJSON("the file begins with neither [ nor {")
	}
	e.outer = true
	var before []byte
	var in nesting
	for {
		c, err := e.in.ReadByte()
		switch {
		case err != nil:
			return e.short(err)
		case in == (nesting{}) && c == '}':
			return brokenJSON("the object has no list")
		case in == (nesting{}) && c == '[' && !json.Valid(append(append([]byte{'{'}, before...), "0}"...)):
			return brokenJSON("invalid JSON before the list")
		case in == (nesting{}) && c == '[':
			return nil
		}
		in.step(c)
		if before = append(before, c); len(before) > maxOuterObject {
			return brokenJSON("no list in the first %d bytes of the object", maxOuterObject)
		}
	}
}

// finish reads what follows the array: nothing, or the rest of the object around it, without another list.
func (e *jsonElements) finish() error {
	rest, err := io.ReadAll(io.LimitReader(e.in, maxOuterObject+1))
	if err != nil {
		return err
	}
	rest = bytes.TrimSpace(rest)
	if !e.outer {
		if len(rest) > 0 {
			return brokenJSON("text after the list")
		}
		return nil
	}
	object := append([]byte(`{"list":0`), rest...)
	if len(rest) > maxOuterObject || !json.Valid(object) {
		return brokenJSON("invalid JSON after the list")
	}
	return members(object, func(_ string, value []byte) error {
		if value[0] == '[' {
			return &UnreadableError{Reason: "het bestand bevat meer dan één lijst; lever één lijst per bestand"}
		}
		return nil
	})
}

// short returns the error for a file that ends too early.
func (e *jsonElements) short(err error) error {
	if errors.Is(err, io.EOF) {
		return brokenJSON("the file ends in element %d", e.regel+1)
	}
	return err
}

// peek returns the next character that is not white space, without consuming it.
func (e *jsonElements) peek() (byte, error) {
	for {
		c, err := e.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if !isSpace(c) {
			return c, e.in.UnreadByte()
		}
	}
}
