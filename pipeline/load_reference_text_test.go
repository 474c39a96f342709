package pipeline

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
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
func refDecode(data []byte) string {
	text := string(data)
	switch {
	case strings.HasPrefix(text, "\xEF\xBB\xBF"):
		return refMarked(text[3:])
	case strings.HasPrefix(text, "\xFF\xFE"):
		return refUTF16(data[2:], 0, 1)
	case strings.HasPrefix(text, "\xFE\xFF"):
		return refUTF16(data[2:], 1, 0)
	}
	lines := refLines(text)
	failing := 0
	for _, line := range lines {
		if !utf8.ValidString(line) {
			failing++
		}
	}
	multi := strings.ContainsFunc(text, func(r rune) bool { return r > 0x7F && r != utf8.RuneError }) || strings.Contains(text, "\uFFFD")
	if failing == 0 || multi && float64(failing) < float64(len(lines))/100 {
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

// refRecords cuts a text into records and those into fields.
func refRecords(text, sep string) []refRecord {
	var out []refRecord
	for line := int64(1); text != ""; {
		rec := refRecord{regel: line}
		fields, n, ok := refFields(text, sep)
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
func refFields(text, sep string) (fields []string, n int, ok bool) {
	for {
		if strings.HasPrefix(text[n:], `"`) {
			value := ""
			for {
				n++
				end := strings.Index(text[n:], `"`)
				if end < 0 || n+end >= refMost {
					return nil, 0, false
				}
				value += text[n : n+end]
				n += end + 1
				if !strings.HasPrefix(text[n:], `"`) {
					break
				}
				value += `"`
			}
			fields = append(fields, value)
			if n < len(text) && !strings.ContainsAny(text[n:n+1], sep+"\r\n") {
				return nil, 0, false
			}
		} else {
			end := strings.IndexAny(text[n:], sep+"\r\n")
			if end < 0 {
				end = len(text) - n
			}
			fields = append(fields, text[n:n+end])
			n += end
		}
		if !strings.HasPrefix(text[n:], sep) {
			return fields, n, true
		}
		n += len(sep)
	}
}
