package demo

import (
	"fmt"
	"slices"
	"strings"
)

// unlimited means all of them.
const unlimited = -1

// dirt lists the defects of the content of an extract. Loading repairs or accepts all but the faults; each
// fault adds one record, which is quarantined.
type dirt struct {
	lostZeros int      // BSNs without their leading zero
	dotted    int      // BSNs written with dots
	elsewhere []string // places outside the region, one row each
	noConsent int      // visible people without consent
	withheld  int      // last rows omitted
	faults    []fault
}

// fault is a reason to quarantine a record.
type fault uint8

const (
	wrongBSN        fault = iota // fails the elfproef
	fieldCount                   // a separator in an unquoted text
	openQuote                    // a quote that is not closed
	impossibleDate               // 31 February
	emptyRequired                // no gemeente
	duplicateKey                 // a copy of another row
	bsnInText                    // the BSN of another person in a text column
	ambiguousNumber              // a point that may separate thousands or decimals
)

const columnConsent = "IndToestemming"

// soil adds to t the dirt that leaves a record usable.
func (d dirt) soil(t table, s *speller) table {
	t.rows = t.rows[:len(t.rows)-min(d.withheld, len(t.rows)/2)]
	bsn := t.at(columnBSN)
	if bsn < 0 {
		return t
	}
	lost, dotted := 0, 0
	for _, row := range t.rows {
		switch b := row[bsn]; {
		case b[0] == '0' && lost != d.lostZeros:
			row[bsn] = b[1:]
			lost++
		case b[0] != '0' && dotted != d.dotted:
			row[bsn] = b[:4] + "." + b[4:6] + "." + b[6:]
			dotted++
		}
	}
	d.moveAway(t, s)
	d.withdrawConsent(t, s)
	return t
}

// moveAway moves rows of the largest gemeente, spread over the file, to a place outside the region.
func (d dirt) moveAway(t table, s *speller) {
	if len(d.elsewhere) == 0 {
		return
	}
	name, code := t.at(columnGemeente), t.at(columnCode)
	byCode := map[string][][]string{}
	var largest [][]string
	for _, row := range t.rows {
		c := row[code]
		byCode[c] = append(byCode[c], row)
		if len(byCode[c]) > len(largest) {
			largest = byCode[c]
		}
	}
	for i, place := range d.elsewhere {
		if at := (i + 1) * len(largest) / (len(d.elsewhere) + 1); at > 0 {
			largest[at][name], largest[at][code] = place, s.gemeentecode(place)
		}
	}
}

// withdrawConsent withdraws the consent of the first visible people, or makes it unknown.
func (d dirt) withdrawConsent(t table, s *speller) {
	visible, consent := t.at("IndZichtbaar"), t.at(columnConsent)
	done := 0
	for _, row := range t.rows {
		if done == d.noConsent {
			return
		}
		if row[visible] == s.ja {
			row[consent] = []string{s.nee, ""}[done%2]
			done++
		}
	}
}

// spoil returns the record with the fault that is inserted next to row at of t; spare is an unused BSN.
// serial distinguishes the records of one file.
func (f fault) spoil(t table, at, serial int, spare string, year int) string {
	if f == duplicateKey {
		return record(t.rows[at/2])
	}
	row := slices.Clone(t.rows[at])
	for i, v := range row {
		if needsQuotes(v) {
			row[i] = ""
		}
	}
	if bsn := t.at(columnBSN); bsn >= 0 {
		row[bsn] = spare
	}
	if t.key != "" {
		key := &row[t.at(t.key)]
		*key = fmt.Sprintf("%s%d-X%d", (*key)[:2], year, serial)
	}
	free := &row[t.at(t.free)]
	switch f {
	case wrongBSN:
		row[t.at(columnBSN)] = "123456789"
	case fieldCount:
		*free += ";zie toelichting"
	case openQuote:
		*free = `"` + *free
	case impossibleDate:
		row[t.at(t.dated)] = fmt.Sprintf("31-02-%d", year)
	case emptyRequired:
		row[t.at(columnGemeente)] = ""
	case bsnInText:
		*free = t.somebody(at)
	case ambiguousNumber:
		row[t.at(t.number)] = "61.500"
	case duplicateKey:
	}
	return strings.Join(row, ";")
}

// somebody returns the nine-digit BSN of the first row from at on that has one.
func (t table) somebody(at int) string {
	column := t.at(columnBSN)
	for i := range t.rows {
		if b := strings.ReplaceAll(t.rows[(at+i)%len(t.rows)][column], ".", ""); len(b) == 9 {
			return b
		}
	}
	return ""
}
