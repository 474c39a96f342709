package records

import (
	"bytes"
	"strconv"
)

// lastRecords is the number of last non-blank records of a file that are searched for the total line.
const lastRecords = 5

// Totaal is the total line of a file.
type Totaal struct {
	Regel int64
	Count *int64 // the first whole number in it, or nil
}

// A tail records which of the last non-blank data records may be a total line.
type tail struct {
	seen int64 // non-blank records below the header
	last [lastRecords]struct {
		total  bool
		totaal Totaal
	}
}

func (t *tail) add(rec *record, first []byte, d Dialect) {
	l := &t.last[t.seen%lastRecords]
	t.seen++
	if l.total = isTotal(first); l.total {
		l.totaal = Totaal{Regel: rec.regel, Count: rec.wholeNumber(d)}
	}
}

// total returns the topmost total line of the file and how many records it makes niet-data: itself and
// those below it.
func (t *tail) total() (*Totaal, int) {
	for n := min(t.seen, lastRecords); n > 0; n-- {
		if l := t.last[(t.seen-n)%lastRecords]; l.total {
			return &l.totaal, int(n)
		}
	}
	return nil, 0
}

func isTotal(field []byte) bool {
	const word = "totaal"
	return len(field) >= len(word) && bytes.EqualFold(field[:len(word)], []byte(word))
}

// wholeNumber returns the first whole number in the record, or nil. A number does not continue from one
// field into the next.
func (rec *record) wholeNumber(d Dialect) *int64 {
	if rec.cuts == nil {
		for f := range bytes.SplitSeq(rec.text, []byte{d.Separator}) {
			if n, ok := wholeNumber(f); ok {
				return &n
			}
		}
		return nil
	}
	for _, f := range rec.fields(d) {
		if n, ok := wholeNumber(f); ok {
			return &n
		}
	}
	return nil
}

// wholeNumber returns the first whole number in b, with or without dots for thousands. It skips numbers
// with a decimal part and numbers beyond the range of int64.
func wholeNumber(b []byte) (int64, bool) {
	for i := 0; i < len(b); {
		if !digit(b[i]) {
			i++
			continue
		}
		end := i + 1
		for end < len(b) && (digit(b[end]) || (b[end] == '.' || b[end] == ',') && end+1 < len(b) && digit(b[end+1])) {
			end++
		}
		if plain, ok := withoutThousands(b[i:end]); ok {
			if n, err := strconv.ParseInt(plain, 10, 64); err == nil {
				return n, true
			}
		}
		i = end
	}
	return 0, false
}

// withoutThousands removes the dots that separate groups of three digits in a number. It reports false
// for any other number with a dot or comma.
func withoutThousands(b []byte) (string, bool) {
	groups := bytes.Split(b, []byte{'.'})
	for i, g := range groups {
		if bytes.IndexByte(g, ',') >= 0 || i > 0 && len(g) != 3 || len(groups) > 1 && len(g) > 3 {
			return "", false
		}
	}
	return string(bytes.Join(groups, nil)), true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
