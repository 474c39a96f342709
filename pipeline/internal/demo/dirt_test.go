package demo_test

import (
	"regexp"
	"testing"
)

// TestEveryKindOfDirtOccurs searches the bytes of the files for each kind.
func TestEveryKindOfDirtOccurs(t *testing.T) {
	all := extracts(t, publishedLetter)
	tests := []struct {
		kind, file, pattern string
	}{
		{"preamble with a separator in quotes", "sonar_20201231.csv", `^Extract [^\n]*SYNTHETISCHE VOORBEELDDATA\n"Peildatum [^"\n]*;[^"\n]*"\n\nBurgerservicenr;`},
		{"total row and footnote", "sonar_20201231.csv", `\nTOTAAL aantal records: 1\.720\nBron: [^\n]*\n$`},
		{"total row with a field", "doelgroepregister_20191231.csv", `\nTotaal;\d{4}\n$`},
		{"blank line", "sonar_20190331.csv", `\n\n999`},
		{"lost zero", "sonar_20190630_v1.csv", `\r\n10\d{6};`},
		{"a few lost zeros", "sonar_20201231.csv", `\n10\d{6};`},
		{"zero kept", "sonar_20201231.csv", `\n010\d{6};`},
		{"dotted BSN", "sonar_20201231.csv", `\n999\d\.\d\d\.\d{3};`},
		{"dates in ISO", "sonar_20201231.csv", `;2020-\d\d-\d\d;`},
		{"dates d-m-jjjj", "sonar_20190630_v1.csv", `;\d-\d-2019;`},
		{"dates jjjjmmdd", "sonar_20190930.csv", `;2019\d{4};`},
		{"unknown date", "doelgroepregister_20190630.csv", `;20\d{6};00000000;`},
		{"open end as a date", "doelgroepregister_20200630.csv", `;31-12-9999;`},
		{"decimal comma", "plaatsingen_20201231.csv", `;25,5;`},
		{"decimal point", "plaatsingen_20200331.csv", `;25\.5;`},
		{"separator in quotes", "sonar_20201231.csv", `;"medewerker bediening; keuken";`},
		{"line break in quotes", "sonar_20201231.csv", `;"assistent magazijn\nook: heftruck";`},
		{"quotes in quotes", "sonar_20201231.csv", `;"medewerker ""de Plantage""";`},
		{"ja as J", "sonar_20201231.csv", `;J;`},
		{"ja as Ja", "sonar_20190630_v1.csv", `;Ja;.*;Nee;`},
		{"codes in lower case", "sonar_20200331.csv", `;gemeente;`},
		{"gemeentecode without zeros", "sonar_20190630_v1.csv", `;402;`},
		{"gemeentecode with GM", "sonar_20190930.csv", `;GM0402;`},
		{"Wijdmeren", "sonar_20201231.csv", `;Wijdmeren;1696;`},
		{"Wijdemeeren", "sonar_20201231.csv", `;Wijdemeeren;1696;`},
		{"Wijdereen", "sonar_20201231.csv", `;Wijdereen;1696;`},
		{"Wijdemerem", "sonar_20201231.csv", `;Wijdemerem;1696;`},
		{"Gem. Hilversum", "sonar_20201231.csv", `;Gem\. Hilversum;0402;`},
		{"HILVERSUM", "doelgroepregister_20190331.csv", `;HILVERSUM;0402;`},
		{"gemeente Huizen", "doelgroepregister_20190331.csv", `;gemeente Huizen;0406;`},
		{"Laren (NH.)", "sonar_20201231.csv", `;Laren \(NH\.\);0417;`},
		{"Wijdemeren spelt right", "plaatsingen_20201231.csv", `;Wijdemeren;`},
		{"Amsterdam in Sonar", "sonar_20190930.csv", `;Amsterdam;GM0363;`},
		{"Amsterdam in the register", "doelgroepregister_20190930.csv", `;Amsterdam;363;`},
		{"unknown place", "sonar_20190930.csv", `;Onbekende plaats;;`},
		{"wrong BSN", "sonar_20201231.csv", `\n123456789;`},
		{"separator without quotes", "sonar_20201231.csv", `;zie toelichting;`},
		{"impossible date", "sonar_20201231.csv", `;31-02-2020;`},
		{"open quote", "sonar_20201231.csv", `\n999\d{6};[^"\n]*;"[^";\n]*;[^"\n]*\n`},
		{"BSN in a text", "sonar_20201231.csv", `\n999\d{6};[^\n]*;(999|010)\d{6};`},
		{"thousands with dots", "uwv_trend_20201231.csv", `;66\.730,0\n`},
		{"a point that may be either", "uwv_trend_20200930.csv", `;61\.500\n`},
		{"a day that is not known", "aanvragen_20200930.csv", `;00000000\n`},
		{"a route that is not filled in", "aanvragen_20201231.csv", `;INWONER;;`},
		{"key of another delivery", "aanvragen_20201231.csv", `\nAV2020-X0;999`},
		{"client without zero", "clientenbestand_20201231.csv", `\n10\d{6};`},
		{"empty required field", "sonar_20191231_definitief.csv", `\n999\d{6};;`},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			e, ok := all[tt.file]
			if !ok {
				t.Fatalf("no extract %s", tt.file)
			}
			if !regexp.MustCompile(tt.pattern).Match(e.Data) {
				t.Errorf("%s has nothing like %s", tt.file, tt.pattern)
			}
		})
	}
}

func TestRecordsToQuarantine(t *testing.T) {
	all := extracts(t, publishedLetter)
	want := map[string][]string{
		"sonar_20201231.csv":             {"type of Burgerservicenr", "fields", "type of DatLaatsteWijzigingProfiel", "bsn in text", "quoting"},
		"sonar_20190331.csv":             {"key", "fields"},
		"sonar_20191231_definitief.csv":  {"quoting", "empty", "type of DatLaatsteWijzigingProfiel"},
		"doelgroepregister_20190630.csv": {"type of DatBRegistratie", "key"},
		"doelgroepregister_20191231.csv": {"type of Burgerservicenr", "quoting"},
		"plaatsingen_20200331.csv":       {"type of Burgerservicenr", "bsn in text"},
		"plaatsingen_20200930.csv":       {"key"},
		"plaatsingen_20191231_v2.csv":    {},
		"doelgroepregister_20160630.csv": {"type of Burgerservicenr", "fields", "empty"},
		"aanvragen_20200930.csv":         {"key", "type of DatAanvraag"},
		"aanvragen_20201231.csv":         {"fields"},
		"clientenbestand_20200930.csv":   {"empty", "key"},
		"clientenbestand_20201231.csv":   {"type of DatInstroom"},
		"uwv_trend_20200930.csv":         {"type of Waarde"},
		"uwv_trend_20201231.csv":         {},
	}
	for file, reasons := range want {
		r := read(t, all[file].Source, all[file].Data)
		for _, reason := range reasons {
			if r.faults[reason] != 1 {
				t.Errorf("%s: %d records with fault %q, want 1", file, r.faults[reason], reason)
			}
		}
		if got := r.quarantined(); got != len(reasons) {
			t.Errorf("%s: %d records in quarantine, want %d: %v", file, got, len(reasons), r.faults)
		}
	}
}

// TestOnlyOlderExtractsHaveOtherPlaces keeps the eight gemeenten of the letter clean.
func TestOnlyOlderExtractsHaveOtherPlaces(t *testing.T) {
	all := extracts(t, publishedLetter)
	known := regexp.MustCompile(`^(Blaricum|Eemnes|Gooise Meren|Hilversum|Huizen|Laren|Weesp|Wijdemeren)$`)
	want := map[string]int{"sonar_20190930.csv": 2, "doelgroepregister_20190930.csv": 1}
	for name, e := range all {
		if e.Source == "uwv_trend" {
			continue
		}
		others := 0
		for _, row := range read(t, e.Source, e.Data).rows {
			if !known.MatchString(gemeente(row["NaamGemeente"])) {
				others++
			}
		}
		if others != want[name] {
			t.Errorf("%s: %d rows outside the region, want %d", name, others, want[name])
		}
	}
}
