package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/probe"
	"inbeeld/sources"
	"inbeeld/sources/contract"
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
	seen := map[string]bool{}
	for _, e := range extracts {
		t.Run(e.Name, func(t *testing.T) { probeLoads(t, e.Source, e.Name, e.Data) })
		if kind := e.Source + filepath.Ext(e.Name); !seen[kind] {
			seen[kind] = true
			t.Run(e.Name+".gz", func(t *testing.T) { probeLoads(t, e.Source, e.Name+".gz", shapePacked(t, "gzip", e.Name, e.Data)) })
			t.Run(e.Name+".zip", func(t *testing.T) { probeLoads(t, e.Source, e.Name+".zip", shapePacked(t, "zip", e.Name, e.Data)) })
		}
	}
}

// probeLoads probes a file and loads it by what is proposed. Nothing of it stays.
func probeLoads(t *testing.T, source, name string, data []byte) {
	t.Helper()
	path, temp := filepath.Join(t.TempDir(), name), t.TempDir()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := probe.Probe(t.Context(), path, probe.Options{TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	text := p.YAML()
	c, faults := contract.Parse("sources/"+p.Source+".yaml", []byte(text))
	if len(faults) > 0 {
		t.Fatalf("%v\n%s", faults, text)
	}
	if date, ok, err := c.Peildatum(name); !ok || err != nil || c.Name != source || !strings.HasPrefix(strings.ReplaceAll(date, "-", ""), "20") {
		t.Errorf("source %s, date %s, %v, %v", c.Name, date, ok, err)
	}
	known := embeddedContract(t, source)
	for _, col := range c.Columns {
		if i := columnNamed(known, col.Name); i < 0 {
			t.Errorf("column %s is not in the file", col.Name)
		} else if k := known.Columns[i]; k.Type == contract.BSN && col.Type != contract.BSN || col.Type == contract.BSN && k.Type != contract.BSN {
			t.Errorf("column %s is a %s, proposed is %s", col.Name, k.Type, col.Type)
		}
	}
	l := testLoader(t)
	load, err := l.Load(t.Context(), c, landedAs(t, l, c.Name, name, data))
	if err != nil {
		t.Fatal(err)
	}
	if !load.Accepted || load.Balance.Geladen < load.Balance.Records*9/10 {
		t.Errorf("%v %+v by\n%s", load.Reasons, load.Balance, text)
	}
}

func columnNamed(c *contract.Contract, name string) int {
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
  - {name: '2e code', as: k_2e_code, type: text} # always empty: the type is a guess
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
# The file name has no date (jjjjmmdd). A delivery needs one: the peildatum.
match: 'uitval_(?P<peildatum>\d{8}).*\.jsonl'
# No unique combination of columns was found. Choose the key yourself.
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
			p, err := probe.Probe(t.Context(), path, probe.Options{TempDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			text := p.YAML()
			if diff := cmp.Diff(tt.want, text); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if _, faults := contract.Parse("sources/"+p.Source+".yaml", []byte(text)); len(faults) > 0 {
				t.Error(faults)
			}
		})
	}
}

// TestProbeEncrypted proposes a contract for what travels in several envelopes, with the key that it takes.
func TestProbeEncrypted(t *testing.T) {
	t.Parallel()
	dir, temp := t.TempDir(), t.TempDir()
	secrets := shapeSecrets(t)
	for name, text := range secrets {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plain := []byte("BSN;Naam\n123456782;Jan\n111222333;Piet\n010000008;Klaas\n")
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	gzipped := shapePacked(t, "gzip", "klanten_20201231.csv", plain)
	age := write("Klanten 20201231.CSV.age", shapePacked(t, "age", "", plain))
	pgp := write("klanten_20201231.csv.gz.pgp", shapePGP(t, "pgp", gzipped))
	locked := write("klanten_20201231.zip", shapeHex(t, "zip_password_aes256_opens"))
	two := write("klanten.zip", shapeZip(t, []string{"a.csv", "b.csv"}, map[string][]byte{"a.csv": plain, "b.csv": plain}))
	for _, tt := range []struct {
		name, path, identity, match, fault string
	}{
		{"age", age, filepath.Join(dir, "leverancier.age"), `Klanten (?P<peildatum>\d{8}).*\.csv\.age`, ""},
		{"gzip in pgp", pgp, filepath.Join(dir, "regio.asc"), `klanten_(?P<peildatum>\d{8}).*\.gz\.pgp`, ""},
		{"zip with a password", locked, filepath.Join(dir, "zip.txt"), `klanten_(?P<peildatum>\d{8}).*\.zip`, ""},
		{"zip with a password, none named", locked, "", "", "klanten_20201231.zip is encrypted; give the file with our private key or password: --identity FILE"},
		{"no key", age, "", "", "Klanten 20201231.CSV.age is encrypted; give the file with our private key or password: --identity FILE"},
		{"a key that is not there", age, filepath.Join(dir, "kwijt.age"), "", "onze sleutel is niet te lezen: open " + filepath.Join(dir, "kwijt.age") + ": no such file"},
		{"another key", pgp, filepath.Join(dir, "gpg.asc"), "", "het bestand is niet versleuteld voor de sleutel in het contract"},
		{"two files", two, "", "", "het zip-bestand bevat 2 bestanden (a.csv, b.csv)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := probe.Probe(t.Context(), tt.path, probe.Options{TempDir: temp, Identity: tt.identity})
			if left, readErr := os.ReadDir(temp); readErr != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, readErr)
			}
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c, faults := contract.Parse("sources/"+p.Source+".yaml", []byte(p.YAML()))
			if len(faults) > 0 {
				t.Fatalf("%v\n%s", faults, p.YAML())
			}
			if _, ok, err := c.Peildatum(filepath.Base(tt.path)); !ok || err != nil || c.Pattern() != tt.match || c.Format.Identity != filepath.Base(tt.identity) {
				t.Errorf("%s %v %v %q", c.Pattern(), ok, err, c.Format.Identity)
			}
		})
	}
}
