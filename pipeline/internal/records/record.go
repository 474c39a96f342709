package records

import (
	"bytes"
	"iter"
	"unicode"
)

// A record is one record of a file. Its bytes are valid until the next call of next.
type record struct {
	regel int64
	text  []byte      // without line end; only the start if the record is overlong
	cuts  []cut       // none if the fault leaves its fields unclear
	kinds []fieldKind // by field; nil when every field is text
	fault Fault
}

// A cut is the place where a field ends in its record, with flags. The next field begins one byte
// further.
type cut uint32

const (
	cutQuoted  cut = 1 << 31 // the field is quoted
	cutEscaped cut = 1 << 30 // the field has doubled or escaped characters
	cutEnd         = cutEscaped - 1
)

// field returns field i without its quotes, with doubled and escaped characters unresolved.
func (rec *record) field(i int) []byte {
	start, end := 0, int(rec.cuts[i]&cutEnd)
	if i > 0 {
		start = int(rec.cuts[i-1]&cutEnd) + 1
	}
	if rec.cuts[i]&cutQuoted != 0 {
		start++
		end--
	}
	return rec.text[start:end]
}

// fields yields the fields with doubled and escaped characters resolved and outer white space removed.
func (rec *record) fields(d Dialect) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i, c := range rec.cuts {
			f := rec.field(i)
			if c&cutEscaped != 0 {
				f = d.appendUnescaped(nil, f)
			}
			if !yield(i, trim(f)) {
				return
			}
		}
	}
}

// names returns a copy of the fields.
func (rec *record) names(d Dialect) []string {
	var names []string
	for _, f := range rec.fields(d) {
		names = append(names, string(f))
	}
	return names
}

// first returns the first field that is not empty; doubled quotes in it may be unresolved. If the fields
// of the record are unclear, it is the text before the first separator, without leading quotes.
func (rec *record) first(d Dialect) []byte {
	if rec.cuts == nil {
		text, _, _ := bytes.Cut(rec.text, []byte{d.Separator})
		return bytes.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == rune(d.Quote) })
	}
	for i, c := range rec.cuts {
		f := rec.field(i)
		if c&cutEscaped != 0 && d.Escape != 0 {
			f = d.appendUnescaped(nil, f)
		}
		if f = trim(f); len(f) > 0 {
			return f
		}
	}
	return nil
}
