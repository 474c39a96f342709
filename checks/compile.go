package checks

import (
	"fmt"
	"slices"
	"strings"

	"inbeeld/sql"
)

// nobody is the name of the group of rows that have nothing in a column under per.
const nobody = "(leeg)"

// A Query measures one or more checks with one SELECT, all of whose columns are VARCHAR.
type Query struct {
	SQL    string
	Checks []string // IDs, in the order of the rules

	parts []part
	width int // columns of the result
}

// A part says where in the result of a query the measures of one rule stand, by column index.
type part struct {
	rule    Rule
	mark    string // rows of this part begin with it; "" when every row counts
	per     []int  // the columns with the groups
	present int    // how many rows the group has: 0 means that there is no such group; -1: it is there
	value   int    // -1: computed as a percentage of the next two
	teller  int
	noemer  int // -1: there is none
}

// Compile writes the SQL of the rules of one table: one statement with one scan for all that
// aggregates can answer, one for uniqueness, relationships and totals together, and one for each sql
// rule. It reads the table as "schema"."name", in a context that the caller chooses.
func Compile(t Table, rules []Rule) []Query {
	var scanned, stacked []Rule
	var out []Query
	for _, r := range rules {
		switch {
		case r.Kind == SQL:
			out = append(out, ownSelect(r))
		case r.Kind == Unique, r.Kind == Relationship, r.Total != nil:
			stacked = append(stacked, r)
		default:
			scanned = append(scanned, r)
		}
	}
	if len(stacked) > 0 {
		out = slices.Insert(out, 0, stack(t, stacked))
	}
	if len(scanned) > 0 {
		out = slices.Insert(out, 0, oneScan(t, scanned))
	}
	return out
}

// oneScan groups by all columns under per of any rule; the measures are rolled up from there.
func oneScan(t Table, rules []Rule) Query {
	var q Query
	s := scanSelect{}
	for _, r := range rules {
		for _, column := range r.Per {
			s.index(&s.groups, group(column))
		}
	}
	for _, r := range rules {
		p := part{rule: r, present: -1}
		for _, column := range r.Per {
			p.per = append(p.per, s.index(&s.groups, group(column)))
		}
		if len(r.Per) > 0 && r.Where != "" {
			p.present = s.aggregate(rowsOf(r))
		}
		bad := func(condition string) {
			rows := s.aggregate(countOf(r, condition))
			p.value, p.teller, p.noemer = rows, rows, s.aggregate(rowsOf(r))
		}
		switch r.Kind {
		case NotNull:
			bad(anyNull(r))
		case AcceptedValues:
			bad(otherValue(r))
		case Range:
			bad(outOfBounds(r))
		case SumMatches:
			bad(otherSum(t, r))
		case RowCount:
			rows := s.aggregate(rowsOf(r))
			p.value, p.teller, p.noemer = rows, rows, -1
		case Coverage:
			p.value, p.teller, p.noemer = -1, s.aggregate(sumOf(r, r.Numerator)), s.aggregate(sumOf(r, r.Denominator))
		case Share:
			p.value, p.teller, p.noemer = -1, s.aggregate(countOf(r, expression(r.Condition))), s.aggregate(rowsOf(r))
		case Unique, Relationship, SQL: // have a statement of their own
		}
		q.add(p)
	}
	q.width = len(s.groups) + len(s.aggregates)
	q.SQL = "select\n    " + strings.Join(slices.Concat(s.groups, s.aggregates), ",\n    ") +
		"\nfrom " + sql.Table(t.Schema, t.Name) + s.groupBy()
	return q
}

func (q *Query) add(p part) {
	q.parts = append(q.parts, p)
	q.Checks = append(q.Checks, p.rule.ID())
}

// scanSelect is the select list of one scan: groups first, then aggregates, each once.
type scanSelect struct{ groups, aggregates []string }

func (s *scanSelect) index(texts *[]string, text string) int {
	i := slices.Index(*texts, text)
	if i < 0 {
		i = len(*texts)
		*texts = append(*texts, text)
	}
	return i
}

func (s *scanSelect) aggregate(text string) int {
	return len(s.groups) + s.index(&s.aggregates, "cast("+text+" as varchar)")
}

func (s *scanSelect) groupBy() string {
	if len(s.groups) == 0 {
		return ""
	}
	ordinals := make([]string, len(s.groups))
	for i := range ordinals {
		ordinals[i] = fmt.Sprint(i + 1)
	}
	return "\ngroup by " + strings.Join(ordinals, ", ")
}

// group is the text of a value of a column under per.
func group(column string) string {
	return "coalesce(nullif(cast(" + sql.Ident(column) + " as varchar), ''), " + sql.Literal(nobody) + ")"
}

// rowsOf counts the rows that meet where.
func rowsOf(r Rule) string {
	if r.Where == "" {
		return "count(*)"
	}
	return "sum(" + expression(r.Where) + "::int)"
}

// countOf counts the rows that meet where and a condition, which is a unit.
func countOf(r Rule, condition string) string {
	if r.Where == "" {
		return "sum(" + condition + "::int)"
	}
	return "sum((" + expression(r.Where) + " and " + condition + ")::int)"
}

// sumOf sums over the rows that meet where.
func sumOf(r Rule, text string) string {
	if r.Where == "" {
		return "sum(" + expression(text) + ")"
	}
	return "sum(case when " + expression(r.Where) + " then " + expression(text) + " end)"
}

// The conditions of a bad row. But for not_null they are NULL where a tested value is.

func anyNull(r Rule) string {
	conditions := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		conditions[i] = sql.Ident(c) + " is null"
	}
	return "(" + strings.Join(conditions, " or ") + ")"
}

func otherValue(r Rule) string {
	values := make([]string, len(r.Values))
	for i, v := range r.Values {
		values[i] = sql.Literal(v)
	}
	return "(" + sql.Ident(r.Columns[0]) + " not in (" + strings.Join(values, ", ") + "))"
}

func outOfBounds(r Rule) string {
	column := sql.Ident(r.Columns[0])
	var conditions []string
	if r.Min != "" {
		conditions = append(conditions, column+" < "+boundLiteral(r.Min))
	}
	if r.Max != "" {
		conditions = append(conditions, column+" > "+boundLiteral(r.Max))
	}
	return "(" + strings.Join(conditions, " or ") + ")"
}

func otherSum(t Table, r Rule) string {
	terms := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		terms[i] = wide(t, c)
	}
	return "(" + strings.Join(terms, " + ") + " <> " + wide(t, r.Equals) + ")"
}

func boundLiteral(bound string) string {
	if isDate(bound) {
		return "date " + sql.Literal(bound)
	}
	return bound
}

// wide is a column whose values can be added up without overflow.
func wide(t Table, column string) string {
	if c, ok := t.column(column); ok && strings.Contains(strings.ToUpper(c.Type), "INT") {
		return "cast(" + sql.Ident(column) + " as hugeint)"
	}
	return sql.Ident(column)
}
