package demo_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// rawRecord is the fields of a record, or a record with broken quoting.
type rawRecord struct {
	fields []string
	broken bool
}

func decode(t *testing.T, data []byte) string {
	t.Helper()
	data = bytes.TrimPrefix(data, []byte{0xEF, 0xBB, 0xBF})
	if utf8.Valid(data) {
		return string(data)
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		t.Fatalf("decode as Windows-1252: %v", err)
	}
	return string(text)
}

// split cuts text into records. A quoted field may contain line breaks; an unclosed one makes its own line a
// broken record.
func split(text string) []rawRecord {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var records []rawRecord
	for text != "" {
		fields, rest, ok := scan(text)
		if !ok {
			line, after, _ := strings.Cut(text, "\n")
			fields, rest = strings.Split(line, ";"), after
		}
		records = append(records, rawRecord{fields: fields, broken: !ok})
		text = rest
	}
	return records
}

func scan(text string) (fields []string, rest string, ok bool) {
	for {
		field := ""
		if strings.HasPrefix(text, `"`) {
			text = text[1:]
			for {
				part, after, found := strings.Cut(text, `"`)
				if !found {
					return nil, "", false
				}
				field += part
				text = after
				if !strings.HasPrefix(text, `"`) {
					break
				}
				field += `"`
				text = text[1:]
			}
		} else {
			end := strings.IndexAny(text, ";\n")
			if end < 0 {
				end = len(text)
			}
			field, text = text[:end], text[end:]
		}
		fields = append(fields, field)
		switch {
		case text == "":
			return fields, "", true
		case text[0] == '\n':
			return fields, text[1:], true
		case text[0] != ';':
			return nil, "", false
		}
		text = text[1:]
	}
}

func blank(r rawRecord) bool { return strings.TrimSpace(strings.Join(r.fields, "")) == "" }
