package judge

import (
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/sql/quote"
)

// badRow returns the condition that a single bad row meets. Except for not_null, it is NULL where a
// tested value is NULL. It panics for kinds that no single row can break.
func badRow(t rule.Table, r rule.Rule) string {
	switch r.Kind {
	case rule.NotNull:
		return anyColumn(r, func(column string) string { return column + " is null" })
	case rule.NotEmpty:
		return anyColumn(r, func(column string) string { return "trim(" + column + ", " + quote.Literal(blanks) + ") = ''" })
	case rule.AcceptedValues:
		return notAccepted(r)
	case rule.Range:
		return outOfBounds(r, quote.Ident(r.Columns[0]))
	case rule.Length:
		return outOfBounds(r, "length("+quote.Ident(r.Columns[0])+")")
	case rule.Pattern:
		return "(not regexp_full_match(" + quote.Ident(r.Columns[0]) + ", " + quote.Literal(r.Matches) + "))"
	case rule.SumMatches:
		return sumDiffers(t, r)
	default:
		panic("no single row breaks a rule of kind " + string(r.Kind))
	}
}

// blanks are the characters that a blank text consists of.
const blanks = " \t\r\n\v\f\u00a0"

// anyColumn joins a condition on each column of the rule.
func anyColumn(r rule.Rule, condition func(column string) string) string {
	conditions := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		conditions[i] = condition(quote.Ident(c))
	}
	return "(" + strings.Join(conditions, " or ") + ")"
}

func notAccepted(r rule.Rule) string {
	values := make([]string, len(r.Values))
	for i, v := range r.Values {
		values[i] = quote.Literal(v)
	}
	return "(" + quote.Ident(r.Columns[0]) + " not in (" + strings.Join(values, ", ") + "))"
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

func sumDiffers(t rule.Table, r rule.Rule) string {
	terms := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		terms[i] = wide(t, c)
	}
	return "(" + strings.Join(terms, " + ") + " <> " + wide(t, r.Equals) + ")"
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
