package quote_test

import (
	"strings"
	"testing"

	"inbeeld/sql/quote"
)

var awkward = []string{
	"gemeente", "", "'", "''", `"`, `""`, `\`, `\'`, `\"`, "a'b", `a"b`, "--", "/*", "*/", ";", "$1", "?", "%s", "{x}",
	"\x00", "a\x00b", "\x00'\x00", "'\x00", "line\nbreak", "\r\n", "\t", "'; drop table x; --", `"; drop table x; --`,
	"Gooise Meren", "Wijdemeren é ë ï", "日本語", "👩‍👩‍👧", "e\u0301", "\u00a0", "\u2028", "\ufeff", "ſelect", "select", "SELECT", "$$", "$a$", "E'x'", "x'41'",
}

func FuzzIdent(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		token, rest, ok := scanQuoted(quote.Ident(name), '"')
		if want := strings.ReplaceAll(name, "\x00", ""); !ok || rest != "" || token != want {
			t.Errorf("Ident(%q) = %q: it reads as %q and then %q", name, quote.Ident(name), token, rest)
		}
	})
}

func FuzzLiteral(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		literal := quote.Literal(text)
		if strings.ContainsRune(literal, 0) {
			t.Fatalf("Literal(%q) holds a NUL, at which the parser stops", text)
		}
		got, rest, ok := scanLiteral(literal)
		if !ok || rest != "" || got != text {
			t.Errorf("Literal(%q) = %q: it reads as %q and then %q", text, literal, got, rest)
		}
	})
}

// scanLiteral reads what Literal writes: a string, or strings in brackets with chr(0) between them.
func scanLiteral(text string) (value, rest string, ok bool) {
	inner, bracketed := strings.CutPrefix(text, "(")
	value, rest, ok = scanQuoted(inner, '\'')
	for ok && bracketed {
		if after, end := strings.CutPrefix(rest, ")"); end {
			return value, after, true
		}
		if rest, ok = strings.CutPrefix(rest, " || chr(0) || "); !ok {
			break
		}
		var more string
		more, rest, ok = scanQuoted(rest, '\'')
		value += "\x00" + more
	}
	return value, rest, ok
}

// scanQuoted reads one quoted token as the SQL standard has it: a doubled quote stands for itself and
// nothing else is special.
func scanQuoted(text string, quote byte) (token, rest string, ok bool) {
	if text == "" || text[0] != quote {
		return "", text, false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != quote:
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == quote:
			b.WriteByte(quote)
			i++
		default:
			return b.String(), text[i+1:], true
		}
	}
	return b.String(), "", false
}

func TestTableAndList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{quote.Table("marts", "trechter"), `"marts"."trechter"`},
		{quote.Table(`a"b`, "c.d"), `"a""b"."c.d"`},
		{quote.List(nil), ``},
		{quote.List([]string{"peildatum"}), `"peildatum"`},
		{quote.List([]string{"a, b", `c"`}), `"a, b", "c"""`},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
