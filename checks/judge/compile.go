package judge

import (
	"slices"
	"strconv"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/sql/quote"
)

// emptyGroup is the group of rows with NULL or an empty text in a column under per.
const emptyGroup = "(leeg)"

// noText is the expression for a column without a value.
const noText = "cast(null as varchar)"

// A Query is one SELECT that measures one or more checks. All its columns are VARCHAR.
type Query struct {
	SQL    string
	Checks []string // IDs, in the order of the rules

	parts []part
	width int // number of columns in the result
}

// A part locates the measures of one rule in the result of a query. Its integers are column indexes, or
// -1 if there is no such column.
type part struct {
	rule     rule.Rule
	mark     string       // first column of its rows, with the name of an earlier stand appended; "" if all rows count
	stands   []rule.Stand // earlier stands that the value is compared with
	per      []int        // groups
	present  int          // row count of the group: 0 means that the group does not exist; -1 if it always does
	rows     int          // row count of the table
	value    int          // -1 if computed from the next two
	teller   int
	noemer   int
	category int   // distribution
	hashes   []int // constant_or_empty: least and greatest of each column
}

func newPart(r rule.Rule) part {
	return part{rule: r, stands: r.EarlierStands(), present: -1, rows: -1, value: -1, teller: -1, noemer: -1, category: -1}
}

// Compile writes the SQL for the rules of one table: one statement for all rules that aggregates can
// measure, which scans the table and each earlier stand once; one for uniqueness, relationships, totals
// and distributions; and one for each sql rule. The SQL names the table "schema"."name"; the caller
// chooses the catalog. Freshness rules have no SQL.
func Compile(t rule.Table, rules []rule.Rule) []Query {
	var scanned, separate []rule.Rule
	var out []Query
	for _, r := range rules {
		switch {
		case r.Kind == rule.Freshness:
		case r.Select != "":
			out = append(out, sqlQuery(r))
		case r.Kind == rule.Unique, r.Kind == rule.Relationship, r.Kind == rule.Distribution, r.Total != nil:
			separate = append(separate, r)
		default:
			scanned = append(scanned, r)
		}
	}
	if len(separate) > 0 {
		out = slices.Insert(out, 0, unionQuery(t, separate))
	}
	if len(scanned) > 0 {
		out = slices.Insert(out, 0, scanQuery(t, scanned))
	}
	return out
}

// currentMark marks rows of the current stand in a query that reads several. Rows of an earlier stand
// have its name appended.
const currentMark = "nu "

// scanQuery groups by the per columns of all rules. [Query.Measures] rolls the result up for each rule.
func scanQuery(t rule.Table, rules []rule.Rule) Query {
	var q Query
	s := scanSelect{}
	var compared []rule.Stand
	for _, r := range rules {
		for _, column := range r.Per {
			s.index(&s.groups, group(column))
		}
		compared = append(compared, r.EarlierStands()...)
	}
	slices.Sort(compared)
	compared = slices.Compact(compared)
	if len(compared) > 0 {
		s.marked = 1
	}
	for _, r := range rules {
		p := s.part(t, r)
		if s.marked > 0 {
			p.mark = currentMark
		}
		q.add(p)
	}
	q.width = s.marked + len(s.groups) + len(s.aggregates)
	q.SQL = s.statement(quote.Table(t.Schema, t.Name), "", nil)
	for _, stand := range compared {
		var needed []bool
		for i := range s.aggregates {
			needed = append(needed, slices.ContainsFunc(q.parts, func(p part) bool {
				return slices.Contains(p.stands, stand) && slices.Contains(p.columns(), s.marked+len(s.groups)+i)
			}))
		}
		q.SQL += "\nunion all\n" + s.statement(quote.Table(t.Schema, stand.Table(t.Name)), stand, needed)
	}
	return q
}

// columns returns the columns that a part reads, apart from its groups.
func (p part) columns() []int {
	return slices.Concat([]int{p.present, p.rows, p.value, p.teller, p.noemer}, p.hashes)
}

// part adds the columns that measure a rule to the select list.
func (s *scanSelect) part(t rule.Table, r rule.Rule) part {
	p := newPart(r)
	for _, column := range r.Per {
		p.per = append(p.per, s.marked+s.index(&s.groups, group(column)))
	}
	if len(r.Per) > 0 && r.Where != "" {
		p.present = s.aggregate(rowsOf(r))
	}
	if len(p.stands) > 0 {
		p.rows = s.aggregate("count(*)")
	}
	bad := func(condition string) {
		rows := s.aggregate(countOf(r, condition))
		p.value, p.teller, p.noemer = rows, rows, s.aggregate(rowsOf(r))
	}
	switch r.Kind {
	case rule.NotNull, rule.NotEmpty, rule.AcceptedValues, rule.Range, rule.Pattern, rule.Length, rule.SumMatches:
		bad(badRow(t, r))
	case rule.RowCount:
		rows := s.aggregate(rowsOf(r))
		p.value, p.teller = rows, rows
	case rule.VolumeChange:
		p.teller = s.aggregate(rowsOf(r))
	case rule.Coverage, rule.Outlier:
		p.teller = s.aggregate(sumOf(r, r.Numerator))
		if r.Denominator != "" {
			p.noemer = s.aggregate(sumOf(r, r.Denominator))
		}
	case rule.Share:
		p.teller, p.noemer = s.aggregate(countOf(r, rule.Expression(r.Condition))), s.aggregate(rowsOf(r))
	case rule.ConstantOrEmpty:
		p.rows = s.aggregate(rowsOf(r))
		for _, column := range r.Columns {
			hash := hashOf(r, column)
			p.hashes = append(p.hashes, s.aggregate("min("+hash+")"), s.aggregate("max("+hash+")"))
		}
	case rule.Unique, rule.Relationship, rule.Reconcile, rule.Distribution, rule.SQL, rule.SQLValue, rule.Freshness: // not in this statement
	}
	return p
}

func (q *Query) add(p part) {
	q.parts = append(q.parts, p)
	q.Checks = append(q.Checks, p.rule.ID())
}

// scanSelect is the select list of one scan: distinct groups, then distinct aggregates.
type scanSelect struct {
	groups, aggregates []string
	marked             int // 1 if a mark precedes them, else 0
}

func (s *scanSelect) index(texts *[]string, text string) int {
	i := slices.Index(*texts, text)
	if i < 0 {
		i = len(*texts)
		*texts = append(*texts, text)
	}
	return i
}

// aggregate returns the column of an aggregate. All groups must be added before.
func (s *scanSelect) aggregate(text string) int {
	return s.marked + len(s.groups) + s.index(&s.aggregates, "cast("+text+" as varchar)")
}

// statement writes the SELECT from the table of a stand. Aggregates that are not needed become NULL;
// a nil needed means all.
func (s *scanSelect) statement(from string, stand rule.Stand, needed []bool) string {
	var columns []string
	if s.marked > 0 {
		columns = append(columns, quote.Literal(currentMark+string(stand)))
	}
	columns = append(columns, s.groups...)
	for i, text := range s.aggregates {
		if needed != nil && !needed[i] {
			text = noText
		}
		columns = append(columns, text)
	}
	return "select\n    " + strings.Join(columns, ",\n    ") + "\nfrom " + from + s.groupBy()
}

func (s *scanSelect) groupBy() string {
	if len(s.groups) == 0 {
		return ""
	}
	ordinals := make([]string, len(s.groups))
	for i := range ordinals {
		ordinals[i] = strconv.Itoa(s.marked + i + 1)
	}
	return "\ngroup by " + strings.Join(ordinals, ", ")
}

// group returns the expression for a per column as text.
func group(column string) string {
	return "coalesce(nullif(cast(" + quote.Ident(column) + " as varchar), ''), " + quote.Literal(emptyGroup) + ")"
}

// rowsOf counts the rows that meet where.
func rowsOf(r rule.Rule) string {
	if r.Where == "" {
		return "count(*)"
	}
	return "sum(" + rule.Expression(r.Where) + "::int)"
}

// countOf counts the rows that meet both where and a condition, which needs no parentheses.
func countOf(r rule.Rule, condition string) string {
	if r.Where == "" {
		return "sum(" + condition + "::int)"
	}
	return "sum((" + rule.Expression(r.Where) + " and " + condition + ")::int)"
}

// sumOf sums over the rows that meet where.
func sumOf(r rule.Rule, text string) string {
	if r.Where == "" {
		return "sum(" + rule.Expression(text) + ")"
	}
	return "sum(case when " + rule.Expression(r.Where) + " then " + rule.Expression(text) + " end)"
}

// hashOf hashes a column, NULL included, so that values are compared without being shown. It is NULL
// for rows that do not meet where.
func hashOf(r rule.Rule, column string) string {
	if r.Where == "" {
		return "hash(" + quote.Ident(column) + ")"
	}
	return "case when " + rule.Expression(r.Where) + " then hash(" + quote.Ident(column) + ") end"
}
