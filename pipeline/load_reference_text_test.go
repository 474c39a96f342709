package pipeline

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
)

// refRecord is a record of the reference: its first line, its text, and its fields unless a fault
// leaves them unclear.
type refRecord struct {
	regel  int64
	raw    string
	fields []string
	fault  string
}

const (
	refBroken  = "aanhalingstekens kloppen niet"
	refBytes   = "tekens zijn niet te lezen"
	refTooLong = "record is te lang"
	refMost    = 16 << 20 // bytes in a record
)

// refDecode finds the encoding of a file and gives its text, with a byte FF, which no UTF-8 holds,
// where something does not decode.
func refDecode(data []byte, declared string) string {
	text := string(data)
	switch {
	case strings.HasPrefix(text, "\xEF\xBB\xBF"):
		return refMarked(text[3:])
	case strings.HasPrefix(text, "\xFF\xFE"):
		return refUTF16(data[2:], 0, 1)
	case strings.HasPrefix(text, "\xFE\xFF"):
		return refUTF16(data[2:], 1, 0)
	}
	switch declared {
	case "utf-8":
		return refMarked(text)
	case "utf-16le":
		return refUTF16(data, 0, 1)
	case "utf-16be":
		return refUTF16(data, 1, 0)
	case "iso-8859-15":
		var b strings.Builder
		for _, c := range data {
			if c >= 0x80 && c < 0xA0 {
				b.WriteByte(0xFF)
			} else {
				b.WriteRune(charmap.ISO8859_15.DecodeByte(c))
			}
		}
		return b.String()
	}
	lines := refLines(text)
	failing := 0
	for _, line := range lines {
		if !utf8.ValidString(line) {
			failing++
		}
	}
	multi := strings.ContainsFunc(text, func(r rune) bool { return r > 0x7F && r != utf8.RuneError }) || strings.Contains(text, "\uFFFD")
	if declared == "" && (failing == 0 || multi && float64(failing) < float64(len(lines))/100) {
		return refMarked(text)
	}
	var b strings.Builder
	for _, c := range data {
		if strings.IndexByte("\x81\x8D\x8F\x90\x9D", c) >= 0 {
			b.WriteByte(0xFF)
		} else {
			b.WriteRune(charmap.Windows1252.DecodeByte(c))
		}
	}
	return b.String()
}

// refLines are the physical lines of a text; there is none behind the last line end.
func refLines(text string) []string {
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// refMarked is UTF-8 with FF for each byte that does not decode.
func refMarked(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(0xFF)
		} else {
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

func refUTF16(data []byte, low, high int) string {
	var b strings.Builder
	unit := func(i int) rune { return rune(data[i+low]) | rune(data[i+high])<<8 }
	for i := 0; i < len(data); i += 2 {
		if i+1 == len(data) {
			b.WriteByte(0xFF)
			break
		}
		r := unit(i)
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+3 < len(data) {
				pair = utf16.DecodeRune(r, unit(i+2))
			}
			if pair == utf8.RuneError {
				b.WriteByte(0xFF)
				continue
			}
			r, i = pair, i+2
		}
		b.WriteRune(r)
	}
	return b.String()
}

// refShape is how a text is cut.
type refShape struct {
	sep, quote, escape string
	double             bool // the header is over two records
}

// refDialect is as declared, or the first with which there is a header of more than one field; where
// there is no header at all, the first with which there is one over two records.
func refDialect(c *contract.Contract, text string) refShape {
	of := func(declared byte, open string) string {
		if declared != 0 {
			return string(declared)
		}
		return open
	}
	seps, quotes := of(c.Format.Separator, ";,\t|:^~#@\x1f"), of(c.Format.Quote, "\"'")
	d := refShape{escape: of(c.Format.Escape, "")}
	found := false
	for _, d.double = range []bool{false, true} {
		for _, q := range quotes {
			for _, s := range seps {
				d.sep, d.quote = string(s), string(q)
				recs := refRecords(text, d)
				if d.double {
					recs = refPairs(recs)
				}
				var h records.Header
				_, at := refHeader(c, recs, &h)
				if at >= 0 && (h.Fields > 1 || len(seps) == 1) {
					return d
				}
				found = found || at >= 0
			}
		}
		if found {
			break
		}
	}
	d.sep, d.quote, d.double = seps[:1], quotes[:1], false
	return d
}

// refRecords cuts a text into records and those into fields.
func refRecords(text string, d refShape) []refRecord {
	var out []refRecord
	for line := int64(1); text != ""; {
		rec := refRecord{regel: line}
		fields, n, ok := refFields(text, d)
		if !ok {
			fields, n, rec.fault = nil, refLineEnd(text), refBroken
		} else if n > refMost {
			fields, rec.fault = nil, refTooLong
		}
		rec.raw, rec.fields = text[:n], fields
		if !utf8.ValidString(rec.raw) {
			rec.fields, rec.fault = nil, refBytes
		}
		out = append(out, rec)
		line += int64(len(refLines(text[:n] + "\n")))
		text = strings.TrimPrefix(strings.TrimPrefix(text[n:], "\r"), "\n")
	}
	return out
}

func refLineEnd(text string) int {
	if n := strings.IndexAny(text, "\r\n"); n >= 0 {
		return n
	}
	return len(text)
}

// refFields reads the fields of the record at the start of text and says where it ends. It is not ok
// when its quoting is broken.
func refFields(text string, d refShape) (fields []string, n int, ok bool) {
	for {
		if strings.HasPrefix(text[n:], d.quote) {
			value := ""
			for {
				n++
				end := strings.IndexAny(text[n:], d.quote+d.escape)
				if end < 0 || n+end >= refMost {
					return nil, 0, false
				}
				value += text[n : n+end]
				n += end + 1
				if text[n-1:n] == d.escape {
					if n == len(text) {
						return nil, 0, false
					}
					value += text[n : n+1]
					continue
				}
				if !strings.HasPrefix(text[n:], d.quote) {
					break
				}
				value += d.quote
			}
			fields = append(fields, value)
			if n < len(text) && !strings.ContainsAny(text[n:n+1], d.sep+"\r\n") {
				return nil, 0, false
			}
		} else {
			end := strings.IndexAny(text[n:], d.sep+"\r\n")
			if end < 0 {
				end = len(text) - n
			}
			fields = append(fields, text[n:n+end])
			n += end
		}
		if !strings.HasPrefix(text[n:], d.sep) {
			return fields, n, true
		}
		n += len(d.sep)
	}
}
