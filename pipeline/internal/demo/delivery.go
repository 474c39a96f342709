package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The sources of the deliveries.
const (
	sourceRegister    = "doelgroepregister"
	sourceSonar       = "sonar"
	sourcePlaatsingen = "plaatsingen"
	sourceAanvragen   = "aanvragen"
	sourceClienten    = "clientenbestand"
	sourceTrend       = "uwv_trend"
)

// delivery describes how one extract differs from a clean one.
type delivery struct {
	source   string
	quarter  int
	suffix   string        // of the file name, after the peildatum
	after    time.Duration // from the start of the peildatum until the file was written
	notation notation
	form     form
	dirt     dirt
}

func (d delivery) name() string {
	return d.source + "_" + peildatumOf(d.quarter).Format("20060102") + d.suffix + ".csv"
}

// deliveries are the extracts in order of peildatum. Every file is still accepted: less than 1% of its
// records fail, and less than 3% have a wrong BSN. Plaatsingen is the supplier that spells every gemeente
// correctly; it corrects 2019-12-31 with a second file.
var deliveries = []delivery{
	{
		source: sourceRegister, quarter: earlierQuarter, after: 58 * time.Hour, notation: sheet.spelt(namesMixed),
		form: form{preamble: []string{`"Doelgroepregister; SYNTHETISCHE VOORBEELDDATA"`}, crlf: true},
		dirt: dirt{dotted: 3, faults: []fault{wrongBSN, fieldCount, emptyRequired}},
	},

	{
		source: sourceRegister, quarter: 0, after: 50 * time.Hour, notation: iso.spelt(namesRegister),
		dirt: dirt{faults: []fault{emptyRequired}},
	},
	{
		source: sourceSonar, quarter: 0, after: 54 * time.Hour, notation: iso.spelt(namesSonar),
		form: form{blankLine: true}, dirt: dirt{faults: []fault{duplicateKey, fieldCount}},
	},
	{source: sourcePlaatsingen, quarter: 0, after: 80 * time.Hour, notation: iso},

	{
		source: sourceRegister, quarter: 1, after: 52 * time.Hour, notation: suwi.spelt(namesRegister),
		dirt: dirt{faults: []fault{impossibleDate, duplicateKey}},
	},
	{ // Saved from a spreadsheet: BSNs and gemeentecodes have lost their leading zeros.
		source: sourceSonar, quarter: 1, suffix: "_v1", after: 74 * time.Hour, notation: sheet.spelt(namesMixed),
		form: form{
			windows1252: true, crlf: true,
			preamble: []string{"Extract UWV Sonar – SYNTHETISCHE VOORBEELDDATA", "Peildatum 30-06-2019", ""},
		},
		dirt: dirt{lostZeros: unlimited, faults: []fault{wrongBSN}},
	},
	{
		source: sourcePlaatsingen, quarter: 1, after: 77 * time.Hour, notation: suwi,
		dirt: dirt{faults: []fault{emptyRequired}},
	},

	{
		source: sourceRegister, quarter: 2, after: 50 * time.Hour, notation: sheet.spelt(namesMixed),
		form: form{bom: true, crlf: true}, dirt: dirt{elsewhere: []string{"Amsterdam"}},
	},
	{
		source: sourceSonar, quarter: 2, after: 53 * time.Hour, notation: suwi.spelt(namesSonar),
		dirt: dirt{
			elsewhere: []string{"Amsterdam", "Onbekende plaats"}, dotted: 5, noConsent: 2, faults: []fault{bsnInText},
		},
	},
	{
		source: sourcePlaatsingen, quarter: 2, after: 79 * time.Hour, notation: sheet,
		form: form{crlf: true}, dirt: dirt{lostZeros: 1},
	},

	{
		source: sourceRegister, quarter: 3, after: 56 * time.Hour, notation: iso.spelt(namesRegister),
		form: form{
			preamble: []string{`"Doelgroepregister; SYNTHETISCHE VOORBEELDDATA"`, "Peildatum: 31-12-2019"},
			total:    totalInField,
		},
		dirt: dirt{lostZeros: 2, faults: []fault{wrongBSN, openQuote}},
	},
	{
		source: sourceSonar, quarter: 3, suffix: "_definitief", after: 57 * time.Hour, notation: iso.spelt(namesMixed),
		form: form{bom: true},
		dirt: dirt{noConsent: 1, faults: []fault{openQuote, emptyRequired, impossibleDate}},
	},
	{
		source: sourcePlaatsingen, quarter: 3, suffix: "_v1", after: 80 * time.Hour, notation: iso,
		dirt: dirt{withheld: 15},
	},
	{source: sourcePlaatsingen, quarter: 3, suffix: "_v2", after: 225 * time.Hour, notation: iso},

	{
		source: sourceRegister, quarter: 4, suffix: "_v1", after: 51 * time.Hour, notation: suwi.spelt(namesMixed),
		form: form{blankLine: true}, dirt: dirt{dotted: 6, faults: []fault{fieldCount}},
	},
	{
		source: sourceSonar, quarter: 4, after: 55 * time.Hour, notation: isoLower.spelt(namesSonar),
		form: form{total: totalInField}, dirt: dirt{lostZeros: 3, faults: []fault{fieldCount}},
	},
	{
		source: sourcePlaatsingen, quarter: 4, after: 80 * time.Hour, notation: isoPoint,
		dirt: dirt{faults: []fault{wrongBSN, bsnInText}},
	},

	{
		source: sourceRegister, quarter: 5, after: 50 * time.Hour, notation: sheetOpen.spelt(namesRegister),
		form: form{crlf: true}, dirt: dirt{faults: []fault{impossibleDate}},
	},
	{
		source: sourceSonar, quarter: 5, after: 54 * time.Hour, notation: suwi.spelt(namesMixed),
		dirt: dirt{dotted: 4, faults: []fault{wrongBSN, duplicateKey}},
	},
	{
		source: sourcePlaatsingen, quarter: 5, after: 76 * time.Hour, notation: sheet,
		form: form{
			bom: true, crlf: true,
			preamble: []string{"Plaatsingen WSP – SYNTHETISCHE VOORBEELDDATA"},
			total:    totalInField,
		},
	},

	{
		source: sourceRegister, quarter: 6, after: 52 * time.Hour, notation: iso.spelt(namesMixed),
		form: form{bom: true}, dirt: dirt{lostZeros: 3, faults: []fault{emptyRequired}},
	},
	{
		source: sourceSonar, quarter: 6, suffix: "_v1", after: 56 * time.Hour, notation: sheet.spelt(namesSonar),
		form: form{crlf: true, blankLine: true}, dirt: dirt{faults: []fault{emptyRequired, fieldCount}},
	},
	{
		source: sourcePlaatsingen, quarter: 6, after: 78 * time.Hour, notation: iso,
		dirt: dirt{dotted: 2, faults: []fault{duplicateKey}},
	},
	{
		source: sourceAanvragen, quarter: 6, after: 60 * time.Hour, notation: suwi.spelt(namesRegister),
		form: form{preamble: []string{"Aanvragen doelgroepregister – SYNTHETISCHE VOORBEELDDATA"}, total: totalInField},
		dirt: dirt{faults: []fault{duplicateKey, impossibleDate}},
	},
	{
		source: sourceClienten, quarter: 6, after: 70 * time.Hour, notation: sheet.spelt(namesMixed),
		form: form{crlf: true, windows1252: true, preamble: []string{"Cliëntenbestand Participatiewet – SYNTHETISCHE VOORBEELDDATA", ""}},
		dirt: dirt{lostZeros: 2, faults: []fault{emptyRequired, duplicateKey}},
	},
	{
		source: sourceTrend, quarter: 6, after: 90 * time.Hour, notation: isoLower,
		form: form{preamble: []string{"Kwartaalcijfers banenafspraak – SYNTHETISCHE VOORBEELDDATA"}},
		dirt: dirt{faults: []fault{ambiguousNumber}},
	},

	{
		source: sourceRegister, quarter: 7, after: 54 * time.Hour, notation: suwi.spelt(namesRegister),
		dirt: dirt{faults: []fault{wrongBSN, impossibleDate}},
	},
	{
		source: sourceSonar, quarter: 7, after: 55 * time.Hour, notation: iso.spelt(namesMixed),
		form: form{
			preamble: []string{
				"Extract UWV Sonar – SYNTHETISCHE VOORBEELDDATA",
				`"Peildatum 31-12-2020; klanten van UWV en gemeenten"`,
				"",
			},
			total:    totalDotted,
			footnote: []string{"Bron: Sonar; synthetische gegevens, geen bestaande personen"},
		},
		dirt: dirt{
			lostZeros: 3, dotted: 4,
			faults: []fault{wrongBSN, fieldCount, impossibleDate, bsnInText, openQuote},
		},
	},
	{
		source: sourcePlaatsingen, quarter: 7, after: 80 * time.Hour, notation: iso,
		dirt: dirt{faults: []fault{impossibleDate}},
	},
	{
		source: sourceAanvragen, quarter: 7, after: 62 * time.Hour, notation: iso.spelt(namesMixed),
		form: form{preamble: []string{"Aanvragen doelgroepregister – SYNTHETISCHE VOORBEELDDATA"}, bom: true, blankLine: true},
		dirt: dirt{dotted: 3, faults: []fault{fieldCount}},
	},
	{
		source: sourceClienten, quarter: 7, after: 75 * time.Hour, notation: iso.spelt(namesSonar),
		form: form{preamble: []string{"Cliëntenbestand Participatiewet – SYNTHETISCHE VOORBEELDDATA"}, total: totalDotted},
		dirt: dirt{lostZeros: 3, dotted: 2, faults: []fault{impossibleDate}},
	},
	{ // With dots for thousands, and a decimal, so that the dots are unambiguous.
		source: sourceTrend, quarter: 7, after: 92 * time.Hour, notation: isoThousands,
		form: form{preamble: []string{"Kwartaalcijfers banenafspraak – SYNTHETISCHE VOORBEELDDATA"}, bom: true},
	},
}

// totalInField returns a total row with the number of records in its own field.
func totalInField(records int) string { return fmt.Sprintf("Totaal;%d", records) }

// totalDotted returns a total row as a report writes it.
func totalDotted(records int) string { return "TOTAAL aantal records: " + withDots(records) }

// withDots writes an integer with dots for thousands.
func withDots(n int) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte('.')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Columns of more than one source.
const (
	columnBSN      = "Burgerservicenr"
	columnGemeente = "NaamGemeente"
	columnCode     = "CdGemeenteGba"
)

// A table is the content of an extract before it becomes text.
type table struct {
	header []string
	rows   [][]string
	free   string // a text column
	dated  string // a date column that is required or often filled
	key    string // the key, or "" if it has several columns
	number string // a column of large numbers, or ""
}

// at returns the index of a column, or -1.
func (t table) at(column string) int { return slices.Index(t.header, column) }

// byPerson sorts persons by BSN, as suppliers do, which hides their order in the population.
func byPerson(persons []*person) []*person {
	return slices.SortedFunc(slices.Values(persons), func(a, b *person) int { return cmp.Compare(a.bsn, b.bsn) })
}
