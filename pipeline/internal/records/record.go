package records

import (
	"bytes"
	"iter"
	"unicode"
)

// record is one record of the file. Its bytes live until the next one is asked for.
type record struct {
	regel int64
	text  []byte // without line end; of a record that was passed over only the start
	cuts  []cut  // none when the fault leaves its fields unclear
	kinds []kind // by field; nil when every field is text
	fault Fault
}

// cut is where a field ends in its record, with what must be known to read it. The next field begins
// one byte behind it.
type cut uint32

const (
	cutQuoted  cut = 1 << 31 // the field stands in quotes
	cutDoubled cut = 1 << 30 // it holds quotes that are doubled or escaped
	cutEnd         = cutDoubled - 1
)

// field is field i without its quotes; what is doubled or escaped in it still is.
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

// fields gives the fields as they are meant, without outer white space.
func (rec *record) fields(d Dialect) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i, c := range rec.cuts {
			f := rec.field(i)
			if c&cutDoubled != 0 {
				f = d.appendMeant(nil, f)
			}
			if !yield(i, trim(f)) {
				return
			}
		}
	}
}

// first is the first field that is not empty; quotes that are doubled in it may still be. Of a record
// whose fields are unclear it is the text up to the first separator, without quotes in front.
func (rec *record) first(d Dialect) []byte {
	if rec.cuts == nil {
		text, _, _ := bytes.Cut(rec.text, []byte{d.Separator})
		return bytes.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == rune(d.Quote) })
	}
	for i, c := range rec.cuts {
		f := rec.field(i)
		if c&cutDoubled != 0 && d.Escape != 0 {
			f = d.appendMeant(nil, f)
		}
		if f = trim(f); len(f) > 0 {
			return f
		}
	}
	return nil
}
