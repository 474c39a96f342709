package rule

import (
	"slices"
	"strings"
)

// rowsPlaceholder stands, in the texts of a check on several tables, for what the header calls the rows of
// each table.
const rowsPlaceholder = "{wat}"

// A sharedSelect is the SELECT of a file on several tables, as written.
type sharedSelect struct {
	text  string
	names []token // each mention of the table; text is the suffix of an earlier stand, or ""
}

// Written returns the SELECT as written in the file, and the byte offset in it of offset pos in Select.
// They differ if the file is on several tables and its SELECT names another one.
func (r Rule) Written(pos int) (text string, at int) {
	if r.shared == nil {
		return r.Select, pos
	}
	for _, name := range r.shared.names {
		if pos <= name.at {
			break
		}
		grown := len(r.On()) + len(name.text) - (name.end - name.at)
		pos = max(name.at, pos-grown)
	}
	return r.shared.text, pos
}

// Shared reports whether the rule comes from a file on several tables.
func (r Rule) Shared() bool { return r.shared != nil }

// onTables returns the rule for each table under the key tables. The SELECT is plain SQL that names one
// of them; for each other table, its name replaces that one.
func (r reader) onTables(rule Rule) []Rule {
	switch {
	case !r.Has("tables"):
		*r.Faults = append(*r.Faults, noTable(rule.Path))
		return nil
	case rule.Table != "":
		r.fault("tables", "call the file <name>.sql, or leave tables out", "the file name already has the table")
		return nil
	case r.Has("name"):
		r.name(&rule)
	}
	given := r.Get("tables")
	if len(given.Keys) == 0 {
		r.fault("tables", "write each table and what messages call its rows, such as staging.klanten: klanten",
			"tables is %s", unlike(given, "a mapping"))
		return nil
	}
	tables, _ := r.within("tables")
	var names []string
	for _, key := range given.Keys {
		names = append(names, key.Name)
	}
	slices.Sort(names)
	var in []sharedSelect
	for _, name := range names {
		if !schemaTable.MatchString(name) {
			tables.fault(name, "write schema.table: and what messages call its rows", "%q is not a table", name)
		} else if found := mentions(rule.Select, name); len(found) > 0 {
			in = append(in, sharedSelect{rule.Select, found})
		}
	}
	if len(in) != 1 {
		r.fault("tables", "name one table in the SELECT; the others replace it", "the SELECT names %d of its tables, not one", len(in))
		return nil
	}
	var rules []Rule
	for _, name := range names {
		one := rule
		one.Schema, one.Table, _ = strings.Cut(name, ".")
		at := given.Get(name)
		one.Line, one.Col, one.shared = at.Line, at.Col, &in[0]
		one.Select = in[0].on(name)
		rows := tables.text(name)
		one.Explain = strings.ReplaceAll(rule.Explain, rowsPlaceholder, rows)
		one.Action = strings.ReplaceAll(rule.Action, rowsPlaceholder, rows)
		rules = append(rules, one)
	}
	return rules
}

func (s sharedSelect) on(table string) string {
	text := s.text
	for _, name := range slices.Backward(s.names) {
		text = text[:name.at] + table + name.text + text[name.end:]
	}
	return text
}

// mentions finds each mention of a table or an earlier stand of it in a SELECT, quoted or not.
func mentions(text, table string) (found []token) {
	words, _, _ := tokens(text, true)
	schema, name, _ := strings.Cut(table, ".")
	for i := 1; i < len(words); i++ {
		first, second := words[i-1], words[i]
		if first.text != schema || strings.TrimSpace(text[first.end:second.at]) != "." {
			continue
		}
		suffix, ok := strings.CutPrefix(second.text, name)
		if ok && (suffix == "" || suffix == Previous.Table("") || suffix == Year.Table("")) {
			found = append(found, token{text: suffix, at: first.at, end: second.end})
		}
	}
	return found
}
