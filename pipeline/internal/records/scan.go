package records

import (
	"context"
	"io"
	"unicode/utf8"
)

// MaxRecord is the maximum length of a record, in bytes of UTF-8 without its line end. A longer one has
// the fault TooLong.
const MaxRecord = 16 << 20

// overlongHead is the number of bytes of an overlong record that are retained.
const overlongHead = 4 << 10

// Dialect has the characters that structure a record: distinct ASCII characters other than line ends
// and NUL. A quote is special only as the first character of a field. Within quotes, a quote is doubled
// or preceded by Escape; after Escape, every character stands for itself. Escape 0 means none.
type Dialect struct {
	Separator byte
	Quote     byte
	Escape    byte
}

// appendUnescaped appends the content of a quoted field with its doubled and escaped characters resolved.
func (d Dialect) appendUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if i+1 < len(b) && (b[i] == d.Quote || b[i] == d.Escape && d.Escape != 0) {
			i++
		}
		dst = append(dst, b[i])
	}
	return dst
}

// A scanner is the source of CSV records. It finds where records and their fields begin and end, and
// which of them are broken.
type scanner struct {
	w      window
	sep    byte
	quote  byte
	escape byte // 0 for none
	max    int  // bytes in a record

	line   int64 // physical line on which the next record starts
	pos    int64 // bytes of decoded text before the window
	used   int   // bytes at the start of the window that belong to the last record
	head   []byte
	strays strayQuote

	// Of the current record:
	cuts    []cut
	flags   cut    // of its last field
	high    uint64 // its bytes outside quotes, ored
	quoted  bool   // it has a quoted field
	skipped bool   // part of it was skipped, because strays says how it ends
}

func newScanner(src io.ReaderAt, size int64, enc Encoding, d Dialect) scanner {
	in := decoder{src: src, size: size, enc: enc, chunk: chunk}
	return scanner{w: window{src: in}, sep: d.Separator, quote: d.Quote, escape: d.Escape, max: MaxRecord, line: 1}
}

// next returns the next record of the file, or io.EOF.
func (s *scanner) next(ctx context.Context) (record, error) {
	s.consume(s.used)
	s.used = 0
	if s.w.len() == 0 {
		if err := s.w.fill(ctx); err != nil {
			return record{}, err
		}
		if s.w.len() == 0 {
			return record{}, io.EOF
		}
	}
	at, how, err := s.find(ctx)
	if err == nil && s.skipped && how != misquoted {
		s.strays = strayQuote{}
		at, how, err = s.find(ctx)
	}
	if err != nil {
		return record{}, err
	}
	rec := record{regel: s.line}
	switch how {
	case overlong:
		rec.fault = TooLong
		s.line += int64(lineBreaks(s.w.text()[:s.max]))
		return s.skipOverlong(ctx, rec, at)
	case misquoted:
		rec.fault = Quoting
		return s.firstLine(ctx, rec)
	case closed:
	}
	if s.quoted {
		s.line += int64(lineBreaks(s.w.text()[:at]))
	}
	rec.cuts = s.cuts
	return s.finish(ctx, rec, at, s.quoted || s.high&highs != 0)
}

// consume drops n bytes of the window.
func (s *scanner) consume(n int) {
	s.w.drop(n)
	s.pos += int64(n)
}

// finish makes rec the text before at, the place of a line end or of the end of the file.
func (s *scanner) finish(ctx context.Context, rec record, at int, beyondASCII bool) (record, error) {
	after, err := s.lineEnd(ctx, at)
	if err != nil {
		return record{}, err
	}
	s.line++
	s.used = after
	rec.text = s.w.text()[:at]
	if beyondASCII && !utf8.Valid(rec.text) {
		rec.fault, rec.cuts = Bytes, nil
	}
	return rec, nil
}

// firstLine ends a record with broken quoting at its first line end.
func (s *scanner) firstLine(ctx context.Context, rec record) (record, error) {
	for from := 0; ; {
		at, found := s.lineBreak(from)
		switch {
		case at > s.max:
			return s.skipOverlong(ctx, rec, at)
		case found || s.w.eof:
			return s.finish(ctx, rec, at, true)
		}
		from = at
		if err := s.w.fill(ctx); err != nil {
			return record{}, err
		}
	}
}

// skipOverlong ends an overlong record at the first line end after from, however far away.
func (s *scanner) skipOverlong(ctx context.Context, rec record, from int) (record, error) {
	s.head = append(s.head[:0], s.w.text()[:min(s.max, overlongHead)]...)
	rec.text = s.head
	for {
		at, found := s.lineBreak(from)
		if !found && !s.w.eof {
			at = completeRunes(s.w.text())
		}
		if !utf8.Valid(s.w.text()[:at]) {
			rec.fault = Bytes
		}
		if found || s.w.eof {
			after, err := s.lineEnd(ctx, at)
			s.line++
			s.used = after
			return rec, err
		}
		s.consume(at)
		from = s.w.len()
		if err := s.w.fill(ctx); err != nil {
			return record{}, err
		}
	}
}

// lineBreak returns the place of the first line end after from, or else the end of the window.
func (s *scanner) lineBreak(from int) (at int, found bool) {
	text := s.w.text()
	for i, c := range text[from:] {
		if c == '\n' || c == '\r' {
			return from + i, true
		}
	}
	return len(text), false
}

// lineEnd returns where the text continues after the line end, or the end of the file, at at.
func (s *scanner) lineEnd(ctx context.Context, at int) (int, error) {
	if at == s.w.len() {
		return at, nil
	}
	if s.w.text()[at] == '\n' {
		return at + 1, nil
	}
	if at+1 == s.w.len() {
		if err := s.w.fill(ctx); err != nil {
			return 0, err
		}
	}
	if s.w.padded()[at+1] == '\n' {
		return at + 2, nil
	}
	return at + 1, nil
}

// completeRunes returns the length of text without an incomplete sequence at its end.
func completeRunes(text []byte) int {
	for n := len(text) - 1; n >= 0 && n >= len(text)-utf8.UTFMax; n-- {
		if utf8.RuneStart(text[n]) {
			if !utf8.FullRune(text[n:]) {
				return n
			}
			break
		}
	}
	return len(text)
}
