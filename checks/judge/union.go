package judge

import (
	"slices"
	"strconv"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/sql/quote"
)

// unionQuery writes a union of one SELECT for each rule. The columns are a mark that identifies the rule,
// the groups (NULL beyond those of the rule), value, teller, noemer, and the category if any rule has
// categories.
func unionQuery(t rule.Table, rules []rule.Rule) Query {
	var q Query
	groups, categories := 0, 0
	for _, r := range rules {
		groups = max(groups, len(r.Per))
		if r.Kind == rule.Distribution {
			categories = 1
		}
	}
	q.width = groups + 4 + categories
	var selects []string
	for i, r := range rules {
		p := newPart(r)
		p.mark, p.value, p.teller, p.noemer = strconv.Itoa(i), groups+1, groups+2, groups+3
		if categories > 0 {
			p.category = groups + 4
		}
		for g := range r.Per {
			p.per = append(p.per, g+1)
		}
		selects = append(selects, unionSelect(t, r, p.mark, q.width, groups))
		if r.Kind == rule.Distribution {
			p.stands = nil // one SELECT reads both stands
		}
		switch {
		case len(p.stands) == 0:
		case r.Total != nil:
			p.rows = p.teller // a sum of 0 counts as no rows
		default:
			p.rows = p.noemer // the row count of the rule
		}
		for _, stand := range p.stands {
			selects = append(selects, unionSelect(t.At(stand), r, p.mark+string(stand), q.width, groups))
		}
		q.add(p)
	}
	q.SQL = strings.Join(selects, "\nunion all\n")
	return q
}

func unionSelect(t rule.Table, r rule.Rule, mark string, width, groups int) string {
	by := groupAliases(r)
	columns := slices.Concat([]string{quote.Literal(mark)}, by, slices.Repeat([]string{noText}, groups-len(by)))
	values, from := aggregatesOf(t, r)
	for _, v := range values {
		columns = append(columns, "cast(coalesce("+v+", 0) as varchar)")
	}
	switch {
	case r.Kind == rule.Distribution:
		columns = append(columns, `"de categorie"`)
		by = append(by, `"de categorie"`)
	case len(columns) < width:
		columns = append(columns, noText)
	}
	text := "select\n    " + strings.Join(columns, ",\n    ") + "\nfrom " + from
	if len(by) > 0 {
		text += "\ngroup by " + strings.Join(by, ", ")
	}
	return text
}

func groupAlias(i int) string { return quote.Ident("groep " + strconv.Itoa(i+1)) }

func groupAliases(r rule.Rule) []string {
	out := make([]string, len(r.Per))
	for i := range out {
		out[i] = groupAlias(i)
	}
	return out
}

// groupColumns starts a select list with the groups of a rule, each followed by a comma and a new line.
func groupColumns(r rule.Rule) string {
	var b strings.Builder
	for i, column := range r.Per {
		b.WriteString(group(column) + " as " + groupAlias(i) + ",\n        ")
	}
	return b.String()
}

// aggregatesOf returns the aggregates for value, teller and noemer of a rule that spans rows, and the
// subquery that they read, which has the groups under their aliases.
func aggregatesOf(t rule.Table, r rule.Rule) (values [3]string, from string) {
	switch r.Kind {
	case rule.Unique:
		extra := `sum(case when "sleutel heel" then "sleutel rijen" - 1 end)`
		return [3]string{extra, extra, `sum("sleutel rijen")`}, uniqueSource(t, r)
	case rule.Relationship:
		orphans := `sum((hier."de waarde" is not null and daar."de waarde" is null)::int)`
		return [3]string{orphans, orphans, "count(*)"}, relationshipSource(t, r)
	case rule.Distribution:
		return [3]string{"0", "sum(hier)", "sum(daar)"}, distributionSource(t, r)
	case rule.Reconcile:
		return [3]string{"count(daar)", "sum(hier)", "sum(daar)"}, totalSource(t, r)
	default: // SumMatches with a total
		differs := "sum((coalesce(hier, 0) <> coalesce(daar, 0))::int)"
		return [3]string{differs, "sum(hier)", "sum(daar)"}, totalSource(t, r)
	}
}

func uniqueSource(t rule.Table, r rule.Rule) string {
	present := quote.Join(r.Columns, " and ", func(c string) string { return quote.Ident(c) + " is not null" })
	return "(\n    select\n        " + groupColumns(r) + present + " as \"sleutel heel\",\n        count(*) as \"sleutel rijen\"" +
		rowsFrom(t.Schema, t.Name, r.Where) + "\n    group by " + uniqueBy(r) + "\n) as sleutels"
}

// uniqueBy lists the groups and columns that together must be unique.
func uniqueBy(r rule.Rule) string {
	if len(r.Per) == 0 {
		return quote.List(r.Columns)
	}
	return quote.Join(r.Per, ", ", group) + ", " + quote.List(r.Columns)
}

func relationshipSource(t rule.Table, r rule.Rule) string {
	ref := r.Reference
	return "(\n    select\n        " + groupColumns(r) + quote.Ident(r.Columns[0]) + ` as "de waarde"` +
		rowsFrom(t.Schema, t.Name, r.Where) +
		"\n) as hier\nleft join (\n    select distinct " + quote.Ident(ref.Column) + ` as "de waarde"` +
		rowsFrom(ref.Schema, t.Beside(ref.Schema, ref.Table), "") +
		"\n) as daar on hier.\"de waarde\" = daar.\"de waarde\""
}

// totalSource sums both tables by the columns under on and puts the sums side by side. A group missing
// from one table has NULL on that side. NULLs under on form one group.
func totalSource(t rule.Table, r rule.Rule) string {
	on, by := "", ""
	if len(r.Total.On) > 0 {
		on = quote.List(r.Total.On) + ", "
		by = "group by " + quote.List(r.Total.On) + "\n    "
	}
	return "(\n    select\n        " + groupColumns(r) + `sum("som hier") as hier,` + "\n        " + `sum("som daar") as daar` + "\n    from (" +
		"\n    select " + on + "sum(" + ownSum(r) + `) as "som hier", null as "som daar"` +
		rowsFrom(t.Schema, t.Name, r.Where) + "\n    " + by +
		"union all\n    select " + on + "null, sum(" + referenceSum(r) + ")" +
		rowsFrom(r.Total.Schema, t.Beside(r.Total.Schema, r.Total.Table), r.Total.Where) + "\n    " + by +
		") as sommen\n    " + by + ") as totalen"
}

// ownSum returns the expression that a sum_matches or reconcile rule sums in its own table.
func ownSum(r rule.Rule) string {
	if r.Kind == rule.Reconcile {
		return rule.Expression(r.Numerator)
	}
	return quote.Ident(r.Columns[0])
}

// referenceSum returns the expression summed in the other table; reference tables contain text.
func referenceSum(r rule.Rule) string {
	if r.Kind == rule.Reconcile {
		return "cast(" + quote.Ident(r.Total.Column) + " as decimal(38, 6))"
	}
	return quote.Ident(r.Total.Column)
}

// distributionSource returns the categories of the current and the earlier stand.
func distributionSource(t rule.Table, r rule.Rule) string {
	rows := func(table, hier, daar string) string {
		return "select " + groupColumns(r) + "cast(" + quote.Ident(r.Columns[0]) + ` as varchar) as "de categorie", ` + hier + " as hier, " + daar + " as daar" +
			rowsFrom(t.Schema, table, r.Where)
	}
	return "(\n    " + rows(t.Name, "1", "0") + "\n    union all\n    " + rows(r.Versus.Table(t.Name), "0", "1") + "\n) as standen"
}

func rowsFrom(schema, table, where string) string {
	from := "\n    from " + quote.Table(schema, table)
	if where != "" {
		from += "\n    where " + rule.Expression(where)
	}
	return from
}

// sqlQuery counts the bad rows that an sql rule selects, or reads the value that an sql_value rule selects
// for each group.
func sqlQuery(r rule.Rule) Query {
	s := scanSelect{}
	p := newPart(r)
	for _, column := range r.Per {
		p.per = append(p.per, s.index(&s.groups, group(column)))
	}
	var alias, groupBy string
	if r.Kind == rule.SQLValue {
		p.teller, alias = s.aggregate(`"waarde"`), "waarden"
	} else {
		p.value, alias, groupBy = s.aggregate("count(*)"), "fout", s.groupBy()
		p.teller = p.value
	}
	q := Query{width: p.teller + 1}
	q.SQL = "select\n    " + strings.Join(append(s.groups, s.aggregates...), ",\n    ") + "\nfrom (\n" + r.Select + "\n) as " + alias + groupBy
	q.add(p)
	return q
}
