package lake

import (
	"fmt"
	"strings"

	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// Reasons for quarantine, as suppliers read them.
const (
	reasonRequired  = "verplicht veld is leeg"
	reasonDuplicate = "sleutel komt vaker voor"
	reasonBSNText   = "BSN in verkeerde kolom"
	reasonElfproef  = "BSN voldoet niet aan de elfproef"
)

// structureReasons are the reasons of faults in the structure of a record, by their number in the stream.
var structureReasons = []string{
	1: "ander aantal velden dan de kopregel",
	2: "aanhalingstekens kloppen niet",
	3: "tekens zijn niet te lezen",
	4: "record is te lang",
	5: "record is geen geldig JSON-object",
	6: "een veld bevat een fout, een lijst of een object in plaats van een waarde",
}

// A loadStatement casts and judges the records of a stream in one SELECT. Each of its three levels is a
// subquery that adds columns to the one below: the text in a standard notation (n), the value (v), and the
// faults. It only computes faults for records in which a cheap condition finds one.
type loadStatement struct {
	contract *contract.Contract
	absent   []bool   // by column: not in the delivery
	cells    []string // by column: the letters of its column in a sheet, or ""
}

// position returns SQL for the position of a field: the column name, in a sheet with the cell.
func (l loadStatement) position(i int, c contract.Column) string {
	if l.cells[i] == "" {
		return quote.Literal(c.Name)
	}
	return quote.Literal(c.Name+" (cel "+l.cells[i]) + " || regel || ')'"
}

// sql returns the SELECT of regel, the columns of the contract, and three columns about the record:
// _hersteld (0 as delivered, 1 BSN repaired, 2 leading zero restored), _verdacht (nine-digit numbers in
// columns of text and numbers, as pseudonyms) and _fouten (its faults, or NULL).
func (l loadStatement) sql(stream string) string {
	var notation, value, names, faults, bad, suspects, suspect []string
	repaired := "0::utinyint"
	faults = append(faults, l.structureFault())
	bad = append(bad, "fout <> 0")
	for i, c := range l.contract.Columns {
		n, v, r := l.column(i, c)
		if n != "" {
			notation = append(notation, fmt.Sprintf("%s as n%d", n, i))
		}
		value = append(value, fmt.Sprintf("%s as v%d", v, i))
		names = append(names, fmt.Sprintf("v%d as %s", i, quote.Ident(c.As)))
		bad = append(bad, l.faultConditions(i, c)...)
		faults = append(faults, fmt.Sprintf("{'kolom': %s, 'reden': %s, 'waarde': %s}", l.position(i, c), r, maskedValue(i, c)))
		switch c.Type {
		case contract.BSN:
			repaired = fmt.Sprintf("case c%d[1] when '1' then 1 when '2' then 2 else 0 end::utinyint", i)
		case contract.Text:
			text := fmt.Sprintf("c%d", i)
			suspect = append(suspect, hasNineDigits(text))
			suspects = append(suspects, l.persons(text, hasNineDigits(text), i, c))
		case contract.Integer, contract.Decimal:
			// A number may be a BSN too, if it is loaded.
			text := fmt.Sprintf("replace(c%d, '.', '')", i)
			condition := fmt.Sprintf("(v%d is not null and length(c%d) >= 9 and %s)", i, i, hasNineDigits(text))
			suspect = append(suspect, condition)
			suspects = append(suspects, l.persons(text, condition, i, c))
		case contract.Date, contract.JaNee, contract.Code:
			// nothing is repaired, and the value cannot be a BSN
		}
	}
	verdacht := "null::struct(kolom varchar, lengte bigint, personen varchar[])[]"
	if len(suspects) > 0 {
		verdacht = fmt.Sprintf("case when %s then list_filter([%s], lambda_x -> lambda_x is not null) end", strings.Join(suspect, " or "), strings.Join(suspects, ", "))
	}
	level := func(columns []string, from string) string {
		if len(columns) == 0 {
			return from
		}
		return "(select *, " + strings.Join(columns, ", ") + " from " + from + ")"
	}
	from := level(value, level(notation, stream))
	return fmt.Sprintf("select regel, %s, %s as _hersteld, %s as _verdacht, case when %s then nullif(list_filter([%s], lambda_x -> lambda_x.reden is not null), []) end as _fouten from %s",
		strings.Join(names, ", "), repaired, verdacht, strings.Join(bad, " or "), strings.Join(faults, ", "), from)
}

// faultConditions returns conditions of which at least one is true if a column has a fault. One is also true
// for a date of zeros, which is valid.
func (l loadStatement) faultConditions(i int, c contract.Column) []string {
	var conditions []string
	switch {
	case l.absent[i]:
		return nil
	case c.Required:
		conditions = append(conditions, fmt.Sprintf("v%d is null", i))
	case c.Type != contract.Text:
		conditions = append(conditions, fmt.Sprintf("(v%d is null and c%d is not null)", i, i))
	}
	if c.Min != nil {
		conditions = append(conditions, outOfRange(i, c, "<", *c.Min))
	}
	if c.Max != nil {
		conditions = append(conditions, outOfRange(i, c, ">", *c.Max))
	}
	return conditions
}

// hasNineDigits returns SQL for whether a text has nine digits in a row.
func hasNineDigits(text string) string {
	return fmt.Sprintf(`case when strlen(%[1]s) >= 9 then regexp_matches(%[1]s, '\d{9}') else false end`, text)
}

// persons returns SQL for the pseudonyms of the nine-digit numbers in the text of a column.
func (l loadStatement) persons(text, condition string, i int, c contract.Column) string {
	return fmt.Sprintf("case when %s then {'kolom': %s, 'lengte': length(c%d), "+
		"'personen': list_transform(list_filter(regexp_extract_all(%s, '\\d+'), lambda_x -> length(lambda_x) = 9), lambda_x -> bsn_judge(lambda_x)[2:])} end",
		condition, l.position(i, c), i, text)
}

// structureFault returns SQL for the fault in the structure of a record, or NULL.
func (l loadStatement) structureFault() string {
	var b strings.Builder
	b.WriteString("case fout")
	for n, reason := range structureReasons {
		if reason != "" {
			fmt.Fprintf(&b, " when %d then {'kolom': null::varchar, 'reden': %s, 'waarde': null::varchar}", n, quote.Literal(reason))
		}
	}
	b.WriteString(" end")
	return b.String()
}

// maskedValue returns SQL for the value of a faulty field that quarantine may show: only the length of a BSN or
// free text. bsn_mask does the same for other values that may contain a BSN.
func maskedValue(i int, c contract.Column) string {
	switch c.Type {
	case contract.BSN:
		return fmt.Sprintf("c%d[2:] || ' tekens'", i)
	case contract.Text:
		return fmt.Sprintf("length(c%d) || ' tekens'", i)
	case contract.Integer, contract.Decimal, contract.Date, contract.JaNee, contract.Code:
	}
	return fmt.Sprintf("bsn_mask(c%d)", i)
}

// column returns the expressions of a column: notation (or ""), value and reason.
func (l loadStatement) column(i int, c contract.Column) (n, v, r string) {
	text := fmt.Sprintf("c%d", i)
	var why string // reason if there is text but no value
	switch c.Type {
	case contract.Text:
		v, why = text, "null"
		if c.Upper {
			v = "upper(" + text + ")"
		}
	case contract.BSN:
		// The stream has judgements: a status, followed by a pseudonym or a length.
		v = fmt.Sprintf("case when %[1]s[1] <= '2' then %[1]s[2:] end", text)
		why = fmt.Sprintf("case %s[1] when 'a' then 'BSN heeft geen 9 cijfers' when 'b' then 'BSN bestaat uit nullen' else %s end", text, quote.Literal(reasonElfproef))
	case contract.JaNee:
		v = fmt.Sprintf("case when upper(%s) in (%s) then true when upper(%s) in (%s) then false end", text, UpperLiterals([]string{"J", "JA"}, c.Ja), text, UpperLiterals([]string{"N", "NEE"}, c.Nee))
		why = quote.Literal("geen J of N")
	case contract.Code:
		v = fmt.Sprintf("case when upper(%s) in (%s) then upper(%s) end", text, UpperLiterals(c.Values), text)
		why = quote.Literal("onbekende code")
	case contract.Date:
		n, v, why = date(i)
	case contract.Decimal:
		n = decimalNotation(text)
		v = fmt.Sprintf("try_cast(n%d as decimal(18, 6))", i)
		why = fmt.Sprintf("case when n%d is not null then 'getal is te groot' when %s then 'getal is dubbelzinnig: punt voor duizendtallen of komma?' else 'geen getal' end", i, ambiguous(text))
	case contract.Integer:
		n = decimalNotation(text)
		v = fmt.Sprintf("case when not contains(n%[1]d, '.') then try_cast(n%[1]d as bigint) when regexp_full_match(n%[1]d, '-?\\d+\\.0+') then try_cast(split_part(n%[1]d, '.', 1) as bigint) end", i)
		why = fmt.Sprintf("case when %s then 'getal is dubbelzinnig: punt voor duizendtallen of komma?' when n%d is null then 'geen getal' when regexp_full_match(n%d, '-?\\d+(\\.0+)?') then 'getal is te groot' else 'geen heel getal' end", ambiguous(text), i, i)
	default:
		panic("contract with an unknown column type: " + string(c.Type))
	}
	r = l.reason(i, c, why)
	return n, v, r
}

// reason returns SQL for the reason of a fault, NULL for a valid field. A date of zeros counts as empty.
func (l loadStatement) reason(i int, c contract.Column, why string) string {
	var b strings.Builder
	b.WriteString("case when fout <> 0 then null")
	empty := fmt.Sprintf("c%d is null", i)
	if c.Type == contract.Date {
		empty = fmt.Sprintf("(c%d is null or n%d = '0000-00-00')", i, i)
	}
	if c.Required && !l.absent[i] {
		fmt.Fprintf(&b, " when %s then %s", empty, quote.Literal(reasonRequired))
	} else {
		fmt.Fprintf(&b, " when %s then null", empty)
	}
	if c.Type != contract.Text {
		fmt.Fprintf(&b, " when v%d is null then %s", i, why)
	}
	if c.Min != nil {
		fmt.Fprintf(&b, " when %s then %s", outOfRange(i, c, "<", *c.Min), quote.Literal("kleiner dan "+*c.Min))
	}
	if c.Max != nil {
		fmt.Fprintf(&b, " when %s then %s", outOfRange(i, c, ">", *c.Max), quote.Literal("groter dan "+*c.Max))
	}
	b.WriteString(" end")
	return b.String()
}

// outOfRange returns SQL for whether a number is on the wrong side of a bound. If the value equals the bound
// after rounding, the text decides.
func outOfRange(i int, c contract.Column, side, bound string) string {
	if c.Type == contract.Integer {
		return fmt.Sprintf("v%d %s %s", i, side, bound)
	}
	return fmt.Sprintf("(v%[1]d %[2]s %[3]s or v%[1]d = %[3]s and try_cast(n%[1]d as decimal(38, 24)) %[2]s %[3]s)", i, side, bound)
}

// date converts the three notations to jjjj-mm-dd, and eight zeros to 0000-00-00.
func date(i int) (n, v, why string) {
	// The time of midnight after a date is dropped; a field of at most ten characters has none.
	d := fmt.Sprintf(`regexp_replace(c%d, '[ T]+00:00(:00)?$', '')`, i)
	notations := func(d string) string {
		return fmt.Sprintf(`when regexp_full_match(%[1]s, '\d{4}-\d{2}-\d{2}') then case when %[1]s = '0000-00-00' then '0000-00-0' else %[1]s end `+
			`when regexp_full_match(%[1]s, '\d{8}') then %[1]s[1:4] || '-' || %[1]s[5:6] || '-' || %[1]s[7:8] `+
			`when regexp_full_match(%[1]s, '\d{1,2}-\d{1,2}-\d{4}') then split_part(%[1]s, '-', 3) || '-' || lpad(split_part(%[1]s, '-', 2), 2, '0') || '-' || lpad(split_part(%[1]s, '-', 1), 2, '0') || `+
			`(case when regexp_full_match(%[1]s, '0{1,2}-0{1,2}-0000') then '0' else '' end) `, d)
	}
	field := fmt.Sprintf("c%d", i)
	n = fmt.Sprintf(`case when length(%[1]s) > 10 then case %[2]s end `+
		`when regexp_full_match(%[1]s, '\d{2}-\d{2}-\d{4}') and %[1]s <> '00-00-0000' then %[1]s[7:10] || '-' || %[1]s[4:5] || '-' || %[1]s[1:2] %[3]s end`,
		field, notations(d), notations(field))
	// Zeros in the notations with dashes are a partly unknown date. Their length distinguishes them from
	// eight zeros, which are an empty date.
	v = fmt.Sprintf("case when n%[1]d >= '0001' and length(n%[1]d) = 10 then try_cast(n%[1]d as date) end", i)
	why = fmt.Sprintf(`case when n%[1]d is null then 'geen datum' when regexp_matches(n%[1]d, '^0000|-00') then 'datum deels onbekend' else 'datum bestaat niet' end`, i)
	return n, v, why
}

// decimalNotation returns SQL that converts a Dutch or plain number to digits with a point, or NULL.
func decimalNotation(text string) string {
	return fmt.Sprintf(`case when regexp_full_match(%[1]s, '-?\d+') then %[1]s `+
		`when regexp_full_match(%[1]s, '-?\d+,\d+') then replace(%[1]s, ',', '.') `+
		`when regexp_full_match(%[1]s, '-?\d{1,3}(\.\d{3})+,\d+') then replace(replace(%[1]s, '.', ''), ',', '.') `+
		`when regexp_full_match(%[1]s, '-?\d{1,3}(\.\d{3}){2,}') then replace(%[1]s, '.', '') `+
		`when regexp_full_match(%[1]s, '-?\d+\.\d+') and not %[2]s then %[1]s end`, text, ambiguous(text))
}

// ambiguous returns SQL for whether a number has one point, three digits after it and not only zeros before.
func ambiguous(text string) string {
	return fmt.Sprintf(`regexp_full_match(%s, '-?0*[1-9]\d*\.\d{3}')`, text)
}

// UpperLiterals returns the values of lists as upper-case SQL literals, separated by commas.
func UpperLiterals(lists ...[]string) string {
	var out []string
	for _, list := range lists {
		for _, v := range list {
			out = append(out, quote.Literal(strings.ToUpper(v)))
		}
	}
	return strings.Join(out, ", ")
}
