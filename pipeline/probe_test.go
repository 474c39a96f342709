package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/sources"
)

// TestProbeDemo loads each file of the demo by the contract that probe proposes for it.
func TestProbeDemo(t *testing.T) {
	t.Parallel()
	letter, err := sources.Files.ReadFile("reference/transparantie_klantprofielen_brief_2021.csv")
	if err != nil {
		t.Fatal(err)
	}
	kerncijfers, err := sources.Files.ReadFile("reference/kerncijfers.csv")
	if err != nil {
		t.Fatal(err)
	}
	extracts, err := demo.Extracts(letter, kerncijfers)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, e := range extracts {
		t.Run(e.Name, func(t *testing.T) {
			path := filepath.Join(dir, e.Name)
			if err := os.WriteFile(path, e.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := Probe(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			text := p.YAML()
			c, faults := sources.ParseContract("sources/"+p.Source+".yaml", []byte(text))
			if len(faults) > 0 {
				t.Fatalf("%v\n%s", faults, text)
			}
			if date, ok, err := c.Peildatum(e.Name); !ok || err != nil || c.Name != e.Source || !strings.HasPrefix(strings.ReplaceAll(date, "-", ""), "20") {
				t.Errorf("source %s, date %s, %v, %v", c.Name, date, ok, err)
			}
			known := embeddedContract(t, e.Source)
			for _, col := range c.Columns {
				if i := columnNamed(known, col.Name); i < 0 {
					t.Errorf("column %s is not in the file", col.Name)
				} else if k := known.Columns[i]; k.Type == sources.BSN && col.Type != sources.BSN || col.Type == sources.BSN && k.Type != sources.BSN {
					t.Errorf("column %s is a %s, proposed is %s", col.Name, k.Type, col.Type)
				}
			}
			l := testLoader(t)
			load, err := l.load(t.Context(), c, landedAs(t, l, c.Name, e.Name, e.Data))
			if err != nil {
				t.Fatal(err)
			}
			if !load.Accepted || load.Balance.Geladen < load.Balance.Records*9/10 {
				t.Errorf("%v %+v by\n%s", load.Reasons, load.Balance, text)
			}
		})
	}
}

func columnNamed(c *sources.Contract, name string) int {
	for i, col := range c.Columns {
		for _, n := range append([]string{col.Name}, col.Aliases...) {
			if strings.EqualFold(n, name) {
				return i
			}
		}
	}
	return -1
}

func TestProbe(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, data, want string }{
		{
			"csv", "Klanten Hilversum 20201231 v2.csv", "Overzicht\n\nBSN,Volledige naam,2e code,Bedrag,Datum start,Actief\n123456782,Jan,,\"1,5\",2020-01-02,J\n111222333,Piet,,\"2.000,25\",31-12-2020,N\n010000008,Klaas,,3,20200101,Ja\n",
			`# sources/klanten_hilversum.yaml — proposed from 6 records (csv, utf-8, separator ",", quote "). Read every line before you use it.
description: Zeg in een zin wat er wordt geleverd
supplier: onbekend
owner: datateam
match: 'Klanten Hilversum (?P<peildatum>\d{8}).*\.csv'
format: {separator: ","}
key: [persoon_id]
columns:
  - {name: 'BSN', as: persoon_id, type: bsn, required: true}
  - {name: 'Volledige naam', as: volledige_naam, type: text, required: true}
  - {name: '2e code', as: k_2e_code, type: text} # always empty: a type is a guess
  - {name: 'Bedrag', as: bedrag, type: decimal, required: true}
  - {name: 'Datum start', as: datum_start, type: date, required: true}
  - {name: 'Actief', as: actief, type: janee, required: true}
`,
		},
		{
			"json", "uitval.jsonl", "{\"Regel\": 1, \"Soort\": \"a\", \"Nr\": \"007\"}\n{\"Regel\": 1, \"Soort\": \"a\", \"Nr\": \"008\"}\n{\"Regel\": 2, \"Soort\": \"b\"}\n",
			`# sources/uitval.yaml — proposed from 3 records (jsonl). Read every line before you use it.
description: Zeg in een zin wat er wordt geleverd
supplier: onbekend
owner: datateam
# The name of the file has no date as jjjjmmdd. A delivery needs one: the peildatum.
match: 'uitval_(?P<peildatum>\d{8}).*\.jsonl'
# No columns were found that together are unique in every record. Choose them.
key: [regel_2]
columns:
  - {name: 'Regel', as: regel_2, type: integer, required: true}
  - {name: 'Soort', as: soort, type: text, required: true}
  - {name: 'Nr', as: nr, type: text}
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.file)
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := Probe(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			text := p.YAML()
			if diff := cmp.Diff(tt.want, text); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if _, faults := sources.ParseContract("sources/"+p.Source+".yaml", []byte(text)); len(faults) > 0 {
				t.Error(faults)
			}
		})
	}
}
