package demo

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// form is the layout of an extract as text.
type form struct {
	bom, windows1252, crlf bool
	preamble               []string                 // above the header
	blankLine              bool                     // halfway
	total                  func(records int) string // below the records; nil for none
	footnote               []string                 // below the total
}

// faultShare is the minimum number of records per failing record, if there are more than two of those. That
// keeps them under 1% for any letter.
const faultShare = 150

// render returns the bytes of the extract: t with its dirt. spares are unused BSNs.
func (d delivery) render(t table, spares []string) ([]byte, error) {
	t = d.dirt.soil(t, newSpeller(d.notation))
	records := make([]string, len(t.rows))
	for i, row := range t.rows {
		records[i] = record(row)
	}
	records = d.addFaults(records, t, spares)

	lines := append(slices.Clone(d.form.preamble), record(t.header))
	half := len(records) / 2
	lines = append(lines, records[:half]...)
	if d.form.blankLine {
		lines = append(lines, "")
	}
	lines = append(lines, records[half:]...)
	if d.form.total != nil {
		lines = append(lines, d.form.total(len(records)))
		lines = append(lines, d.form.footnote...)
	}
	return d.form.encode(lines)
}

// addFaults spreads the failing records evenly among the others.
func (d delivery) addFaults(records []string, t table, spares []string) []string {
	if len(t.rows) == 0 {
		return records
	}
	faults := d.dirt.faults
	faults = faults[:min(len(faults), max(2, len(t.rows)/faultShare))]
	all := make([]string, 0, len(records)+len(faults))
	done := 0
	for serial, f := range faults {
		at := min((serial+1)*len(t.rows)/(len(faults)+1), len(t.rows)-1)
		all = append(all, records[done:at+1]...)
		done = at + 1
		all = append(all, f.spoil(t, at, serial, spares[serial], peildatumOf(d.quarter).Year()))
	}
	return append(all, records[done:]...)
}

// encode joins the lines and writes them in the encoding of the form.
func (f form) encode(lines []string) ([]byte, error) {
	end := "\n"
	if f.crlf {
		end = "\r\n"
	}
	text := strings.Join(lines, end) + end
	if f.bom {
		text = "\ufeff" + text
	}
	if !f.windows1252 {
		return []byte(text), nil
	}
	data, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("encode as Windows-1252: %w", err)
	}
	return data, nil
}

// record joins fields, quoting those that need it.
func record(fields []string) string {
	out := make([]string, len(fields))
	for i, v := range fields {
		if needsQuotes(v) {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		out[i] = v
	}
	return strings.Join(out, ";")
}

// needsQuotes reports whether a value must be quoted.
func needsQuotes(v string) bool { return strings.ContainsAny(v, ";\"\r\n") }
