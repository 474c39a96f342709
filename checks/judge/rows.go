package judge

import (
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/sql/quote"
)

// maxKeys is the maximum number of keys of failing rows per group.
const maxKeys = "100"

// Rows returns the SELECT of the rows behind a verdict on a group: the bad rows if the kind has them,
// else all rows measured.
func Rows(r rule.Rule, t rule.Table, m Measure) string {
	conditions := []string{}
	for _, column := range r.Per {
		conditions = append(conditions, group(column)+" = "+quote.Literal(m.GroupValues[column]))
	}
	if r.Select != "" {
		text := "select *\nfrom (\n" + r.Select + "\n) as fout"
		if len(conditions) > 0 {
			text += "\nwhere " + strings.Join(conditions, "\n    and ")
		}
		return text
	}
	text := failing(r, t, conditions)
	if r.Kind == rule.Unique {
		text += "\norder by " + quote.List(r.Columns)
	}
	return text
}

// failing returns the SELECT of the rows behind a verdict that also meet the given conditions.
func failing(r rule.Rule, t rule.Table, conditions []string) string {
	if r.Where != "" {
		conditions = append(conditions, rule.Expression(r.Where))
	}
	qualify := ""
	switch r.Kind {
	case rule.NotNull, rule.NotEmpty, rule.AcceptedValues, rule.Range, rule.Pattern, rule.Length:
		conditions = append(conditions, badRow(t, r))
	case rule.SumMatches:
		if r.Total == nil {
			conditions = append(conditions, badRow(t, r))
		}
	case rule.Share:
		if l := r.Limits.Mildest(); l != nil && l.Below {
			conditions = append(conditions, rule.Expression(r.Condition)+" is not true")
		} else {
			conditions = append(conditions, rule.Expression(r.Condition))
		}
	case rule.Relationship:
		own, other := `hier.`+quote.Ident(r.Columns[0]), `daar.`+quote.Ident(r.Reference.Column)
		conditions = append(conditions, own+" is not null", "not exists (select 1 from "+quote.Table(r.Reference.Schema, r.Reference.Table)+" as daar where "+other+" = "+own+")")
	case rule.Unique:
		for _, column := range r.Columns {
			conditions = append(conditions, quote.Ident(column)+" is not null")
		}
		qualify = "\nqualify count(*) over (partition by " + uniqueBy(r) + ") > 1"
	case rule.RowCount, rule.VolumeChange, rule.Coverage, rule.Reconcile, rule.Outlier, rule.Distribution, rule.ConstantOrEmpty, rule.SQL, rule.SQLValue, rule.Freshness:
	}
	text := "select *\nfrom " + quote.Table(t.Schema, t.Name) + " as hier"
	if len(conditions) > 0 {
		text += "\nwhere " + strings.Join(conditions, "\n    and ")
	}
	return text + qualify
}

// namesRows reports whether single rows can break the rule, so that a verdict can list them.
func namesRows(r rule.Rule) bool {
	switch r.Kind {
	case rule.NotNull, rule.NotEmpty, rule.Unique, rule.AcceptedValues, rule.Range, rule.Pattern, rule.Length, rule.Relationship, rule.Share, rule.SQL:
		return true
	case rule.SumMatches:
		return r.Total == nil
	default:
		return false
	}
}

// Keys returns the SELECT of groups and keys of failing rows, all VARCHAR, ordered by key, at most 100
// for each group; "" if no single row can break the rule or key is empty. [KeysByGroup] reads it.
func Keys(r rule.Rule, t rule.Table, key []string) string {
	if len(key) == 0 || !namesRows(r) {
		return ""
	}
	from := r.Select
	if from == "" {
		from = failing(r, t, nil)
	}
	by := quote.List(key)
	var inner []string
	for i, column := range r.Per {
		inner = append(inner, group(column)+" as "+groupAlias(i))
	}
	outer := groupAliases(r)
	for _, column := range key {
		inner = append(inner, quote.Ident(column))
		outer = append(outer, "cast("+quote.Ident(column)+" as varchar)")
	}
	over := "order by " + by
	if len(r.Per) > 0 {
		over = "partition by " + quote.Join(r.Per, ", ", group) + " " + over
	}
	return "select " + strings.Join(outer, ", ") + "\nfrom (\nselect " + strings.Join(inner, ", ") + ", row_number() over (" + over + ") as \"nummer van de rij\"\nfrom (\n" +
		from + "\n) as fout\n) as sleutels\nwhere \"nummer van de rij\" <= " + maxKeys + "\norder by \"nummer van de rij\", " + strings.Join(outer, ", ")
}

// KeysByGroup splits the result of the SELECT of [Keys] by group.
func KeysByGroup(r rule.Rule, rows [][]*string) map[string][][]*string {
	keys := map[string][][]*string{}
	for _, row := range rows {
		values := make([]string, len(r.Per))
		for i := range values {
			values[i] = *row[i]
		}
		name := groupName(values)
		keys[name] = append(keys[name], row[len(r.Per):])
	}
	return keys
}

// badRow returns the condition that a single bad row meets. Except for not_null, it is NULL where a
// tested value is NULL. It panics for kinds that no single row can break.
func badRow(t rule.Table, r rule.Rule) string {
	switch r.Kind {
	case rule.NotNull:
		return anyColumn(r, func(column string) string { return column + " is null" })
	case rule.NotEmpty:
		return anyColumn(r, func(column string) string { return "trim(" + column + ", " + quote.Literal(blanks) + ") = ''" })
	case rule.AcceptedValues:
		return "(" + quote.Ident(r.Columns[0]) + " not in (" + quote.Join(r.Values, ", ", quote.Literal) + "))"
	case rule.Range:
		return outOfBounds(r, quote.Ident(r.Columns[0]))
	case rule.Length:
		return outOfBounds(r, "length("+quote.Ident(r.Columns[0])+")")
	case rule.Pattern:
		return "(not regexp_full_match(" + quote.Ident(r.Columns[0]) + ", " + quote.Literal(r.Matches) + "))"
	case rule.SumMatches:
		sum := quote.Join(r.Columns, " + ", func(c string) string { return wide(t, c) })
		return "(" + sum + " <> " + wide(t, r.Equals) + ")"
	default:
		panic("no single row breaks a rule of kind " + string(r.Kind))
	}
}

// blanks are the characters that a blank text consists of.
const blanks = " \t\r\n\v\f\u00a0"

// anyColumn joins a condition on each column of the rule.
func anyColumn(r rule.Rule, condition func(column string) string) string {
	return "(" + quote.Join(r.Columns, " or ", func(c string) string { return condition(quote.Ident(c)) }) + ")"
}

func outOfBounds(r rule.Rule, column string) string {
	var conditions []string
	if r.Min != "" {
		conditions = append(conditions, column+" < "+boundLiteral(r.Min))
	}
	if r.Max != "" {
		conditions = append(conditions, column+" > "+boundLiteral(r.Max))
	}
	return "(" + strings.Join(conditions, " or ") + ")"
}

func boundLiteral(text string) string {
	if rule.IsDate(text) {
		return "date " + quote.Literal(text)
	}
	return text
}

// wide returns a column as an expression that adds up without overflow.
func wide(t rule.Table, column string) string {
	if c, ok := t.Column(column); ok && strings.Contains(strings.ToUpper(c.Type), "INT") {
		return "cast(" + quote.Ident(column) + " as hugeint)"
	}
	return quote.Ident(column)
}
