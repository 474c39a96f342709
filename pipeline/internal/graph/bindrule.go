package graph

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql/model"
)

// faultPerFile reports a fault of all rules on a table, once for each file with such rules.
func (b *Binder) faultPerFile(rules []rule.Rule, hint, format string, args ...any) {
	seen := map[string]bool{}
	for _, r := range rules {
		if !seen[r.Path] {
			seen[r.Path] = true
			b.fault(projectfile.Fault{Path: r.Path, Line: r.Line, Col: r.Col, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
	}
}

// compile compiles and binds rules that are valid one by one. If a query does not bind, ok is false and
// [Binder.diagnose] has to find the faulty rule.
func (b *Binder) compile(ctx context.Context, on *Query, table rule.Table, rules []rule.Rule) (queries []*Query, ok bool, err error) {
	before := len(b.faults)
	for i, q := range judge.Compile(table, rules) {
		n := &Query{
			Name: fmt.Sprintf("checks.%s.%d", on.Name, i), Text: q.SQL, Per: on.Per, Columns: VerdictColumns,
			Check: &CheckQuery{Table: table, Query: q, Rules: rules, Persons: len(on.Sources) > 0}, Level: len(b.Order) + len(b.Checks) + i,
		}
		bound, err := b.bindCheckQuery(ctx, n, on, rules[0].Path)
		if err != nil {
			return nil, false, err
		}
		if !bound {
			b.faults = b.faults[:before]
			return nil, false, nil
		}
		b.derive(n)
		if on.Model != nil && len(on.Model.Peildata) > 0 {
			n.Peildata = on.Peildata
		}
		queries = append(queries, n)
	}
	return queries, len(b.faults) == before, nil
}

// diagnose reports what is wrong with one rule. It binds the SELECT of an sql rule first, so that a fault gets
// its position in the file, and then the compiled query.
func (b *Binder) diagnose(ctx context.Context, on *Query, table rule.Table, r rule.Rule) error {
	for _, q := range judge.Compile(table, []rule.Rule{r}) {
		texts := []*Query{{Text: q.SQL}}
		if r.Select != "" {
			file := string(b.Files[r.Path])
			inFile, _ := r.Written(0)
			texts = []*Query{{Text: r.Select, file: file, offset: strings.Index(file, inFile)}, {Text: q.SQL}}
		}
		for _, n := range texts {
			n.Name, n.rule, n.Per = r.ID(), &r, on.Per
			before := len(b.faults)
			bound, err := b.bindCheckQuery(ctx, n, on, r.Path)
			if err != nil {
				return err
			}
			if !bound || len(b.faults) > before {
				break
			}
		}
	}
	return nil
}

// bindCheckQuery parses a check query and reports whether it binds. It adds faults of the query itself, but not
// those of tables that it reads.
func (b *Binder) bindCheckQuery(ctx context.Context, n, on *Query, file string) (bool, error) {
	if err := b.add(ctx, n, file); err != nil {
		return false, err
	}
	delete(b.ByName, n.Name)
	before := len(b.faults)
	for _, r := range n.Reads {
		if r.Kind != ReadModel && r.Kind != ReadBefore && r.Kind != ReadYear {
			continue
		}
		of := b.lookup(r.Name)
		if of.Columns == nil {
			n.broken = true // its fault is already reported
		}
		if r.Kind == ReadModel && n.Per != PerNone && of.Per != PerPeildatum && of.Per != n.Per && !of.Constant() {
			b.fault(n.faultAt(file, n.readAt[r], "check the other table instead", "checks on %s are judged per peildatum but read %s, which is not", on.Name, r.Name))
		}
		if r.Kind != ReadModel && (n.Per != PerPeildatum || of.Per != PerPeildatum) {
			b.fault(n.faultAt(file, n.readAt[r], "only tables per peildatum have earlier stands, for checks on such tables", "checks on %s cannot read %s", on.Name, r.Table()))
		}
		if err := b.createEmpty(ctx, r, of); err != nil {
			return false, err
		}
	}
	if n.broken || len(b.faults) > before {
		return false, nil
	}
	_, p, err := b.describe(ctx, n)
	if p == nil {
		return err == nil, err
	}
	if n.file != "" && n.rule.Shared() {
		p.Message += " on " + on.Name
	}
	b.fault(n.faultAt(file, p.at, p.hint, "%s", p.Message))
	return false, nil
}

// faultAt returns a fault at a byte offset of a query. For a rule with its own SELECT that is the position in
// its file; for other rules, where the rule begins.
func (n *Query) faultAt(file string, pos int, hint, format string, args ...any) projectfile.Fault {
	switch {
	case n.rule == nil:
		return faultAt(file, n.Text, pos, hint, format, args...)
	case n.file != "" && n.offset >= 0:
		_, pos = n.rule.Written(max(pos, 0))
		return faultAt(file, n.file, n.offset+pos, hint, format, args...)
	}
	return projectfile.Fault{
		Path: file, Line: n.rule.Line, Col: n.rule.Col, Hint: hint,
		Message: "check " + n.rule.Name + ": " + fmt.Sprintf(format, args...),
	}
}

var (
	ambiguousColumn = regexp.MustCompile(`^Ambiguous reference to column name "([^"]+)" \(use: (.*)\)$`)
	noSuchColumn    = regexp.MustCompile(`does not have a column named "([^"]+)"$`)
	unknownColumn   = regexp.MustCompile(`^Referenced column "([^"]+)" not found`)
	noSuchTable     = regexp.MustCompile(`^Table with name (\S+) does not exist$`)
)

// improve adds a position or hint to an error of DuckDB, and replaces advice that does not apply here.
func (b *Binder) improve(n *Query, p bindFault) bindFault {
	p.Message = strings.TrimSuffix(strings.Join(strings.Fields(p.Message), " "), ".")
	if m := ambiguousColumn.FindStringSubmatch(p.Message); m != nil {
		p.Message = fmt.Sprintf("column %q is in more than one table", m[1])
		p.hint = "write " + strings.ReplaceAll(m[2], `"`, "")
		if pos, ok := n.columnAt[strings.ToLower(m[1])]; ok {
			p.at = pos
		}
	}
	if m := noSuchColumn.FindStringSubmatch(p.Message); m != nil && p.hint == "" {
		p.hint = projectfile.DidYouMean(m[1], b.readableColumns(n))
	}
	if m := unknownColumn.FindStringSubmatch(p.Message); m != nil && n.rule != nil && n.file == "" {
		// The candidates are names of the compiled query, not of the rule.
		p.hint = projectfile.DidYouMean(m[1], b.readableColumns(n))
		if n.rule.Select != "" {
			p.hint = "name a column that the SELECT gives"
		}
	}
	switch {
	case noSuchTable.MatchString(p.Message):
		p.hint = "write schema.table; a common table expression is known only where it is defined"
	case strings.Contains(p.Message, "must appear in the GROUP BY clause"):
		p.hint = "add it to group by, or take its min() or max()"
	case strings.HasPrefix(p.Message, "syntax error"), strings.HasPrefix(p.Message, "Parser Error: syntax error"):
		p.Message, p.hint = strings.TrimPrefix(p.Message, "Parser Error: "), "look here and just before it"
	}
	return p
}

// readableColumns returns the names of the columns of all tables that a query reads.
func (b *Binder) readableColumns(n *Query) []string {
	var names []string
	for _, r := range n.Reads {
		for _, c := range b.ColumnsOf(r) {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// schemaHint returns a hint for a table name without a schema.
func (b *Binder) schemaHint(name string) string {
	byName := map[string]string{}
	add := func(schema, table string) { byName[table] = schema + "." + table }
	for _, m := range b.Models {
		add(m.Schema, m.Name)
	}
	for table := range MetaTables {
		add("meta", table)
	}
	for _, r := range b.References {
		add("ref", r.Name)
	}
	for _, c := range b.Contracts {
		add("raw", c.Name)
	}
	if near := projectfile.Nearest(name, slices.Collect(maps.Keys(byName))); near != "" {
		return fmt.Sprintf("write schema.table: did you mean %q?", byName[near])
	}
	return "write schema.table: deliveries are raw.<source>, reference tables ref.<name>, models <layer>.<name>"
}

// queryStart returns the byte offset of a query after blank lines and comments.
func queryStart(text string) int {
	at := 0
	for line := range strings.Lines(text) {
		if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "--") {
			return at + len(line) - len(strings.TrimLeft(line, " \t"))
		}
		at += len(line)
	}
	return max(0, len(strings.TrimRight(text, "\n")))
}

// validName reports whether a model has a known layer and no reserved suffix.
func validName(m *model.Model) bool {
	return slices.Contains(model.Layers, m.Schema) && !strings.HasSuffix(m.Name, BeforeSuffix)
}

// duplicateColumn returns a column name that occurs twice, ignoring case, or "".
func duplicateColumn(columns []duck.Column) string {
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[strings.ToLower(c.Name)] {
			return c.Name
		}
		seen[strings.ToLower(c.Name)] = true
	}
	return ""
}
