package pipeline_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sql/quote"
)

// FuzzQuote holds the quoting against the parser that it is meant for: a literal comes back as the
// text it was made of, a name as the name of the column, and nothing in either is run.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{
		"gemeente", "'", "''", `"`, `""`, `\`, `\'`, `\"`, `\n`, "a'b", `a"b`, "--", "/*", "*/", ";", "$1", "?", "%s",
		"\x00", "a\x00b", "\x00'\x00", "'\x00", "line\nbreak", "\r\n", "\t", "'; create table gelekt(x int); --", `"; create table gelekt(x int); --`,
		"Wijdemeren é ë ï", "日本語", "👩‍👩‍👧", "e\u0301", "\u00a0", "\u2003x\u3000", "\u2028", "\ufeff", "select", "SELECT", "$$", "$a$", "x'41'", " lead and trail ", "\xff", "a\xc3",
	} {
		f.Add(s)
	}
	instance, err := duck.Open(f.Context(), duck.Settings{Closed: true, Threads: 1, MemoryLimit: "256MB"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := instance.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, text string) {
		session, err := instance.Session(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := session.Close(); err != nil {
				t.Error(err)
			}
		}()
		row, err := session.Row(t.Context(), "select "+quote.Literal(text)+", '|'")
		switch {
		case err != nil && utf8.ValidString(text):
			t.Errorf("literal of %q: %v", text, err)
		case err == nil && (row[0] == nil || *row[0] != text || *row[1] != "|"):
			t.Errorf("literal of %q came back as %v", text, *row[0])
		}
		name := strings.ReplaceAll(text, "\x00", "")
		columns, err := session.Describe(t.Context(), "select 1 as "+quote.Ident(text)+", 2 as slot")
		switch {
		case err != nil && utf8.ValidString(text) && name != "":
			t.Errorf("column named %q: %v", text, err)
		case err == nil && (len(columns) != 2 || columns[0].Name != name || columns[1].Name != "slot"):
			t.Errorf("a column named %q became %v", text, columns)
		}
		tables, err := session.Rows(t.Context(), "select table_name from duckdb_tables()")
		if err != nil || len(tables) > 0 {
			t.Errorf("after %q there are %d tables (%v): something in it was run", text, len(tables), err)
		}
	})
}
