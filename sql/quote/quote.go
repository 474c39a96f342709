// Package quote turns names and values into SQL text.
package quote

import "strings"

// Ident quotes a name as an identifier, and drops its NUL characters.
func Ident(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", ""), `"`, `""`) + `"`
}

// Table quotes a schema and the name of a table or view in it.
func Table(schema, name string) string { return Ident(schema) + "." + Ident(name) }

// Literal quotes text as a string literal.
func Literal(text string) string {
	if !strings.Contains(text, "\x00") {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	parts := strings.Split(text, "\x00")
	for i, p := range parts {
		parts[i] = "'" + strings.ReplaceAll(p, "'", "''") + "'"
	}
	return "(" + strings.Join(parts, " || chr(0) || ") + ")"
}

// List joins quoted names with commas.
func List(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Ident(n)
	}
	return strings.Join(quoted, ", ")
}
