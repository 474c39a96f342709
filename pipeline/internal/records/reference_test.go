package records

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
)

// The reference reads a file character by character, straight from the rules, without any attempt to be
// fast. It shares only types with the reader.

type refRecord struct {
	regel  int64
	raw    string
	fields []string
	fault  Fault
	blank  bool
}

type refResult struct {
	rows    []refRow
	header  Header
	balance Balance
}

type refRow struct {
	Regel  int64
	Fault  Fault
	Values []string // "-" for none, "=" before a value
}

func refSplit(cs []refChar, d Dialect, limit int) []refRecord {
	var out []refRecord
	line := int64(1)
	isEnd := func(i int) bool { return cs[i].r == '\n' || cs[i].r == '\r' }
	for p := 0; p < len(cs); {
		rec := refRecord{regel: line}
		const (
			fieldStart = iota
			unquoted
			quoted
			afterQuote
		)
		state, i, length := fieldStart, p, 0
		var field []byte
		fault, escaped := NoFault, false
	scan:
		for ; i < len(cs); i++ {
			c := cs[i]
			over := length+c.size > limit
			end := isEnd(i)
			isQuote, isSep := c.r == rune(d.Quote), c.r == rune(d.Separator)
			switch state {
			case quoted:
				switch {
				case over:
					fault = Quoting
					break scan
				case escaped:
					field, escaped = append(field, refText(cs[i:i+1])...), false
				case d.Escape != 0 && c.r == rune(d.Escape):
					escaped = true
				case isQuote:
					state = afterQuote
				default:
					field = append(field, refText(cs[i:i+1])...)
				}
			case afterQuote:
				switch {
				case end:
					break scan
				case isQuote && !over:
					field = append(field, d.Quote)
					state = quoted
				case isSep && over:
					fault = TooLong
					break scan
				case isSep:
					rec.fields = append(rec.fields, string(field))
					field, state = nil, fieldStart
				default:
					fault = Quoting
					break scan
				}
			default:
				switch {
				case end && length <= limit:
					break scan
				case over:
					fault = TooLong
					break scan
				case isSep:
					rec.fields = append(rec.fields, string(field))
					field, state = nil, fieldStart
				case isQuote && state == fieldStart:
					state = quoted
				default:
					field = append(field, refText(cs[i:i+1])...)
					state = unquoted
				}
			}
			length += c.size
		}
		if i == len(cs) && state == quoted {
			fault = Quoting
		}
		rec.fields = append(rec.fields, string(field))
		switch fault {
		case NoFault, FieldCount, Bytes, Syntax, NoValue: // ends at its own line end
		case Quoting:
			for i = p; i < len(cs) && !isEnd(i); i++ {
			}
		case TooLong:
			for ; i < len(cs) && !isEnd(i); i++ {
			}
		}
		rec.raw = refText(cs[p:i])
		if len(rec.raw) > limit {
			rec.raw, rec.fault = rec.raw[:min(limit, 4096)], fault
		}
		rec.fault = fault
		for _, c := range cs[p:i] {
			if c.bad {
				rec.fault = Bytes
			}
		}
		if rec.fault != NoFault {
			rec.fields = nil
		}
		rec.blank = rec.fault == NoFault && strings.TrimSpace(strings.Join(rec.fields, "")) == ""
		out = append(out, rec)
		// Count the physical lines from p up to and including the line end at i.
		if i < len(cs) {
			if cs[i].r == '\r' && i+1 < len(cs) && cs[i+1].r == '\n' {
				i++
			}
			i++
		}
		text := strings.ReplaceAll(refText(cs[p:i]), "\r\n", "\n")
		line += int64(strings.Count(text, "\n") + strings.Count(text, "\r"))
		p = i
	}
	return out
}

func refHeader(rec refRecord, columns []Column) (Header, bool) {
	h := Header{Found: true, Regel: rec.regel, Fields: len(rec.fields)}
	index := map[int]int{} // column -> field
	owner := map[int]int{} // field -> column
	same := func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }
	pick := func(c int, names []string) {
		for f, name := range rec.fields {
			for _, n := range names {
				if _, had := index[c]; had {
					return
				}
				if _, taken := owner[f]; !taken && same(n, name) {
					index[c], owner[f] = f, c
				}
			}
		}
	}
	for c := range columns {
		pick(c, []string{columns[c].Name})
	}
	byName := maps.Clone(index)
	for c := range columns {
		pick(c, columns[c].Aliases)
	}
	for f, name := range rec.fields {
		if c, taken := owner[f]; taken {
			if _, had := byName[c]; !had {
				h.Renamed = append(h.Renamed, strings.TrimSpace(name)+" ("+columns[c].Name+")")
			}
		}
	}
	required, found, last := 0, 0, -1
	for c, col := range columns {
		f, ok := index[c]
		if !ok {
			f = -1
		}
		h.Index = append(h.Index, f)
		if col.Required {
			required++
		}
		switch {
		case ok && col.Required:
			found++
		case ok:
		case col.Required:
			h.Missing = append(h.Missing, col.Name)
		default:
			h.Absent = append(h.Absent, col.Name)
		}
		if ok && f < last {
			h.Reordered = true
		}
		last = max(last, f)
	}
	if len(index) == 0 || float64(found) < float64(required)/2 {
		return Header{}, false
	}
	noted := map[string]bool{}
	for f, name := range rec.fields {
		name = strings.TrimSpace(name)
		if _, taken := owner[f]; taken || name == "" || noted[strings.ToLower(name)] {
			continue
		}
		noted[strings.ToLower(name)] = true
		known := false
		for _, c := range columns {
			for _, n := range append([]string{c.Name}, c.Aliases...) {
				known = known || same(n, name)
			}
		}
		if known {
			h.Repeated = append(h.Repeated, name)
		} else {
			h.Unknown = append(h.Unknown, name)
		}
	}
	return h, true
}

var (
	refNumber = regexp.MustCompile(`\d+(?:[.,]\d+)*`)
	refWhole  = regexp.MustCompile(`^(?:\d{1,3}(?:\.\d{3})+|\d+)$`)
)

func refCount(text string) *int64 {
	for _, token := range refNumber.FindAllString(text, -1) {
		if refWhole.MatchString(token) {
			if n, err := strconv.ParseInt(strings.ReplaceAll(token, ".", ""), 10, 64); err == nil {
				return &n
			}
		}
	}
	return nil
}

func refRead(data []byte, enc Encoding, d Dialect, columns []Column, limit int) refResult {
	return refResultOf(refSplit(refDecode(enc, data), d, limit), d, columns, refHeader)
}

// refReadDouble looks for the header over two records only.
func refReadDouble(data []byte, enc Encoding, d Dialect, columns []Column, limit int) refResult {
	var above refRecord
	first := true
	return refResultOf(refSplit(refDecode(enc, data), d, limit), d, columns, func(rec refRecord, columns []Column) (Header, bool) {
		both := refRecord{regel: above.regel}
		for f := range max(len(above.fields), len(rec.fields)) {
			var names []string
			for _, r := range []refRecord{above, rec} {
				if f < len(r.fields) {
					names = append(names, strings.TrimSpace(r.fields[f]))
				}
			}
			both.fields = append(both.fields, strings.TrimSpace(strings.Join(names, " ")))
		}
		h, ok := refHeader(both, columns)
		ok = ok && !first && above.fault == NoFault
		above, first = rec, false
		if !ok {
			return Header{}, false
		}
		h.Second = rec.regel
		return h, true
	})
}

func refResultOf(recs []refRecord, d Dialect, columns []Column, header func(refRecord, []Column) (Header, bool)) refResult {
	var res refResult
	res.balance.Records = int64(len(recs))
	for range columns {
		res.header.Index = append(res.header.Index, -1)
	}
	below := len(recs)
	for i, rec := range recs[:min(50, len(recs))] {
		if h, ok := header(rec, columns); ok && rec.fault == NoFault {
			res.header = h
			below = i + 1
			break
		}
	}
	var kept []refRecord
	for _, rec := range recs[below:] {
		if !rec.blank {
			kept = append(kept, rec)
		}
	}
	for i := max(0, len(kept)-5); i < len(kept); i++ {
		sep := string(d.Separator)
		joined := kept[i].raw
		first, _, _ := strings.Cut(joined, sep)
		first = strings.TrimLeft(first, " \t\n\v\f\r\u0085\u00A0\u2003"+string(d.Quote))
		if kept[i].fields != nil {
			joined, first = strings.Join(kept[i].fields, sep), ""
			for _, f := range kept[i].fields {
				if first == "" {
					first = strings.TrimSpace(f)
				}
			}
		}
		if strings.HasPrefix(strings.ToLower(first), "totaal") {
			res.balance.Totaal = &Totaal{Regel: kept[i].regel, Count: refCount(joined)}
			kept = kept[:i]
			break
		}
	}
	for _, rec := range kept {
		row := refRow{Regel: rec.regel, Fault: rec.fault}
		if row.Fault == NoFault && len(rec.fields) != res.header.Fields {
			row.Fault = FieldCount
		}
		for _, f := range res.header.Index {
			v := "-"
			if row.Fault == NoFault && f >= 0 {
				if s := strings.TrimSpace(rec.fields[f]); s != "" {
					v = "=" + s
				}
			}
			row.Values = append(row.Values, v)
		}
		res.rows = append(res.rows, row)
	}
	res.balance.Data = int64(len(kept))
	res.balance.NietData = res.balance.Records - res.balance.Data
	return res
}
