package checks

import (
	"strconv"
	"strings"

	"inbeeld/sql"
)

// stack measures each rule with a SELECT of its own and puts the answers under one another: a mark
// that says whose row it is, the groups (NULL beyond those of the rule), value, teller and noemer.
func stack(t Table, rules []Rule) Query {
	var q Query
	groups := 0
	for _, r := range rules {
		groups = max(groups, len(r.Per))
	}
	selects := make([]string, len(rules))
	for i, r := range rules {
		p := part{rule: r, mark: strconv.Itoa(i), present: -1, value: groups + 1, teller: groups + 2, noemer: groups + 3}
		columns := []string{sql.Literal(p.mark)}
		for g := range groups {
			if g < len(r.Per) {
				p.per = append(p.per, g+1)
				columns = append(columns, groupAlias(g))
			} else {
				columns = append(columns, "cast(null as varchar)")
			}
		}
		values, from := beyondRow(t, r)
		for _, v := range values {
			columns = append(columns, "cast(coalesce("+v+", 0) as varchar)")
		}
		selects[i] = "select\n    " + strings.Join(columns, ",\n    ") + "\nfrom " + from
		if len(r.Per) > 0 {
			selects[i] += "\ngroup by " + strings.Join(groupAliases(r), ", ")
		}
		q.add(p)
	}
	q.width = groups + 4
	q.SQL = strings.Join(selects, "\nunion all\n")
	return q
}

func groupAlias(i int) string { return sql.Ident("groep " + strconv.Itoa(i+1)) }

func groupAliases(r Rule) []string {
	out := make([]string, len(r.Per))
	for i := range out {
		out[i] = groupAlias(i)
	}
	return out
}

// groupColumns are the groups of a rule, a line and a comma each, for the head of a select list.
func groupColumns(r Rule) string {
	var b strings.Builder
	for i, column := range r.Per {
		b.WriteString(group(column) + " as " + groupAlias(i) + ",\n        ")
	}
	return b.String()
}

// beyondRow gives the aggregates value, teller and noemer, and the source that they are taken of, of
// a rule that no single row can break. The source has the groups under their aliases.
func beyondRow(t Table, r Rule) (values [3]string, from string) {
	if r.Kind == Unique {
		extra := `sum(case when "sleutel heel" then "sleutel rijen" - 1 end)`
		return [3]string{extra, extra, `sum("sleutel rijen")`}, uniqueSource(t, r)
	}
	if r.Kind == Relationship {
		orphans := `sum((hier."de waarde" is not null and daar."de waarde" is null)::int)`
		return [3]string{orphans, orphans, "count(*)"}, relationshipSource(t, r)
	}
	differs := "sum((coalesce(hier, 0) <> coalesce(daar, 0))::int)"
	return [3]string{differs, "sum(hier)", "sum(daar)"}, totalSource(t, r)
}

func uniqueSource(t Table, r Rule) string {
	keys := make([]string, len(r.Columns))
	present := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		keys[i] = sql.Ident(c)
		present[i] = keys[i] + " is not null"
	}
	by := make([]string, 0, len(r.Per)+len(keys))
	for _, column := range r.Per {
		by = append(by, group(column))
	}
	return "(\n    select\n        " + groupColumns(r) + strings.Join(present, " and ") + " as \"sleutel heel\",\n        count(*) as \"sleutel rijen\"" +
		rowsFrom(t.Schema, t.Name, r.Where) +
		"\n    group by " + strings.Join(append(by, keys...), ", ") + "\n) as sleutels"
}

func relationshipSource(t Table, r Rule) string {
	ref := r.Reference
	return "(\n    select\n        " + groupColumns(r) + sql.Ident(r.Columns[0]) + ` as "de waarde"` +
		rowsFrom(t.Schema, t.Name, r.Where) +
		"\n) as hier\nleft join (\n    select distinct " + sql.Ident(ref.Column) + ` as "de waarde"` +
		rowsFrom(ref.Schema, ref.Table, "") +
		"\n) as daar on hier.\"de waarde\" = daar.\"de waarde\""
}

// totalSource sums both tables by the columns under on, and puts the sums side by side. A group that
// one of them lacks is NULL on its side. NULLs under on are one group.
func totalSource(t Table, r Rule) string {
	on, by := "", ""
	if len(r.Total.On) > 0 {
		on = sql.List(r.Total.On) + ", "
		by = "group by " + sql.List(r.Total.On) + "\n    "
	}
	return "(\n    select\n        " + groupColumns(r) + `sum("som hier") as hier,` + "\n        " + `sum("som daar") as daar` + "\n    from (" +
		"\n    select " + on + "sum(" + sql.Ident(r.Columns[0]) + `) as "som hier", null as "som daar"` +
		rowsFrom(t.Schema, t.Name, r.Where) + "\n    " + by +
		"union all\n    select " + on + "null, sum(" + sql.Ident(r.Total.Column) + ")" +
		rowsFrom(r.Total.Schema, r.Total.Table, r.Total.Where) + "\n    " + by +
		") as sommen\n    " + by + ") as totalen"
}

func rowsFrom(schema, table, where string) string {
	from := "\n    from " + sql.Table(schema, table)
	if where != "" {
		from += "\n    where " + expression(where)
	}
	return from
}

// ownSelect counts the bad rows of an sql rule.
func ownSelect(r Rule) Query {
	s := scanSelect{}
	p := part{rule: r, present: -1, noemer: -1}
	for _, column := range r.Per {
		p.per = append(p.per, s.index(&s.groups, group(column)))
	}
	p.value = s.aggregate("count(*)")
	p.teller = p.value
	q := Query{width: p.value + 1}
	q.SQL = "select\n    " + strings.Join(append(s.groups, s.aggregates...), ",\n    ") +
		"\nfrom (\n" + r.Select + "\n) as fout" + s.groupBy()
	q.add(p)
	return q
}
