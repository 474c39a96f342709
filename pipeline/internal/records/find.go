package records

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/bits"
)

// ending is how the search for the end of a record ended.
type ending int

const (
	closed   ending = iota
	overlong        // no end within max bytes
	broken          // the quoting is broken
)

// stray remembers a quote that was not closed. The line ends that were passed in search of the
// closing one, up to to, were all read as quoted. So a later record that comes to one of them in
// quotes goes the same way, and what was read need not be read again; without that, a file full of
// stray quotes would be read again for each of them.
type stray struct {
	to    int64 // position in the decoded text
	final bool  // at to the quoting is broken for certain; otherwise the text at to is quoted
}

// Patterns for looking at eight bytes at once.
const (
	ones  = 0x0101010101010101
	lows  = 0x7F7F7F7F7F7F7F7F
	highs = 0x8080808080808080

	lineFeeds = '\n' * ones
	returns   = '\r' * ones
)

// marks sets the high bit of every byte in word that is a separator, a quote or part of a line end.
func marks(word, seps, quotes uint64) uint64 {
	w := word & lows
	none := (w ^ seps) + lows
	none &= (w ^ quotes) + lows
	none &= (w ^ lineFeeds) + lows
	none &= (w ^ returns) + lows
	return ^(none | word) & highs
}

// find looks for the end of the record at the start of the window and notes its fields. The place
// is the end of its text; for an overlong one it is behind max bytes, with no line end in between.
func (s *scanner) find(ctx context.Context) (int, ending, error) {
	s.cuts, s.flags, s.high = s.cuts[:0], 0, 0
	s.quoted, s.jumped = false, false
	var (
		seps   = uint64(s.sep) * ones
		quotes = uint64(s.quote) * ones
		i      = 0 // looked at so far
		field  = 0 // start of the field at hand
	)
	for {
		text, n := s.w.padded(), s.w.len()
	words:
		for i < n {
			word := binary.LittleEndian.Uint64(text[i:])
			s.high |= word
			for m := marks(word, seps, quotes); m != 0; m &= m - 1 {
				at := i + bits.TrailingZeros64(m)>>3
				switch c := text[at]; {
				case c == s.quote && at != field:
					continue
				case at >= s.max && (at > s.max || c == s.sep || c == s.quote):
					return s.max, overlong, nil
				case c == s.sep:
					s.cuts = append(s.cuts, cut(at)|s.flags)
					s.flags = 0
					field = at + 1
				case c == s.quote:
					after, how, err := s.inQuotes(ctx, at+1)
					if how != closed || err != nil {
						return 0, how, err
					}
					text, n = s.w.padded(), s.w.len()
					i = after
					continue words
				default:
					s.cuts = append(s.cuts, cut(at)|s.flags)
					return at, closed, nil
				}
			}
			i += 8
		}
		i = n
		if n > s.max {
			return s.max, overlong, nil
		}
		if s.w.eof {
			s.cuts = append(s.cuts, cut(n)|s.flags)
			return n, closed, nil
		}
		if err := s.w.fill(ctx); err != nil {
			return 0, closed, err
		}
	}
}

// inQuotes reads a quoted field from i, behind its opening quote, and returns the place behind the
// closing one: a separator, a line end or the end of the file.
func (s *scanner) inQuotes(ctx context.Context, i int) (int, ending, error) {
	s.quoted = true
	s.flags = cutQuoted
	for {
		if s.pos+int64(i) < s.strays.to {
			to, known := s.followStray(i)
			if known && s.strays.final {
				return 0, broken, nil
			}
			s.jumped = s.jumped || known
			i = to
		}
		at, err := s.nextQuote(ctx, i)
		if err != nil {
			return 0, closed, err
		}
		if at == s.w.len() || at >= s.max {
			return s.lose(at, at == s.w.len() && s.w.eof)
		}
		if at+1 == s.w.len() {
			if err := s.w.fill(ctx); err != nil {
				return 0, closed, err
			}
		}
		if at+1 == s.w.len() {
			return at + 1, closed, nil
		}
		switch s.w.text()[at+1] {
		case s.sep, '\n', '\r':
			return at + 1, closed, nil
		case s.quote:
			s.flags |= cutDoubled
			i = at + 2
		default:
			return s.lose(at+1, true)
		}
	}
}

// nextQuote finds the first quote from i on, or else the end of a window that is longer than a record
// may be or holds the rest of the file.
func (s *scanner) nextQuote(ctx context.Context, i int) (int, error) {
	for {
		if s.escape != 0 {
			at, found := s.nextUnescaped(i)
			if found {
				return at, nil
			}
			i = at
		} else if n := bytes.IndexByte(s.w.text()[i:], s.quote); n >= 0 {
			return i + n, nil
		} else {
			i = s.w.len()
		}
		if s.w.eof {
			return s.w.len(), nil
		}
		if i > s.max {
			return i, nil
		}
		if err := s.w.fill(ctx); err != nil {
			return 0, err
		}
	}
}

// nextUnescaped finds the first quote from i on that no escape stands before, or else the place to go
// on from when there is more text.
func (s *scanner) nextUnescaped(i int) (at int, found bool) {
	text := s.w.text()
	for ; i < len(text); i++ {
		switch text[i] {
		case s.quote:
			return i, true
		case s.escape:
			s.flags |= cutDoubled
			if i+1 == len(text) {
				return i, false
			}
			i++
		}
	}
	return i, false
}

// lose gives the record up at at, for broken quoting, and remembers how far was read.
func (s *scanner) lose(at int, final bool) (int, ending, error) {
	if to := s.pos + int64(at); to >= s.strays.to {
		s.strays = stray{to: to, final: final}
	}
	return 0, broken, nil
}

// followStray looks from i, in quotes, for a line end that was read as quoted before; then it is
// known that the text is quoted up to to. A quote that comes first is the place to read on.
func (s *scanner) followStray(i int) (to int, known bool) {
	end := int(s.strays.to - s.pos)
	text := s.w.text()[:end]
	for ; i < end; i++ {
		switch c := text[i]; {
		case c == s.quote:
			return i, false
		case c == '\n' || c == '\r':
			return end, true
		case c == s.escape && c != 0:
			s.flags |= cutDoubled
			if i++; i == end {
				return end - 1, false
			}
		}
	}
	return end, false
}
