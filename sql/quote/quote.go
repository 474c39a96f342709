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
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, "\x00") {
		return "(" + strings.ReplaceAll(quoted, "\x00", "' || chr(0) || '") + ")"
	}
	return quoted
}

// List joins quoted names with commas.
func List(names []string) string { return Join(names, ", ", Ident) }

// Join joins the SQL text of each item.
func Join(items []string, separator string, text func(item string) string) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = text(item)
	}
	return strings.Join(parts, separator)
}
