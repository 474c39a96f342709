package sources

import (
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"inbeeld/sources/contract"
)

const goodContract = `description: Klanten uit Sonar
supplier: UWV
owner: uwv
match: 'sonar_(?P<peildatum>\d{8}).*\.csv'
key: [persoon_id]
columns:
  - {name: Burgerservicenr, as: persoon_id, type: bsn, required: true}
  - {name: KlantVan, as: klant_van, type: code, values: [GEMEENTE, UWV]}
`

func parseContract(t *testing.T, file, text string) *contract.Contract {
	t.Helper()
	c, faults := contract.Parse(file, []byte(text))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseContractDefaults(t *testing.T) {
	c := parseContract(t, "sources/sonar.yaml", goodContract)
	want := &contract.Contract{
		Name: "sonar", Path: "sources/sonar.yaml", Description: "Klanten uit Sonar", Supplier: "UWV", Owner: "uwv",
		From: contract.From{Kind: contract.FromDir, Address: "inbox/sonar"}, Dir: "inbox/sonar", Key: []string{"persoon_id"},
		Limits: contract.Limits{Quarantined: big.NewRat(1, 100), Elfproef: big.NewRat(1, 200), Minimum: 3},
		Columns: []contract.Column{
			{Name: "Burgerservicenr", As: "persoon_id", Type: contract.BSN, Required: true},
			{Name: "KlantVan", As: "klant_van", Type: contract.Code, Values: []string{"GEMEENTE", "UWV"}},
		},
	}
	diffContract(t, want, c)
	if c.Pattern() != `sonar_(?P<peildatum>\d{8}).*\.csv` {
		t.Errorf("pattern %s", c.Pattern())
	}
}

func TestParseContractEverything(t *testing.T) {
	c := parseContract(t, "sources/sonar.yaml", `
# everything that a contract can say
columns:
  - name: " Burgerservicenr "
    as: persoon_id
    type: bsn
    required: true
    aliases: [BSN, " Sofinummer"]
    description: De persoon.
  - {name: X, as: x, type: code, values: [A, "1", 007]}
  - {name: Y, as: y, type: janee, ja: [1], nee: ["2", nein]}
  - {name: Z, as: z, type: decimal, min: -0.10, max: 100}
  - {name: Aantal, as: aantal, type: integer, min: 0}
  - {name: W, as: w, type: text, upper: true}
  - {name: D, as: d2, type: date, required: false, tolerate: [shares]}
key: [persoon_id]
description: |
  Klanten
supplier: UWV
owner: uwv@example.org
optional: true
from: {dir: ./inbox/uwv//sonar/}
match: "s_(?P<peildatum>.+)"
delivery: snapshot
expect: {every: 2w, grace: 2d}
limits: {quarantined: 0.25%, elfproef: 100%, minimum: 0}
format: {separator: "\t", encoding: ISO-8859-15, quote: "'", escape: '\', sheet: Blad 1, identity: uwv.age}
pakbon: {required: true, wait: 2d, trailer: true}
tolerate: [order, new]
`)
	low, high, zero := "-0.10", "100", "0"
	want := &contract.Contract{
		Name: "sonar", Path: "sources/sonar.yaml", Description: "Klanten\n", Supplier: "UWV", Owner: "uwv@example.org",
		Optional: true, From: contract.From{Kind: contract.FromDir, Address: "inbox/uwv/sonar"}, Dir: "inbox/uwv/sonar", Key: []string{"persoon_id"}, Format: contract.Format{Encoding: "iso-8859-15", Separator: '\t', Quote: '\'', Escape: '\\', Sheet: "Blad 1", Identity: "uwv.age"}, Pakbon: contract.PakbonTerms{Required: true, Wait: 48 * time.Hour, Trailer: true}, Tolerate: []contract.Drift{contract.DriftOrder, contract.DriftNew},
		Every: 14 * 24 * time.Hour, Grace: 48 * time.Hour,
		Limits: contract.Limits{Quarantined: big.NewRat(1, 400), Elfproef: big.NewRat(1, 1)},
		Columns: []contract.Column{
			{Name: "Burgerservicenr", As: "persoon_id", Type: contract.BSN, Required: true, Aliases: []string{"BSN", "Sofinummer"}, Description: "De persoon."},
			{Name: "X", As: "x", Type: contract.Code, Values: []string{"A", "1", "007"}},
			{Name: "Y", As: "y", Type: contract.JaNee, Ja: []string{"1"}, Nee: []string{"2", "nein"}},
			{Name: "Z", As: "z", Type: contract.Decimal, Min: &low, Max: &high},
			{Name: "Aantal", As: "aantal", Type: contract.Integer, Min: &zero},
			{Name: "W", As: "w", Type: contract.Text, Upper: true},
			{Name: "D", As: "d2", Type: contract.Date, Tolerate: []contract.Drift{contract.DriftShares}},
		},
	}
	diffContract(t, want, c)
}

func diffContract(t *testing.T, want, got *contract.Contract) {
	t.Helper()
	ratText := cmp.Transformer("rat", func(r *big.Rat) string { return r.RatString() })
	if diff := cmp.Diff(want, got, ratText, cmpopts.IgnoreUnexported(contract.Contract{}), cmpopts.IgnoreFields(contract.Contract{}, "Match")); diff != "" {
		t.Error(diff)
	}
}

func TestPeildatum(t *testing.T) {
	c := parseContract(t, "sources/sonar.yaml", goodContract)
	for _, tc := range []struct {
		file, date string
		ok, bad    bool
	}{
		{"sonar_20201231.csv", "2020-12-31", true, false},
		{"SONAR_20201231_v1.CSV", "2020-12-31", true, false},
		{"sonar_20240229.csv", "2024-02-29", true, false},
		{"sonar_20230229.csv", "", true, true},
		{"sonar_20201301.csv", "", true, true},
		{"sonar_00000000.csv", "", true, true},
		{"sonar_00000101.csv", "", true, true},
		{"oud_sonar_20201231.csv", "", false, false},
		{"sonar_20201231.csv.bak", "", false, false},
		{"sonar_20201231.csv\n", "", false, false},
		{"sonar_2020123.csv", "", false, false},
	} {
		date, ok, err := c.Peildatum(tc.file)
		if date != tc.date || ok != tc.ok || (err != nil) != tc.bad {
			t.Errorf("%q: %q %v %v", tc.file, date, ok, err)
		}
	}
	either := parseContract(t, "sources/x.yaml", strings.Replace(goodContract, `'sonar_(?P<peildatum>\d{8}).*\.csv'`, `a|b(?P<peildatum>.*)`, 1))
	for file, want := range map[string]bool{"a": true, "b20201231": true, "xa": false, "ax": false} {
		if _, ok, _ := either.Peildatum(file); ok != want {
			t.Errorf("%q matches: %v", file, ok)
		}
	}
	if _, _, err := either.Peildatum("a"); err == nil {
		t.Error("a name without date has one")
	}
}

func TestContractFingerprint(t *testing.T) {
	base := parseContract(t, "sources/sonar.yaml", goodContract).Fingerprint()
	const code = "{name: KlantVan, as: klant_van, type: code, values: [GEMEENTE, UWV]}"
	for _, c := range []struct {
		name, from, to string
		same           bool
	}{
		{"comment", "key:", "# hm\nkey:", true},
		{"description", "Klanten uit", "Clienten in", true},
		{"owner", "owner: uwv", "owner: x\noptional: true\nfrom: {dir: inbox/x}\nexpect: {every: 1d}", true},
		{"tolerate", "key:", "tolerate: [new]\nkey:", true},
		{"match", "sonar_", "s_", true},
		{"default limits", "key:", "limits: {quarantined: 1.0%, minimum: 3}\nkey:", true},
		{"layout", code, "\n    type: code\n    values:\n      - UWV\n      - GEMEENTE\n    description: x\n    as: klant_van\n    name: klantvan", true},
		{"limit", "key:", "limits: {quarantined: 2%}\nkey:", false},
		{"elfproef", "key:", "limits: {elfproef: 2%}\nkey:", false},
		{"minimum", "key:", "limits: {minimum: 2}\nkey:", false},
		{"separator", "key:", "format: {separator: ','}\nkey:", false},
		{"encoding", "key:", "format: {encoding: iso-8859-15}\nkey:", false},
		{"name", "KlantVan", "Klant", false},
		{"as", "klant_van", "klant", false},
		{"alias", "as: klant_van", "as: klant_van, aliases: [Klant]", false},
		{"value", "GEMEENTE, UWV", "GEMEENTE", false},
		{"required", "as: klant_van", "as: klant_van, required: true", false},
		{"type", code, "{name: KlantVan, as: klant_van, type: text}", false},
		{"upper", code, "{name: KlantVan, as: klant_van, type: text, upper: true}", false},
		{"min", code, "{name: KlantVan, as: klant_van, type: integer, min: 0}", false},
	} {
		text := strings.Replace(goodContract, c.from, c.to, 1)
		if got := parseContract(t, "sources/sonar.yaml", text).Fingerprint(); text == goodContract || (got == base) != c.same {
			t.Errorf("%s: same fingerprint is %v", c.name, got == base)
		}
	}
	number := func(bound string) string {
		return parseContract(t, "sources/x.yaml", strings.Replace(goodContract, code, "{name: N, as: n, type: decimal, max: "+bound+"}", 1)).Fingerprint()
	}
	if number("1") != number("1.0") || number("1") == number("1.01") {
		t.Error("bounds are not compared as numbers")
	}
}

func TestEmbeddedFilesAreWhole(t *testing.T) {
	count := map[string]int{}
	err := fs.WalkDir(Files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := Files.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(path, "reference/") {
			count["reference"]++
			_, faults := contract.ParseReference("sources/"+path, data)
			return faults.Err()
		}
		count["contract"]++
		_, faults := contract.Parse("sources/"+path, data)
		return faults.Err()
	})
	if err != nil || count["reference"] == 0 || count["contract"] < 3 {
		t.Errorf("%v: %v", count, err)
	}
}
