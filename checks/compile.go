package checks

import (
	"slices"
	"strconv"
	"strings"

	"inbeeld/sql/quote"
)

// emptyGroup is the group of rows with NULL or an empty text in a column under per.
const emptyGroup = "(leeg)"

// A Query is one SELECT that measures one or more checks. All its columns are VARCHAR.
type Query struct {
	SQL    string
	Checks []string // IDs, in the order of the rules

	parts []part
	width int // number of columns in the result
}

// A part locates the measures of one rule in the result of a query. Its integers are column indexes; -1
// means that there is no such column.
type part struct {
	rule     Rule
	mark     string  // first column of its rows, followed by the name of an earlier stand; "" if every row counts
	stands   []Stand // earlier stands that the value is compared with
	per      []int   // groups
	present  int     // row count of the group: 0 means that the group does not exist; -1 that it does
	rows     int     // row count of the table
	value    int     // -1 if computed from the next two
	teller   int
	noemer   int
	category int   // distribution
	hashes   []int // constant_or_empty: least and greatest of each column
}

func newPart(r Rule) part {
	return part{rule: r, stands: r.earlierStands(), present: -1, rows: -1, value: -1, teller: -1, noemer: -1, category: -1}
}

// Compile writes the SQL for the rules of one table: one statement for all rules that aggregates can
// answer, with one scan of the table and one of each earlier stand they are compared with; one for
// uniqueness, relationships, totals and distributions; and one for each sql rule. The SQL names the
// table "schema"."name"; the caller chooses the catalog. Freshness rules have no SQL.
func Compile(t Table, rules []Rule) []Query {
	var scanned, separate []Rule
	var out []Query
	for _, r := range rules {
		switch {
		case r.Kind == Freshness:
		case r.Select != "":
			out = append(out, ownQuery(r))
		case r.Kind == Unique, r.Kind == Relationship, r.Kind == Distribution, r.Total != nil:
			separate = append(separate, r)
		default:
			scanned = append(scanned, r)
		}
	}
	if len(separate) > 0 {
		out = slices.Insert(out, 0, stack(t, separate))
	}
	if len(scanned) > 0 {
		out = slices.Insert(out, 0, oneScan(t, scanned))
	}
	return out
}

// now marks rows of the current stand in a query that reads several. Rows of an earlier stand have its
// name appended.
const now = "nu "

// oneScan groups by the per columns of all rules. [Query.Measures] rolls the result up for each rule.
func oneScan(t Table, rules []Rule) Query {
	var q Query
	s := scanSelect{}
	var compared []Stand
	for _, r := range rules {
		for _, column := range r.Per {
			s.index(&s.groups, group(column))
		}
		for _, stand := range r.earlierStands() {
			if !slices.Contains(compared, stand) {
				compared = append(compared, stand)
			}
		}
	}
	slices.Sort(compared)
	if len(compared) > 0 {
		s.marked = 1
	}
	for _, r := range rules {
		p := s.part(t, r)
		if s.marked > 0 {
			p.mark = now
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
		q.SQL += "\nunion all\n" + s.statement(quote.Table(t.Schema, stand.table(t.Name)), stand, needed)
	}
	return q
}

// columns returns the columns that a part reads, apart from its groups.
func (p part) columns() []int {
	return slices.Concat([]int{p.present, p.rows, p.value, p.teller, p.noemer}, p.hashes)
}

// part adds the columns that a rule needs to the select list.
func (s *scanSelect) part(t Table, r Rule) part {
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
	case NotNull, NotEmpty, AcceptedValues, Range, Pattern, Length, SumMatches:
		bad(badRow(t, r))
	case RowCount:
		rows := s.aggregate(rowsOf(r))
		p.value, p.teller = rows, rows
	case VolumeChange:
		p.teller = s.aggregate(rowsOf(r))
	case Coverage, Outlier:
		p.teller = s.aggregate(sumOf(r, r.Numerator))
		if r.Denominator != "" {
			p.noemer = s.aggregate(sumOf(r, r.Denominator))
		}
	case Share:
		p.teller, p.noemer = s.aggregate(countOf(r, expression(r.Condition))), s.aggregate(rowsOf(r))
	case ConstantOrEmpty:
		p.rows = s.aggregate(rowsOf(r))
		for _, column := range r.Columns {
			hash := hashOf(r, column)
			p.hashes = append(p.hashes, s.aggregate("min("+hash+")"), s.aggregate("max("+hash+")"))
		}
	case Unique, Relationship, Reconcile, Distribution, SQL, SQLValue, Freshness: // not of this statement
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

// aggregate returns the column of an aggregate. Call it after all groups were added.
func (s *scanSelect) aggregate(text string) int {
	return s.marked + len(s.groups) + s.index(&s.aggregates, "cast("+text+" as varchar)")
}

// statement writes the SELECT from the table of a stand. Aggregates that are not needed become NULL;
// a nil needed means all.
func (s *scanSelect) statement(from string, stand Stand, needed []bool) string {
	var columns []string
	if s.marked > 0 {
		columns = append(columns, quote.Literal(now+string(stand)))
	}
	columns = append(columns, s.groups...)
	for i, text := range s.aggregates {
		if needed != nil && !needed[i] {
			text = "cast(null as varchar)"
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
func rowsOf(r Rule) string {
	if r.Where == "" {
		return "count(*)"
	}
	return "sum(" + expression(r.Where) + "::int)"
}

// countOf counts the rows that meet where and a condition, which needs no parentheses.
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

// hashOf hashes a column, NULL included, so that values are compared without being shown. It is NULL
// for rows that do not meet where.
func hashOf(r Rule, column string) string {
	if r.Where == "" {
		return "hash(" + quote.Ident(column) + ")"
	}
	return "case when " + expression(r.Where) + " then hash(" + quote.Ident(column) + ") end"
}
