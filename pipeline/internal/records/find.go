package records

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/bits"
)

// ending is the outcome of the search for the end of a record.
type ending int

const (
	closed    ending = iota
	overlong         // no end within max bytes
	misquoted        // the quoting is broken
)

// A strayQuote remembers a quote that was never closed. The search for the closing quote read all line
// ends up to to as quoted. A later record that reaches one of them inside quotes must end the same way,
// so that text need not be searched again. Without this, a file full of stray quotes would take
// quadratic time.
type strayQuote struct {
	to    int64 // position in the decoded text
	final bool  // the quoting is certainly broken at to; otherwise the text at to is quoted
}

// Patterns for examining eight bytes at once.
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

// find returns the end of the record at the start of the window, and stores its fields. For an overlong
// record it returns max; there is no line end before that.
func (s *scanner) find(ctx context.Context) (int, ending, error) {
	s.cuts, s.flags, s.high = s.cuts[:0], 0, 0
	s.quoted, s.skipped = false, false
	var (
		seps   = uint64(s.sep) * ones
		quotes = uint64(s.quote) * ones
		i      = 0 // bytes examined so far
		field  = 0 // start of the current field
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

// inQuotes reads a quoted field from i, just after its opening quote. It returns the place just after
// the closing quote, which is a separator, a line end or the end of the file.
func (s *scanner) inQuotes(ctx context.Context, i int) (int, ending, error) {
	s.quoted = true
	s.flags = cutQuoted
	for {
		if s.pos+int64(i) < s.strays.to {
			to, known := s.followStray(i)
			if known && s.strays.final {
				return 0, misquoted, nil
			}
			s.skipped = s.skipped || known
			i = to
		}
		at, err := s.nextQuote(ctx, i)
		if err != nil {
			return 0, closed, err
		}
		if at == s.w.len() || at >= s.max {
			return s.breakOff(at, at == s.w.len() && s.w.eof)
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
			s.flags |= cutEscaped
			i = at + 2
		default:
			return s.breakOff(at+1, true)
		}
	}
}

// nextQuote returns the place of the first quote from i on, or else the end of a window that is longer
// than a record may be or that includes the end of the file.
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

// nextUnescaped returns the place of the first unescaped quote from i on, or else the place from which
// to continue once there is more text.
func (s *scanner) nextUnescaped(i int) (at int, found bool) {
	text := s.w.text()
	for ; i < len(text); i++ {
		switch text[i] {
		case s.quote:
			return i, true
		case s.escape:
			s.flags |= cutEscaped
			if i+1 == len(text) {
				return i, false
			}
			i++
		}
	}
	return i, false
}

// breakOff ends the record at at for broken quoting, and remembers how far it was read.
func (s *scanner) breakOff(at int, final bool) (int, ending, error) {
	if to := s.pos + int64(at); to >= s.strays.to {
		s.strays = strayQuote{to: to, final: final}
	}
	return 0, misquoted, nil
}

// followStray looks from i, inside quotes, for a line end that was read as quoted before. If it finds
// one, the text is known to be quoted up to to. If a quote comes first, to is the place to read on from.
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
			s.flags |= cutEscaped
			if i++; i == end {
				return end - 1, false
			}
		}
	}
	return end, false
}
