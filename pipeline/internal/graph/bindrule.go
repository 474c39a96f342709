package graph

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql/model"
)

// faultOfFiles is a fault of all rules on a table, given once for each file that has some.
func (b *Binder) faultOfFiles(rules []rule.Rule, hint, format string, args ...any) {
	seen := map[string]bool{}
	for _, r := range rules {
		if !seen[r.Path] {
			seen[r.Path] = true
			b.fault(projectfile.Fault{Path: r.Path, Line: r.Line, Col: r.Col, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
	}
}

// compile makes the queries of rules that are without fault by themselves. It is not ok when one of
// the queries cannot be judged; what is wrong is then for [binder.vet] to find, rule by rule.
func (b *Binder) compile(ctx context.Context, on *Query, table rule.Table, rules []rule.Rule) (nodes []*Query, ok bool, err error) {
	before := len(b.faults)
	for i, q := range judge.Compile(table, rules) {
		n := &Query{
			Name: fmt.Sprintf("checks.%s.%d", on.Name, i), Text: q.SQL, Per: on.Per, Columns: VerdictColumns,
			Check: &CheckQuery{Table: table, Query: q, Rules: rules, Persons: len(on.Sources) > 0}, Level: len(b.Order) + len(b.Checks) + i,
		}
		if err := b.add(ctx, n, rules[0].Path); err != nil {
			return nil, false, err
		}
		delete(b.ByName, n.Name)
		bound, err := b.fits(ctx, n, on, rules[0].Path)
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
		nodes = append(nodes, n)
	}
	return nodes, len(b.faults) == before, nil
}

// vet finds what is wrong with one rule. The SELECT of an sql rule is looked at as it stands in its
// file; of other rules only the query that is made of them can be.
func (b *Binder) vet(ctx context.Context, on *Query, table rule.Table, r rule.Rule) error {
	for _, q := range judge.Compile(table, []rule.Rule{r}) {
		texts := []*Query{{Text: q.SQL}}
		if own, ok := r.Reads(); ok {
			file := string(b.Files[r.Path])
			inFile, _ := r.Written(0)
			texts = []*Query{{Text: own, file: file, from: strings.Index(file, inFile)}, {Text: q.SQL}}
		}
		for _, n := range texts {
			n.Name, n.rule, n.Per = r.ID(), &r, on.Per
			before := len(b.faults)
			err := b.add(ctx, n, r.Path)
			delete(b.ByName, n.Name)
			if err != nil {
				return err
			}
			bound, err := b.fits(ctx, n, on, r.Path)
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

// fits tells whether the query of a check can be judged on its table; when it cannot by its own
// fault, that is among the faults.
func (b *Binder) fits(ctx context.Context, n, on *Query, file string) (bool, error) {
	before := len(b.faults)
	for _, r := range n.Reads {
		if r.Kind != ReadModel && r.Kind != ReadBefore && r.Kind != ReadYear {
			continue
		}
		of := b.node(r.Name)
		if of.Columns == nil {
			n.broken = true // its fault is said already
		}
		if r.Kind == ReadModel && n.Per != PerNone && of.Per != PerPeildatum && of.Per != n.Per && !of.Constant() {
			b.fault(n.place(file, n.places[r], "check the other table instead", "checks on %s are judged per peildatum but read %s, which is not", on.Name, r.Name))
		}
		if r.Kind != ReadModel && (n.Per != PerPeildatum || of.Per != PerPeildatum) {
			b.fault(n.place(file, n.places[r], "only tables per peildatum have earlier stands, for checks on such tables", "checks on %s cannot read %s", on.Name, r.Table()))
		}
		if err := b.standIn(ctx, r, of); err != nil {
			return false, err
		}
	}
	if n.broken || len(b.faults) > before {
		return false, nil
	}
	_, err := b.Session.Describe(ctx, n.Text)
	var derr *duck.Error
	if err == nil || !errors.As(err, &derr) {
		return err == nil, err
	}
	p := b.clearer(n, bindError(derr))
	if n.file != "" && n.rule.Shared() {
		p.Message += " on " + on.Name
	}
	b.fault(n.place(file, p.at, p.hint, "%s", p.Message))
	return false, nil
}

// place makes a fault at a byte of the text of a node. Of a rule that is at the same place in its
// file when it has a SELECT of its own there, and else where the rule begins.
func (n *Query) place(file string, pos int, hint, format string, args ...any) projectfile.Fault {
	switch {
	case n.rule == nil:
		return faultAt(file, n.Text, pos, hint, format, args...)
	case n.file != "" && n.from >= 0:
		_, pos = n.rule.Written(max(pos, 0))
		return faultAt(file, n.file, n.from+pos, hint, format, args...)
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

// clearer mends what DuckDB says where it gives no place or candidates, or advice that is refused here.
func (b *Binder) clearer(n *Query, p bindFault) bindFault {
	p.Message = strings.TrimSuffix(strings.Join(strings.Fields(p.Message), " "), ".")
	if m := ambiguousColumn.FindStringSubmatch(p.Message); m != nil {
		p.Message = fmt.Sprintf("column %q is in more than one table", m[1])
		p.hint = "write " + strings.ReplaceAll(m[2], `"`, "")
		if pos, ok := n.bare[strings.ToLower(m[1])]; ok {
			p.at = pos
		}
	}
	if m := noSuchColumn.FindStringSubmatch(p.Message); m != nil && p.hint == "" {
		p.hint = projectfile.DidYouMean(m[1], b.readable(n))
	}
	if m := unknownColumn.FindStringSubmatch(p.Message); m != nil && n.rule != nil && n.file == "" {
		// The candidates are names of the query that was made of the rule, not of its own.
		p.hint = projectfile.DidYouMean(m[1], b.readable(n))
		if _, own := n.rule.Reads(); own {
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

// readable are the names of the columns of all that a node reads.
func (b *Binder) readable(n *Query) []string {
	var columns []duck.Column
	for _, r := range n.Reads {
		switch r.Kind {
		case ReadRaw:
			columns = append(columns, RawColumns(b.Contract(r.Name))...)
		case ReadRef:
			columns = append(columns, RefColumns(b.Reference(r.Name))...)
		case ReadMeta:
			columns = append(columns, MetaTables[r.Name]...)
		case ReadModel, ReadBefore, ReadYear:
			columns = append(columns, b.node(r.Name).Columns...)
		}
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// tableNamed is a hint for a table without a schema.
func (b *Binder) tableNamed(name string) string {
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
	var names []string
	for table := range byName {
		names = append(names, table)
	}
	if near := projectfile.Nearest(name, names); near != "" {
		return fmt.Sprintf("write schema.table: did you mean %q?", byName[near])
	}
	return "write schema.table: deliveries are raw.<source>, reference tables ref.<name>, models <layer>.<name>"
}

// begin is the byte at which the query of a model begins, behind blank and comment lines.
func begin(text string) int {
	at := 0
	for line := range strings.Lines(text) {
		if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "--") {
			return at + len(line) - len(strings.TrimLeft(line, " \t"))
		}
		at += len(line)
	}
	return max(0, len(strings.TrimRight(text, "\n")))
}

// nameable tells whether the file of a model gives it a place among the tables.
func nameable(m *model.Model) bool {
	return slices.Contains(model.Layers, m.Schema) && !strings.HasSuffix(m.Name, BeforeSuffix)
}

// repeatedColumn is a column that stands among others twice, without case.
func repeatedColumn(columns []duck.Column) string {
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[strings.ToLower(c.Name)] {
			return c.Name
		}
		seen[strings.ToLower(c.Name)] = true
	}
	return ""
}
