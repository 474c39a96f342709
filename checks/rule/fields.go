package rule

import (
	"math/big"
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
)

func (r reader) missing(what, hint string) { r.fault("", hint, "%s is missing", what) }

// need adds a fault if a key is missing.
func (r reader) need(key, hint string) {
	if !r.Has(key) {
		r.missing(key, hint)
	}
}

func (r reader) required(key, hint string) string {
	r.need(key, hint)
	return r.text(key)
}

func (r reader) column() []string {
	if text := r.required("column", "write the column that is tested"); text != "" {
		return []string{text}
	}
	return nil
}

func (r reader) columns() []string {
	switch {
	case r.Has("column") && r.Has("columns"):
		r.fault("columns", "keep one of them", "both column and columns")
	case r.Has("column"):
		return r.column()
	case r.Has("columns"):
		return r.texts("columns")
	default:
		r.missing("column", "write column: a, or columns: [a, b]")
	}
	return nil
}

func (r reader) expression(key string) string {
	text := r.text(key)
	if text == "" {
		return ""
	}
	if message, hint := ExpressionFault(text); message != "" {
		r.fault(key, hint, "%s has %s", key, message)
	}
	return text
}

func (r reader) requiredExpression(key, hint string) string {
	r.need(key, hint)
	return r.expression(key)
}

func (r reader) minDenominator() *big.Rat {
	n := r.decimal("min_denominator")
	if n != nil && n.Sign() <= 0 {
		r.fault("min_denominator", "write a number above 0; a zero denominator is never judged", "min_denominator is not above 0")
	}
	return n
}

func (r reader) target(key string) Target {
	text := r.required(key, "write "+key+": schema.table(column)")
	m := targetText.FindStringSubmatch(text)
	if m == nil {
		if text != "" {
			r.fault(key, "write schema.table(column)", "%s is %q, not a column of a table", key, text)
		}
		return Target{}
	}
	return Target{Schema: m[1], Table: m[2], Column: m[3]}
}

// otherSide reads what the columns of a sum_matches must add up to.
func (r reader) otherSide(rule *Rule) {
	switch {
	case r.Has("equals") && r.Has("total"):
		r.fault("total", "keep one: equals compares within a row, total compares two tables", "both equals and total")
	case r.Has("equals"):
		rule.Equals = r.text("equals")
	case !r.Has("total"):
		r.missing("equals or total", "write equals: column, or total: {table: …, column: …, on: […]}")
	default:
		if in, ok := r.within("total"); ok {
			rule.Total = in.total("total")
		}
		if len(rule.Columns) > 1 {
			r.fault("columns", "write one column, or a rule for each", "total compares one column")
		}
	}
}

func (r reader) total(what string) *Total {
	r.Unknown([]string{"table", "column", "where", "on"}, " in "+what)
	t := &Total{Where: r.expression("where"), On: r.texts("on")}
	t.Column = r.required("column", "write the column that is summed")
	name := r.required("table", "write table: schema.table")
	if m := schemaTable.FindStringSubmatch(name); m != nil {
		t.Schema, t.Table = m[1], m[2]
	} else if name != "" {
		r.fault("table", "write schema.table", "%q is not a table", name)
	}
	return t
}

// checkPerInOn reports groups by which the other table of a sum_matches or reconcile cannot be split.
func (r reader) checkPerInOn(rule Rule) {
	if rule.Total == nil {
		return
	}
	for _, column := range rule.Per {
		if !slices.Contains(rule.Total.On, column) {
			r.fault("per", "add it to on: both tables are summed by those columns", "per has %q, which is not under on of %s", column, map[bool]string{true: "reference", false: "total"}[rule.Kind == Reconcile])
		}
	}
}

// referenceFigure reads the figure that a reconcile compares with, and the unit of the difference.
func (r reader) referenceFigure(rule *Rule) {
	if !r.Has("reference") {
		r.missing("reference", "write reference: {table: ref.…, column: …, where: …}")
	} else if in, ok := r.within("reference"); ok {
		rule.Total = in.total("reference")
	}
	rule.Percent = true
	switch text := r.text("difference"); text {
	case "", "percent":
	case "absolute":
		rule.Percent = false
	default:
		r.fault("difference", "write percent or absolute", "difference is %q", text)
	}
}

// minRows reads the number of rows from which a column with one value is suspect.
func (r reader) minRows() *big.Rat {
	if !r.Has("min_rows") {
		return big.NewRat(20, 1)
	}
	n := r.decimal("min_rows")
	if n != nil && n.Cmp(big.NewRat(2, 1)) < 0 {
		r.fault("min_rows", "write 2 or more; one row is always one value", "min_rows is below 2")
	}
	return n
}

// regularExpression reads a regular expression in RE2 syntax, which DuckDB uses too.
func (r reader) regularExpression(key string) string {
	text := r.required(key, "write the regular expression that the complete text must match")
	if _, err := regexp.Compile(text); err != nil {
		r.fault(key, "DuckDB and this program read RE2 syntax", "%s is not a regular expression: %v", key, err)
	}
	return text
}

// A reader reads the keys of one mapping of a check file.
type reader struct{ projectfile.Mapping }

// fault adds a fault at the value of a key, or at the mapping itself if key is "".
func (r reader) fault(key, hint, format string, args ...any) {
	at := r.Value
	if key != "" {
		at = r.Get(key)
	}
	r.Fault(at, hint, format, args...)
}

// scalar returns the trimmed text of a scalar, or "" for other values.
func scalar(v *projectfile.Value) string {
	text, _ := v.Scalar()
	if v.Is(projectfile.KindBool) {
		text = strings.ToLower(text)
	}
	return strings.TrimSpace(text)
}

// text returns the text of a scalar. If it is empty or another value, it returns "" and adds a fault.
func (r reader) text(key string) string {
	v := r.Get(key)
	if v == nil {
		return ""
	}
	text := scalar(v)
	if text == "" {
		hint := "give it a value or leave the key out"
		if v.Is(projectfile.KindList, projectfile.KindMapping) {
			hint = "write one value"
		}
		r.fault(key, hint, "%s is %s", key, unlike(v, "one value"))
	}
	return text
}

// texts returns the texts of a list, or of a scalar as a list of one. Repeated texts are a fault.
func (r reader) texts(key string) []string {
	v := r.Get(key)
	if v == nil {
		return nil
	}
	if _, single := v.Scalar(); single {
		return []string{r.text(key)}
	}
	if len(v.Items) == 0 {
		r.fault(key, "write a list such as [a, b]", "%s is %s", key, unlike(v, "a list"))
	}
	var out []string
	seen := map[string]bool{}
	for _, item := range v.Items {
		switch text := scalar(item); {
		case text == "":
			r.Fault(item, "write a list of texts", "%s contains %s", key, unlike(item, "a text"))
		case seen[text]:
			r.Fault(item, "write it once", "%s contains %q twice", key, text)
		default:
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

// within returns a reader of the mapping under a key. If it is not a mapping, it adds a fault and
// returns false.
func (r reader) within(key string) (reader, bool) {
	v := r.Get(key)
	if len(v.Keys) == 0 {
		r.fault(key, "write keys under it, such as {below: 25}", "%s is %s", key, unlike(v, "a mapping"))
		return reader{}, false
	}
	return reader{r.In(v)}, true
}

// unlike describes a value that is empty or not of the wanted kind; nil is an empty file.
func unlike(v *projectfile.Value, want string) string {
	switch {
	case v.Is(projectfile.KindMapping) && len(v.Keys) == 0, v.Is(projectfile.KindList) && len(v.Items) == 0:
		return "an empty " + strings.TrimPrefix(string(v.Kind), "a ")
	case v.Is(projectfile.KindMapping, projectfile.KindList):
		return string(v.Kind) + ", not " + want
	case scalar(v) == "":
		return "empty"
	}
	return "text, not " + want
}
