package pipeline

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
)

// The reference loads a whole file in the simplest way, in plain Go, as the rules for deliveries are
// told. It shares nothing with the load but the contract and the types of the outcome.

// loadNull stands for NULL in rows.
const loadNull = "\x00NULL"

// A loadOutcome is all that a load makes of a file.
type loadOutcome struct {
	Rows       [][]string // lake: regel, the columns of the contract, _hersteld
	Quarantine [][]string // regel, kolom, reden, waarde
	Load       lake.Load
	persons    map[string]string // pseudonym to BSN, of every person in the file
}

type refRow struct {
	refRecord
	values   []string // loadNull where there is none
	person   string
	hersteld string
	faults   [][]string
}

func refLoad(c *contract.Contract, data, secret []byte) *loadOutcome {
	out := &loadOutcome{persons: map[string]string{}}
	l := &out.Load
	text := refDecode(data, c.Format.Encoding)
	d := refDialect(c, text)
	recs := refRecords(text, d)
	l.Balance.Records = int64(len(recs))
	head := recs
	if d.double {
		head = refPairs(recs)
	}
	index, at := refHeader(c, head, &l.Header)
	if at >= 0 && d.double {
		l.Header.Second = recs[at].regel
	}
	if at < 0 {
		l.Balance.NietData = l.Balance.Records
		refJudge(c, l)
		return out
	}
	rows := refData(recs[at+1:], d, l)
	l.Balance.NietData = l.Balance.Records - int64(len(rows))
	for i := range rows {
		r := &rows[i]
		r.hersteld = "0"
		if r.fault == "" && len(r.fields) != l.Header.Fields {
			r.fault = "ander aantal velden dan de kopregel"
		}
		if r.fault != "" {
			r.fault0(r.fault)
			continue
		}
		for j, col := range c.Columns {
			r.column(col, index[j])
		}
		if r.person != "" {
			out.persons[refPseudonym(secret, r.person)] = r.person
		}
	}
	known := map[string]bool{}
	for _, bsn := range out.persons {
		known[bsn] = true
	}
	for i := range rows {
		rows[i].strangers(c, index, known)
	}
	refKeys(c, index, rows, l)
	for _, r := range rows {
		if len(r.faults) > 0 {
			l.Balance.InQuarantaine++
			out.Quarantine = append(out.Quarantine, r.faults...)
			if slices.ContainsFunc(r.faults, func(f []string) bool { return f[2] == "BSN voldoet niet aan de elfproef" }) {
				l.Elfproef++
			}
			continue
		}
		l.Balance.Geladen++
		switch r.hersteld {
		case "2":
			l.Balance.Voorloopnul++
			l.Balance.Hersteld++
		case "1":
			l.Balance.Hersteld++
		}
		row := []string{strconv.FormatInt(r.regel, 10)}
		for j, col := range c.Columns {
			if col.Type == contract.BSN && r.values[j] != loadNull {
				r.values[j] = refPseudonym(secret, r.values[j])
			}
			row = append(row, r.values[j])
		}
		out.Rows = append(out.Rows, append(row, r.hersteld))
	}
	slices.SortFunc(out.Quarantine, refOrder)
	refJudge(c, l)
	return out
}

// refOrder orders quarantine: line by number, then column, reason and value, NULL last.
func refOrder(a, b []string) int {
	n, _ := strconv.Atoi(a[0])
	m, _ := strconv.Atoi(b[0])
	last := func(s string) string { return strings.Replace(s, loadNull, "\U0010FFFF", 1) }
	return cmp.Or(cmp.Compare(n, m), cmp.Compare(last(a[1]), last(b[1])), cmp.Compare(a[2], b[2]), cmp.Compare(last(a[3]), last(b[3])))
}

func refPseudonym(secret []byte, bsn string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(bsn))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// refHeader finds the header among the first 50 records, or -1.
func refHeader(c *contract.Contract, recs []refRecord, h *records.Header) (index []int, at int) {
	same := func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }
	for at, rec := range recs[:min(50, len(recs))] {
		index = make([]int, len(c.Columns))
		taken := map[int]bool{}
		for j := range index {
			index[j] = -1
		}
		for _, byAlias := range []bool{false, true} {
			for j, col := range c.Columns {
				names := []string{col.Name}
				if byAlias {
					names = col.Aliases
				}
				for f := range rec.fields {
					if index[j] < 0 && !taken[f] && slices.ContainsFunc(names, func(n string) bool { return same(n, rec.fields[f]) }) {
						index[j], taken[f] = f, true
					}
				}
			}
		}
		required, found := 0, 0
		var missing []string
		for j, col := range c.Columns {
			if !col.Required {
				continue
			}
			required++
			if index[j] >= 0 {
				found++
			} else {
				missing = append(missing, col.Name)
			}
		}
		if rec.fault == "" && len(taken) > 0 && float64(found) >= float64(required)/2 {
			h.Found, h.Regel, h.Fields, h.Missing = true, rec.regel, len(rec.fields), missing
			return index, at
		}
	}
	return nil, -1
}

// refPairs makes of each record, but for the first, its texts behind those of the record above it.
func refPairs(recs []refRecord) []refRecord {
	pairs := []refRecord{{fault: "no record above it"}}
	for i := 1; i < min(50, len(recs)); i++ {
		above, below := recs[i-1], recs[i]
		pair := refRecord{regel: above.regel, fault: above.fault + below.fault}
		for f := range max(len(above.fields), len(below.fields)) {
			name := ""
			for _, rec := range []refRecord{above, below} {
				if f < len(rec.fields) {
					name = strings.TrimSpace(name + " " + strings.TrimSpace(rec.fields[f]))
				}
			}
			pair.fields = append(pair.fields, name)
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

// refData leaves out blank records, and the total and what is below it.
func refData(recs []refRecord, d refShape, l *lake.Load) []refRow {
	var rows []refRow
	for _, rec := range recs {
		if rec.fault != "" || strings.TrimSpace(strings.Join(rec.fields, "")) != "" {
			rows = append(rows, refRow{refRecord: rec})
		}
	}
	for i := max(0, len(rows)-5); i < len(rows); i++ {
		fields := rows[i].fields
		if fields == nil {
			fields = strings.Split(rows[i].raw, d.sep)
			fields[0] = strings.TrimLeft(fields[0], " \t\n\v\f\r\u0085\u00A0\u2003"+d.quote)
			if fields[0] == "" {
				continue
			}
		}
		first := ""
		for _, f := range fields {
			if first = strings.TrimSpace(f); first != "" {
				break
			}
		}
		if len(first) < 6 || !strings.EqualFold(first[:6], "totaal") {
			continue
		}
		l.Total = &records.Totaal{Regel: rows[i].regel}
		for _, f := range fields {
			if n, ok := refWhole(f); ok {
				if _, _, reason := refBSN(strconv.FormatInt(n, 10)); reason == "" {
					n = 9999999 // a BSN is no count, and is not kept
				}
				l.Total.Count = &n
				break
			}
		}
		return rows[:i]
	}
	return rows
}

var refTwoSigns = strings.NewReplacer("..", " ", ",,", " ", ".,", " ", ",.", " ")

// refWhole is the first whole number in a text: digits, or groups of three with dots.
func refWhole(text string) (int64, bool) {
	isNumber := func(r rune) bool { return r >= '0' && r <= '9' || r == '.' || r == ',' }
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !isNumber(r) }) {
		for part := range strings.SplitSeq(refTwoSigns.Replace(word), " ") {
			part = strings.Trim(part, ".,")
			groups := strings.Split(part, ".")
			whole := !strings.Contains(part, ",")
			for i, g := range groups {
				whole = whole && g != "" && (i == 0 || len(g) == 3) && (len(groups) == 1 || len(g) <= 3)
			}
			if n, err := strconv.ParseInt(strings.Join(groups, ""), 10, 64); whole && err == nil {
				return n, true
			}
		}
	}
	return 0, false
}

func (r *refRow) fault0(reason string) {
	r.faults = append(r.faults, []string{strconv.FormatInt(r.regel, 10), loadNull, reason, loadNull})
}

func (r *refRow) fail(col contract.Column, reason, value string) {
	r.faults = append(r.faults, []string{strconv.FormatInt(r.regel, 10), col.Name, reason, value})
}

// column judges one field and adds its value.
func (r *refRow) column(col contract.Column, field int) {
	text := ""
	if field >= 0 {
		text = strings.TrimSpace(r.fields[field])
	}
	value, reason := loadNull, ""
	if text != "" {
		value, reason = r.typed(col, text)
	}
	r.values = append(r.values, value)
	switch {
	case reason != "":
		r.fail(col, reason, refMask(col, text))
	case value == loadNull && col.Required && field >= 0:
		shown := loadNull
		if text != "" {
			shown = text
		}
		r.fail(col, "verplicht veld is leeg", shown)
	}
}

func (r *refRow) typed(col contract.Column, text string) (value, reason string) {
	switch col.Type {
	case contract.BSN:
		bsn, hersteld, reason := refBSN(text)
		if reason != "" {
			return loadNull, reason
		}
		r.person, r.hersteld = bsn, hersteld
		return bsn, ""
	case contract.Date:
		return refDate(text)
	case contract.Decimal, contract.Integer:
		return refNumber(col, text)
	case contract.JaNee:
		is := func(list []string) bool {
			return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
		}
		switch {
		case is(append([]string{"j", "ja"}, col.Ja...)):
			return "true", ""
		case is(append([]string{"n", "nee"}, col.Nee...)):
			return "false", ""
		}
		return loadNull, "geen J of N"
	case contract.Code:
		for _, v := range col.Values {
			if strings.EqualFold(v, text) {
				return v, ""
			}
		}
		return loadNull, "onbekende code"
	case contract.Text:
		if col.Upper {
			text = strings.ToUpper(text)
		}
		return text, ""
	}
	panic("a column type without a rule: " + string(col.Type))
}

func refDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

var refBare = strings.NewReplacer(" ", "", ".", "")

func refBSN(text string) (bsn, hersteld, reason string) {
	bsn = refBare.Replace(text)
	hersteld = "0"
	if bsn != text {
		hersteld = "1"
	}
	if len(bsn) == 8 {
		bsn, hersteld = "0"+bsn, "2"
	}
	if len(bsn) != 9 || !refDigits(bsn) {
		return "", "", "BSN heeft geen 9 cijfers"
	}
	if bsn == "000000000" {
		return "", "", "BSN bestaat uit nullen"
	}
	if !refElfproef(bsn) {
		return "", "", "BSN voldoet niet aan de elfproef"
	}
	return bsn, hersteld, ""
}

func refElfproef(bsn string) bool {
	sum := 0
	for i, weight := range []int{9, 8, 7, 6, 5, 4, 3, 2, -1} {
		sum += weight * int(bsn[i]-'0')
	}
	return sum%11 == 0
}

func refDate(text string) (value, reason string) {
	for _, midnight := range []string{"00:00", "00:00:00"} {
		if day, found := strings.CutSuffix(text, midnight); found && strings.TrimRight(day, " T") != day {
			text = strings.TrimRight(day, " T")
			break
		}
	}
	var y, m, d string
	parts := strings.Split(text, "-")
	switch {
	case len(text) == 8 && refDigits(text):
		if text == "00000000" {
			return loadNull, ""
		}
		y, m, d = text[:4], text[4:6], text[6:]
	case len(parts) == 3 && len(parts[0]) == 4 && len(parts[1]) == 2 && len(parts[2]) == 2:
		y, m, d = parts[0], parts[1], parts[2]
	case len(parts) == 3 && len(parts[0]) <= 2 && len(parts[1]) <= 2 && len(parts[2]) == 4:
		d, m, y = parts[0], parts[1], parts[2]
	}
	if !refDigits(y) || !refDigits(m) || !refDigits(d) {
		return loadNull, "geen datum"
	}
	n := func(s string) int { i, _ := strconv.Atoi(s); return i }
	if n(y) == 0 || n(m) == 0 || n(d) == 0 {
		return loadNull, "datum deels onbekend"
	}
	t := time.Date(n(y), time.Month(n(m)), n(d), 0, 0, 0, 0, time.UTC)
	if t.Day() != n(d) || int(t.Month()) != n(m) {
		return loadNull, "datum bestaat niet"
	}
	return t.Format(time.DateOnly), ""
}

func refNumber(col contract.Column, text string) (value, reason string) {
	const doubt = "getal is dubbelzinnig: punt voor duizendtallen of komma?"
	sign, body := "", text
	if strings.HasPrefix(text, "-") {
		sign, body = "-", text[1:]
	}
	whole, fraction, comma := strings.Cut(body, ",")
	groups := strings.Split(whole, ".")
	thousands := len(groups[0]) <= 3
	for _, g := range groups[1:] {
		thousands = thousands && len(g) == 3
	}
	for _, g := range groups {
		if !refDigits(g) {
			return loadNull, "geen getal"
		}
	}
	switch {
	case comma && !refDigits(fraction), comma && len(groups) > 1 && !thousands, len(groups) > 2 && !thousands:
		return loadNull, "geen getal"
	case !comma && len(groups) == 2:
		if len(groups[1]) == 3 && strings.Trim(groups[0], "0") != "" {
			return loadNull, doubt
		}
		whole, fraction = groups[0], groups[1]
	}
	exact, ok := new(big.Rat).SetString(sign + strings.ReplaceAll(whole, ".", "") + "." + fraction + "0")
	if !ok {
		panic("no number: " + text)
	}
	if col.Type == contract.Integer {
		switch {
		case !exact.IsInt():
			return loadNull, "geen heel getal"
		case !exact.Num().IsInt64():
			return loadNull, "getal is te groot"
		}
		value = exact.Num().String()
	} else {
		value = exact.FloatString(6) // half away from zero
		if len(strings.TrimLeft(value, "-")) > 12+1+6 {
			return loadNull, "getal is te groot"
		}
		if strings.Trim(value, "-0.") == "" {
			value = "0.000000"
		}
	}
	bound := func(s string) *big.Rat { b, _ := new(big.Rat).SetString(s); return b }
	if col.Min != nil && exact.Cmp(bound(*col.Min)) < 0 {
		return value, "kleiner dan " + *col.Min
	}
	if col.Max != nil && exact.Cmp(bound(*col.Max)) > 0 {
		return value, "groter dan " + *col.Max
	}
	return value, ""
}

// refMask is a faulty value as quarantine may show it.
func refMask(col contract.Column, text string) string {
	length := fmt.Sprintf("%d tekens", len([]rune(text)))
	if col.Type == contract.BSN || col.Type == contract.Text || len([]rune(text)) > 40 {
		return length
	}
	// All digits that stand together but for one or more of these signs, cut into groups by them.
	parts := strings.FieldsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && !strings.ContainsRune(" .,-/:+eE", r) })
	for _, p := range parts {
		groups := strings.FieldsFunc(p, func(r rune) bool { return strings.ContainsRune(" .,-/:+eE", r) })
		for i := range groups {
			for j := i + 1; j <= len(groups); j++ {
				bsn := strings.Join(groups[i:j], "")
				if len(bsn) == 9 && bsn != "000000000" && refElfproef(bsn) {
					return length
				}
			}
		}
	}
	// Eight digits: a lost zero, when nothing but spaces and dots parts them (a date has dashes).
	parts = strings.FieldsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != ' ' && r != '.' })
	for _, p := range parts {
		groups := strings.FieldsFunc(p, func(r rune) bool { return r == ' ' || r == '.' })
		for i := range groups {
			for j := i + 1; j <= len(groups); j++ {
				bsn := "0" + strings.Join(groups[i:j], "")
				if len(bsn) == 9 && bsn != "000000000" && refElfproef(bsn) {
					return length
				}
			}
		}
	}
	return text
}

// strangers finds BSNs of persons of this delivery where text or a number should be.
func (r *refRow) strangers(c *contract.Contract, index []int, known map[string]bool) {
	if r.fault != "" {
		return
	}
	for j, col := range c.Columns {
		if index[j] < 0 {
			continue
		}
		text := strings.TrimSpace(r.fields[index[j]])
		switch col.Type {
		case contract.Text:
		case contract.Integer, contract.Decimal:
			text = strings.ReplaceAll(text, ".", "")
			if r.values[j] == loadNull {
				continue
			}
		case contract.Date, contract.JaNee, contract.Code, contract.BSN:
			continue
		}
		for _, run := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
			if len(run) == 9 && known[run] {
				r.fail(col, "BSN in verkeerde kolom", fmt.Sprintf("%d tekens", len([]rune(strings.TrimSpace(r.fields[index[j]])))))
				break
			}
		}
	}
}

// refKeys gives the key to the first record without another fault.
func refKeys(c *contract.Contract, index []int, rows []refRow, l *lake.Load) {
	var names []string
	var at []int
	for _, k := range c.Key {
		j := slices.IndexFunc(c.Columns, func(col contract.Column) bool { return col.As == k })
		if index[j] < 0 {
			return
		}
		names, at = append(names, c.Columns[j].Name), append(at, j)
	}
	held := map[string]bool{}
	for i := range rows {
		if len(rows[i].faults) > 0 {
			continue
		}
		key := ""
		for _, j := range at {
			key += fmt.Sprintf("%q,", rows[i].values[j])
		}
		if held[key] {
			rows[i].fail(contract.Column{Name: strings.Join(names, ", ")}, "sleutel komt vaker voor", loadNull)
			l.Duplicates++
		}
		held[key] = true
	}
}

func refJudge(c *contract.Contract, l *lake.Load) {
	b := l.Balance
	data := b.Geladen + b.InQuarantaine
	if !l.Header.Found {
		var names []string
		for _, col := range c.Columns {
			if col.Required {
				names = append(names, col.Name)
			}
		}
		l.Reasons = append(l.Reasons, "geen kopregel gevonden in de eerste 50 records; verwacht: "+strings.Join(names, ", "))
	} else if data == 0 {
		l.Reasons = append(l.Reasons, "geen gegevensregels")
	}
	for _, name := range l.Header.Missing {
		l.Reasons = append(l.Reasons, "verplichte kolom "+name+" ontbreekt")
	}
	over := func(n int64, share *big.Rat, what string) {
		limit := new(big.Rat).Mul(share, big.NewRat(data, 1))
		if n >= c.Limits.Minimum && big.NewRat(n, 1).Cmp(limit) > 0 {
			percent, _ := new(big.Rat).Mul(share, big.NewRat(100, 1)).Float64()
			l.Reasons = append(l.Reasons, fmt.Sprintf("%d van %d %s (grens %s%%)", n, data, what,
				strings.ReplaceAll(strconv.FormatFloat(percent, 'f', -1, 64), ".", ",")))
		}
	}
	over(b.InQuarantaine, c.Limits.Quarantined, "records in quarantaine")
	over(l.Elfproef, c.Limits.Elfproef, "BSN's voldoen niet aan de elfproef")
	l.Accepted = len(l.Reasons) == 0
}
