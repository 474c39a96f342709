package projectfile

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Mapping reads a YAML mapping. It collects the faults of the mapping and of the values in it.
type Mapping struct {
	*Value
	doc    *Doc
	Faults *Faults
}

// Mapping returns a Mapping for a value of the document that adds to faults.
func (d *Doc) Mapping(v *Value, faults *Faults) Mapping { return Mapping{v, d, faults} }

// In returns a Mapping for another value, such as one in the mapping, that adds to the same faults.
func (m Mapping) In(v *Value) Mapping { return Mapping{v, m.doc, m.Faults} }

// Has reports whether the mapping has a key.
func (m Mapping) Has(key string) bool { return m.Get(key) != nil }

// Fault adds a fault at a value, such as one in the mapping.
func (m Mapping) Fault(at *Value, hint, format string, args ...any) {
	*m.Faults = append(*m.Faults, m.doc.Fault(at, hint, format, args...))
}

// Unknown adds a fault for each unknown key, and reports whether there is one. where follows the key in the
// message.
func (m Mapping) Unknown(known []string, where string) bool {
	found := false
	for _, k := range m.Keys {
		if slices.Contains(known, k.Name) {
			continue
		}
		found = true
		hint := cmp.Or(DidYouMean(k.Name, known), "known: "+strings.Join(known, ", "))
		*m.Faults = append(*m.Faults, Fault{
			Path: m.doc.Path, Line: k.Line, Col: k.Col, Message: fmt.Sprintf("unknown key %q%s", k.Name, where), Hint: hint,
		})
	}
	return found
}

// An Unmarshaler reads a value itself.
type Unmarshaler interface{ UnmarshalYAML(v *Value) }

// UnmarshalYAML allows a struct field to be of any kind.
func (v *Value) UnmarshalYAML(from *Value) { *v = *from }

// Decode fills into, a pointer to a struct or slice, by yaml tags; a []Key receives a mapping in its order.
// A field that is absent or null keeps its value. Unknown keys and values of another kind are faults.
func (d *Doc) Decode(into any) Faults {
	var faults Faults
	if d.Root != nil {
		d.Mapping(d.Root, &faults).decode(reflect.ValueOf(into).Elem())
	}
	return faults
}

func (m Mapping) decode(into reflect.Value) {
	if own, ok := into.Addr().Interface().(Unmarshaler); ok {
		own.UnmarshalYAML(m.Value)
		return
	}
	switch kind := into.Kind(); {
	case m.Kind == KindNull:
	case kind == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		m.decode(into.Elem())
	case kind == reflect.Struct && m.expect(KindMapping):
		m.fields(into)
	case kind == reflect.Map && m.expect(KindMapping):
		into.Set(reflect.MakeMap(into.Type()))
		for _, k := range m.Keys {
			value := reflect.New(into.Type().Elem()).Elem()
			m.In(k.Value).decode(value)
			into.SetMapIndex(reflect.ValueOf(k.Name), value)
		}
	case into.Type() == reflect.TypeFor[[]Key]():
		if m.expect(KindMapping) {
			into.Set(reflect.ValueOf(m.Keys))
		}
	case kind == reflect.Slice && m.expect(KindList):
		into.Set(reflect.MakeSlice(into.Type(), len(m.Items), len(m.Items)))
		for i, item := range m.Items {
			m.In(item).decode(into.Index(i))
		}
	case kind == reflect.String && m.expect(KindText, KindInteger, KindNumber, KindBool):
		into.SetString(m.Text)
	case kind == reflect.Bool && m.expect(KindBool):
		truth, _ := m.Truth()
		into.SetBool(truth)
	case kind == reflect.Int:
		n, err := strconv.ParseInt(m.Text, 0, strconv.IntSize)
		switch {
		case errors.Is(err, strconv.ErrRange):
			m.Fault(m.Value, "", "this whole number is too large")
		case err != nil:
			m.Fault(m.Value, "", "this is %s where %s is expected", m.Kind, KindInteger)
		}
		into.SetInt(n)
	}
}

// expect adds a fault unless the value is of one of the kinds.
func (m Mapping) expect(kinds ...Kind) bool {
	if m.Is(kinds...) {
		return true
	}
	m.Fault(m.Value, "", "this is %s where %s is expected", m.Kind, kinds[0])
	return false
}

func (m Mapping) fields(into reflect.Value) {
	var known []string
	for field, value := range into.Fields() {
		name := field.Tag.Get("yaml")
		known = append(known, name)
		if v := m.Get(name); v != nil {
			m.In(v).decode(value)
		}
	}
	m.Unknown(known, "")
}
