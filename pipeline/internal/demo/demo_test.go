package demo_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/demo"
)

const publishedLetter = `gemeente;gemeente_met_profiel;gemeente_zonder_profiel;uwv_met_profiel;uwv_zonder_profiel;totaal_in_sonar
Blaricum;6;19;19;7;51
Eemnes;2;12;21;9;44
Gooise Meren;27;73;164;50;314
Hilversum;55;185;392;122;754
Huizen;34;70;126;37;267
Laren;4;11;23;6;44
Weesp;4;28;67;24;123
Wijdemeren;7;30;59;22;118
TOTAAL AMR;139;428;871;277;1715
`

// kerncijfers are the published figures of the project.
func kerncijfers(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../sources/reference/kerncijfers.csv")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var peildata = []string{"20190331", "20190630", "20190930", "20191231", "20200331", "20200630", "20200930", "20201231"}

// extracts returns the demo of a letter by file name.
func extracts(t *testing.T, letter string) map[string]demo.Extract {
	t.Helper()
	list, err := demo.Extracts([]byte(letter), kerncijfers(t))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]demo.Extract{}
	for _, e := range list {
		byName[e.Name] = e
	}
	if len(byName) != len(list) {
		t.Fatalf("%d extracts have %d names", len(list), len(byName))
	}
	return byName
}

// last reads the extract of a source and peildatum, the latest if there are several.
func last(t *testing.T, all map[string]demo.Extract, source, peildatum string) reading {
	t.Helper()
	var found demo.Extract
	for name, e := range all {
		if strings.HasPrefix(name, source+"_"+peildatum) && e.Modified.After(found.Modified) {
			found = e
		}
	}
	if found.Name == "" {
		t.Fatalf("no extract of %s on %s", source, peildatum)
	}
	return read(t, source, found.Data)
}

// gemeente resolves the spelling of a supplier.
func gemeente(v string) string {
	v = strings.ToLower(v)
	v = strings.TrimPrefix(strings.TrimPrefix(v, "gem. "), "gemeente ")
	switch v {
	case "wijdmeren", "wijdemeeren", "wijdereen", "wijdemerem", "wijdemeren":
		return "Wijdemeren"
	case "laren (nh.)", "laren nh", "laren":
		return "Laren"
	case "gooise meren":
		return "Gooise Meren"
	}
	return strings.ToUpper(v[:1]) + v[1:]
}

// tabulate counts clients as the letter does: four counts by gemeente.
func tabulate(rows []loaded) map[string][4]int {
	table := map[string][4]int{}
	for _, row := range rows {
		column := 0
		if row["KlantVan"] == "UWV" {
			column = 2
		}
		if row["IndKlantprofiel"] == "N" {
			column++
		}
		counts := table[gemeente(row["NaamGemeente"])]
		counts[column]++
		table[gemeente(row["NaamGemeente"])] = counts
	}
	return table
}

func TestLastSonarIsTheLetter(t *testing.T) {
	cells, _, _ := strings.Cut(publishedLetter, "TOTAAL")
	published := map[string][4]int{
		"Blaricum": {6, 19, 19, 7}, "Eemnes": {2, 12, 21, 9}, "Gooise Meren": {27, 73, 164, 50},
		"Hilversum": {55, 185, 392, 122}, "Huizen": {34, 70, 126, 37}, "Laren": {4, 11, 23, 6},
		"Weesp": {4, 28, 67, 24}, "Wijdemeren": {7, 30, 59, 22},
	}
	changed := map[string][4]int{"Blaricum": {9, 16, 19, 7}, "Texel": {0, 3, 1, 0}}
	tests := []struct {
		name, letter string
		want         map[string][4]int
	}{
		{"published", publishedLetter, published},
		{"byte order mark, CRLF and no totals", "\ufeff" + strings.ReplaceAll(cells, "\n", "\r\n"), published},
		{
			"other numbers, gemeenten and column order",
			"uwv_met_profiel;uwv_zonder_profiel;gemeente;gemeente_met_profiel;gemeente_zonder_profiel\n19;7;Blaricum;9;16\n1;0;Texel;0;3\n",
			changed,
		},
		{
			"one client",
			"gemeente;gemeente_met_profiel;gemeente_zonder_profiel;uwv_met_profiel;uwv_zonder_profiel\nWeesp;0;0;1;0\n",
			map[string][4]int{"Weesp": {0, 0, 1, 0}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tabulate(last(t, extracts(t, tt.letter), "sonar", "20201231").rows)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("table (-letter +sonar):\n%s", d)
			}
		})
	}
}

func TestExtractsAreTheSameEveryTime(t *testing.T) {
	hash := func() string {
		list, err := demo.Extracts([]byte(publishedLetter), kerncijfers(t))
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		for _, e := range list {
			h.Write(fmt.Appendln(nil, e.Source, e.Name, e.Modified, len(e.Data)))
			h.Write(e.Data)
		}
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	first := hash()
	for range 3 {
		if again := hash(); again != first {
			t.Fatalf("sha256 %s, then %s", first, again)
		}
	}
}

func TestEveryQuarterIsDelivered(t *testing.T) {
	all := extracts(t, publishedLetter)
	if got, want := len(all), 3*len(peildata)+1+3*2+1; got != want {
		t.Errorf("%d extracts, want %d: three sources and one correction, three for two quarters, one register before", got, want)
	}
	name := regexp.MustCompile(`^(doelgroepregister|sonar|plaatsingen|aanvragen|clientenbestand|uwv_trend)_(\d{8})(_\w+)?\.csv$`)
	seen := map[string]int{}
	for _, e := range all {
		m := name.FindStringSubmatch(e.Name)
		if m == nil || m[1] != e.Source {
			t.Errorf("%s: name does not fit source %s", e.Name, e.Source)
			continue
		}
		seen[m[1]+m[2]]++
		peildatum, err := time.Parse("20060102", m[2])
		if err != nil {
			t.Fatal(err)
		}
		if e.Modified.Location() != time.UTC || e.Modified.Before(peildatum.AddDate(0, 0, 2)) || !e.Modified.Before(demo.Clock) {
			t.Errorf("%s: modified %v, want from two days after the peildatum until %v", e.Name, e.Modified, demo.Clock)
		}
	}
	want := map[string]int{"doelgroepregister20160630": 1}
	for i, p := range peildata {
		if i >= len(peildata)-2 {
			want["aanvragen"+p], want["clientenbestand"+p], want["uwv_trend"+p] = 1, 1, 1
		}
	}
	for _, source := range []string{"doelgroepregister", "sonar", "plaatsingen"} {
		for _, p := range peildata {
			want[source+p] = 1
		}
	}
	want["plaatsingen20191231"] = 2
	if d := cmp.Diff(want, seen); d != "" {
		t.Errorf("extracts (-want +got):\n%s", d)
	}
}

// TestEveryExtractIsAcceptable checks each file against the limits that refuse a delivery.
func TestEveryExtractIsAcceptable(t *testing.T) {
	for _, l := range []string{publishedLetter, "gemeente;gemeente_met_profiel;gemeente_zonder_profiel;uwv_met_profiel;uwv_zonder_profiel\nLaren;4;11;23;6\n"} {
		for name, e := range extracts(t, l) {
			r := read(t, e.Source, e.Data)
			bad, n := r.quarantined(), len(r.rows)
			if bad >= 3 && bad*100 > n+bad {
				t.Errorf("%s: %d of %d records in quarantine: %v", name, bad, n+bad, r.faults)
			}
			if r.elfproef >= 3 {
				t.Errorf("%s: %d BSNs fail the elfproef", name, r.elfproef)
			}
			if n == 0 {
				t.Errorf("%s: no data", name)
			}
		}
	}
}

func TestBSNsAreSynthetic(t *testing.T) {
	for name, e := range extracts(t, publishedLetter) {
		r := read(t, e.Source, e.Data)
		if e.Source == "uwv_trend" {
			continue
		}
		for _, row := range r.rows {
			if b := row["Burgerservicenr"]; !strings.HasPrefix(b, "999") && !strings.HasPrefix(b, "01000") {
				t.Fatalf("%s: a BSN from another range than 999…… and 01000….", name)
			}
		}
		text := decode(t, e.Data)
		for _, digits := range regexp.MustCompile(`\d{9,}`).FindAllString(text, -1) {
			if digits != "123456789" && !strings.HasPrefix(digits, "999") && !strings.HasPrefix(digits, "01000") {
				t.Errorf("%s: digits %s are no synthetic BSN", name, digits)
			}
		}
		share := 1000 * r.padded / len(r.rows)
		if name == "sonar_20190630_v1.csv" {
			if share < 10 {
				t.Errorf("%s: %d of %d BSNs lost their zero; it should be visible", name, r.padded, len(r.rows))
			}
		} else if share >= 5 {
			t.Errorf("%s: %d of %d BSNs lost their zero, want under 0.5 %%", name, r.padded, len(r.rows))
		}
	}
}

func TestLettersThatCannotBeRead(t *testing.T) {
	const head = "gemeente;gemeente_met_profiel;gemeente_zonder_profiel;uwv_met_profiel;uwv_zonder_profiel\n"
	tests := []struct{ name, letter, want string }{
		{"empty", "", "read letter: the file is empty"},
		{"no gemeente", "naam;n\nLaren;1\n", "read letter: line 1: column gemeente is missing"},
		{"no column", strings.Replace(head, "uwv_zonder_profiel", "x", 1), "read letter: line 1: column uwv_zonder_profiel is missing"},
		{"no number", head + "Laren;1;2;drie;4\n", `read letter: line 2: uwv_met_profiel "drie" is not a count of people`},
		{"negative", head + "Laren;1;2;3;4\nWeesp;-1;2;3;4\n", `read letter: line 3: gemeente_met_profiel "-1" is not a count of people`},
		{"twice", head + "Laren;1;2;3;4\nLaren;1;2;3;4\n", "read letter: line 3: gemeente Laren occurs twice"},
		{"nameless", head + ";1;2;3;4\n", "read letter: line 2: gemeente is empty"},
		{"nobody", head + "Laren;0;0;0;0\n", "read letter: its counts are all zero"},
		{"too many", head + "Laren;1;20000;0;0\n", "read letter: line 2: more than 20000 people; there are no synthetic BSNs for them"},
		{"ragged", head + "Laren;1;2\n", "read letter: record on line 2: wrong number of fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := demo.Extracts([]byte(tt.letter), kerncijfers(t))
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if list != nil {
				t.Errorf("%d extracts beside the error", len(list))
			}
		})
	}
}

func TestLayoutsOfText(t *testing.T) {
	all := extracts(t, publishedLetter)
	boms, latin, crlf := 0, 0, 0
	for _, e := range all {
		if bytes.HasPrefix(e.Data, []byte("\xEF\xBB\xBF")) {
			boms++
		}
		if bytes.Contains(e.Data, []byte("\r\n")) {
			crlf++
		}
		if bytes.Contains(e.Data, []byte("caissi\xE8re")) && bytes.Contains(e.Data, []byte("lunchcaf\xE9;")) {
			latin++
		}
		if preamble, _, _ := bytes.Cut(e.Data, []byte("Burgerservicenr")); bytes.Count(preamble, []byte("\n")) > 0 &&
			!bytes.Contains(preamble, []byte("SYNTHETISCH")) {
			t.Errorf("%s: the preamble does not say that the data are made up", e.Name)
		}
	}
	if cliënten := bytes.Contains(all["clientenbestand_20200930.csv"].Data, []byte("Cli\xEBntenbestand")); !cliënten || boms < 1 || latin != 1 || crlf < 1 {
		t.Errorf("%d files with a byte order mark, %d in Windows-1252, %d with CRLF", boms, latin, crlf)
	}
}
