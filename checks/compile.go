package checks

import (
	"slices"
	"strconv"
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

// A part says where in the result of a query the measures of one rule stand, by column index; -1 is
// nowhere.
type part struct {
	rule     Rule
	mark     string  // rows of this part begin with it, and with a stand behind it those of that; "" when every row counts
	stands   []Stand // that the value is compared with
	per      []int   // the columns with the groups
	present  int     // how many rows the group has: 0 means that there is no such group; nowhere: it is there
	rows     int     // how many rows the table has
	value    int     // nowhere: worked out of the next two
	teller   int
	noemer   int
	category int   // distribution
	hashes   []int // constant_or_empty: least and greatest of each column
}

func newPart(r Rule) part {
	return part{rule: r, stands: r.earlierStands(), present: -1, rows: -1, value: -1, teller: -1, noemer: -1, category: -1}
}

// Compile writes the SQL of the rules of one table: one statement with one scan for all that
// aggregates can answer (and one of each earlier stand that they are compared with), one for
// uniqueness, relationships, totals and distributions together, and one for each sql rule. It reads the
// table as "schema"."name", in a context that the caller chooses. Rules on time have no SQL.
func Compile(t Table, rules []Rule) []Query {
	var scanned, stacked []Rule
	var out []Query
	for _, r := range rules {
		switch {
		case r.Kind == Freshness:
		case r.Kind == SQL:
			out = append(out, ownSelect(r))
		case r.Kind == SQLValue:
			out = append(out, ownValue(r))
		case r.Kind == Unique, r.Kind == Relationship, r.Kind == Distribution, r.Total != nil:
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

// now marks the rows of the stand at hand, where there are others; those of an earlier one have its
// name behind it.
const now = "nu "

// oneScan groups by all columns under per of any rule; the measures are rolled up from there.
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
	q.SQL = s.statement(sql.Table(t.Schema, t.Name), "", nil)
	for _, stand := range compared {
		var needed []bool
		for i := range s.aggregates {
			needed = append(needed, slices.ContainsFunc(q.parts, func(p part) bool {
				return slices.Contains(p.stands, stand) && slices.Contains(p.columns(), s.marked+len(s.groups)+i)
			}))
		}
		q.SQL += "\nunion all\n" + s.statement(sql.Table(t.Schema, stand.table(t.Name)), stand, needed)
	}
	return q
}

// columns are all columns that a part reads.
func (p part) columns() []int {
	return slices.Concat([]int{p.present, p.rows, p.value, p.teller, p.noemer}, p.hashes)
}

// part adds to the select list what a rule needs.
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
	case NotNull, NotEmpty, AcceptedValues, Range, Pattern, Length:
		bad(badRow(t, r))
	case SumMatches:
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

// scanSelect is the select list of one scan: groups first, then aggregates, each once.
type scanSelect struct {
	groups, aggregates []string
	marked             int // 1 when a mark stands before them
}

func (s *scanSelect) index(texts *[]string, text string) int {
	i := slices.Index(*texts, text)
	if i < 0 {
		i = len(*texts)
		*texts = append(*texts, text)
	}
	return i
}

// aggregate gives the column of an aggregate, once all groups are known.
func (s *scanSelect) aggregate(text string) int {
	return s.marked + len(s.groups) + s.index(&s.aggregates, "cast("+text+" as varchar)")
}

// statement selects from the table of a stand; of an earlier one only what is needed.
func (s *scanSelect) statement(from string, stand Stand, needed []bool) string {
	var list []string
	if s.marked > 0 {
		list = append(list, sql.Literal(now+string(stand)))
	}
	list = append(list, s.groups...)
	for i, text := range s.aggregates {
		if needed != nil && !needed[i] {
			text = "cast(null as varchar)"
		}
		list = append(list, text)
	}
	return "select\n    " + strings.Join(list, ",\n    ") + "\nfrom " + from + s.groupBy()
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

// hashOf tells values of a column apart, NULL included, without showing them. A row that does not meet
// where has none.
func hashOf(r Rule, column string) string {
	if r.Where == "" {
		return "hash(" + sql.Ident(column) + ")"
	}
	return "case when " + expression(r.Where) + " then hash(" + sql.Ident(column) + ") end"
}
