package records

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// undecodable is what a decoder writes for a byte or code unit that is not a character. It is not valid
// UTF-8, so a UTF-8 check of the record finds it, whatever the encoding was.
const undecodable = 0xFF

// A decoder reads a file in chunks and converts them to UTF-8. UTF-8 itself passes unchanged, errors
// included.
type decoder struct {
	src   io.ReaderAt
	off   int64
	size  int64
	enc   Encoding
	chunk int    // bytes of the file in one read
	raw   []byte // a chunk before decoding; unused for UTF-8
	rest  int    // bytes at the start of raw that need the next chunk to decode
}

// ahead returns how many bytes of the file the next read consumes.
func (d *decoder) ahead() int { return int(min(int64(d.chunk), d.size-d.off)) }

// decodedMax returns how many bytes the next read may write at most.
func (d *decoder) decodedMax() int {
	if d.enc == UTF8 {
		return d.ahead()
	}
	return 3 * (d.ahead() + d.rest)
}

// open skips the byte order mark.
func (d *decoder) open() error {
	switch d.enc {
	case UTF8, UTF16LE, UTF16BE, Windows1252, Latin9:
	default:
		return fmt.Errorf("read records: unknown encoding %q", string(d.enc))
	}
	mark := d.enc.bom()
	if mark == "" || d.size < int64(len(mark)) {
		return nil
	}
	start := make([]byte, len(mark))
	if err := d.readAt(start); err != nil {
		return err
	}
	if string(start) != mark {
		d.off = 0
	}
	return nil
}

// read decodes one chunk into dst, which must be large enough. After the last chunk it returns io.EOF,
// with or without bytes.
func (d *decoder) read(dst []byte) (int, error) {
	n := d.ahead()
	if d.enc == UTF8 {
		if err := d.readAt(dst[:n]); err != nil {
			return 0, err
		}
		return n, d.end()
	}
	if len(d.raw) < d.rest+n {
		d.raw = append(d.raw, make([]byte, d.rest+n-len(d.raw))...)
	}
	if err := d.readAt(d.raw[d.rest : d.rest+n]); err != nil {
		return 0, err
	}
	raw := d.raw[:d.rest+n]
	switch d.enc {
	case Windows1252:
		return len(decodeBytes(dst[:0], raw, charmap.Windows1252)), d.end()
	case Latin9:
		return len(decodeBytes(dst[:0], raw, charmap.ISO8859_15)), d.end()
	case UTF8, UTF16LE, UTF16BE:
	}
	var order binary.ByteOrder = binary.LittleEndian
	if d.enc == UTF16BE {
		order = binary.BigEndian
	}
	out, used := decode16(dst[:0], raw, order, d.end() != nil)
	d.rest = copy(d.raw, raw[used:])
	return len(out), d.end()
}

func (d *decoder) end() error {
	if d.off == d.size {
		return io.EOF
	}
	return nil
}

func (d *decoder) readAt(b []byte) error {
	n, err := d.src.ReadAt(b, d.off)
	if n == len(b) {
		d.off += int64(n)
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = shrunk(d.size)
	}
	return fmt.Errorf("read records at byte %d: %w", d.off+int64(n), err)
}

// decodeBytes appends the characters of raw to dst. Control characters of ISO-8859-15 count as undecodable: a
// file with them is Windows-1252.
func decodeBytes(dst, raw []byte, characters *charmap.Charmap) []byte {
	for len(raw) > 0 {
		n := asciiLen(raw)
		dst = append(dst, raw[:n]...)
		if raw = raw[n:]; len(raw) == 0 {
			break
		}
		if r := characters.DecodeByte(raw[0]); r == utf8.RuneError {
			dst = append(dst, undecodable)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		raw = raw[1:]
	}
	return dst
}

// decode16 appends the characters of raw to dst and returns how many bytes of raw it used: all but at
// most three if more of the file follows.
func decode16(dst, raw []byte, order binary.ByteOrder, last bool) (text []byte, used int) {
	i := 0
	for ; i+1 < len(raw); i += 2 {
		unit := rune(order.Uint16(raw[i:]))
		switch {
		case unit < utf8.RuneSelf:
			dst = append(dst, byte(unit))
		case !utf16.IsSurrogate(unit):
			dst = utf8.AppendRune(dst, unit)
		case i+3 < len(raw):
			pair := utf16.DecodeRune(unit, rune(order.Uint16(raw[i+2:])))
			if pair == utf8.RuneError {
				dst = append(dst, undecodable)
				continue
			}
			dst = utf8.AppendRune(dst, pair)
			i += 2
		case last:
			dst = append(dst, undecodable)
		default:
			return dst, i
		}
	}
	if last && i < len(raw) {
		dst = append(dst, undecodable)
		i++
	}
	return dst, i
}
