package mart

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

func sampleManifest() Manifest {
	m := Manifest{
		Run: "nachtelijk-20261121T0230", Published: time.Date(2026, 11, 21, 3, 34, 56, 789, time.FixedZone("CET", 3600)),
		Inputs: "abc", Engine: "inbeeld 1.0 DuckDB 1.1.2",
		Peildata: map[string]string{"sonar": "2020-12-31", "doelgroepregister": "2020-12-30"},
		Deliveries: []Delivery{
			{Source: "sonar", ID: "2020-12-31-0123456789ab", Peildatum: "2020-12-31", SHA256: "01", File: "sonar_20201231.csv"},
			{Source: "doelgroepregister", ID: "2020-12-30-ba9876543210", Peildatum: "2020-12-30", SHA256: "02", File: "doelgroepregister_20201230.csv"},
		},
		Files: []File{
			{
				Mart: "transparantie_klantprofielen", Path: "transparantie_klantprofielen.parquet", Rows: 18, Size: 4096,
				SHA256: "aa", Fingerprint: "f1", Definition: "0123456789ab", Description: "Klanten < 5 & meer", Grain: []string{"peildatum", "klant_van"},
				Columns: []Column{
					{Name: "peildatum", Type: "DATE", Description: "Datum waarover de gegevens gaan."},
					{Name: "klant_van", Type: "VARCHAR", Description: "GEMEENTE of UWV."},
					{Name: "dekking_pct", Type: "DECIMAL(5,1)", Description: "Aandeel met klantprofiel.", Unit: "procent", Denominator: "totaal"},
					{Name: "totaal", Type: "BIGINT", Description: "Klanten."},
					{Name: "volgorde", Type: "INTEGER", Description: "Volgorde."},
					{Name: "in_regio", Type: "BOOLEAN", Description: "In de regio."},
					{Name: "ontvangen_op", Type: "TIMESTAMP", Description: "In UTC."},
				},
			},
			{
				Mart: "plaatsingen", Path: "intern/plaatsingen.parquet", Rows: 3, Size: 100, SHA256: "bb", Fingerprint: "f2", Definition: "ba9876543210",
				Description: "Plaatsingen.", Grain: []string{"plaatsing_id"}, Intern: true,
				Columns: []Column{{Name: "plaatsing_id", Type: "VARCHAR", Description: "Sleutel."}},
			},
		},
		Checks: map[string]int{"ok": 40, "alarm": 2},
	}
	m.Set = SetFingerprint(m.Files)
	return m
}

func TestManifestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	m := sampleManifest()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.normal(), *got); diff != "" {
		t.Error(diff)
	}
	slices.Reverse(m.Files)
	slices.Reverse(m.Deliveries)
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Error("another order gives other bytes:", diff)
	}
	for _, text := range []string{`"published": "2026-11-21T02:34:56Z"`, `"alarm": 2`, `Klanten < 5 & meer`, `"peildata": {
    "doelgroepregister": "2020-12-30"`} {
		if !strings.Contains(string(before), text) {
			t.Errorf("%s is not in %s", text, before)
		}
	}
}

func TestManifestUnreadable(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadManifest(dir); err == nil {
		t.Error("a manifest that is not there was read")
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"run": 1`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadManifest(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

func TestSetFingerprint(t *testing.T) {
	one := []File{{Path: "a.parquet", SHA256: "01"}, {Path: "b.parquet", SHA256: "02"}}
	set := SetFingerprint(one)
	if len(set) != 64 {
		t.Errorf("%q is no SHA-256", set)
	}
	for name, c := range map[string]struct {
		files []File
		same  bool
	}{
		"other order": {[]File{one[1], one[0]}, true},
		"other facts": {[]File{{Path: "a.parquet", SHA256: "01", Rows: 9}, one[1]}, true},
		"other bytes": {[]File{{Path: "a.parquet", SHA256: "03"}, one[1]}, false},
		"other name":  {[]File{{Path: "c.parquet", SHA256: "01"}, one[1]}, false},
		"swapped":     {[]File{{Path: "a.parquet", SHA256: "02"}, {Path: "b.parquet", SHA256: "01"}}, false},
		"one less":    {one[:1], false},
		"none":        {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := SetFingerprint(c.files); (got == set) != c.same {
				t.Errorf("%s against %s", got, set)
			}
		})
	}
}

func TestStageRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Manifest){
		"no run":               func(m *Manifest) { m.Run = "" },
		"a run that escapes":   func(m *Manifest) { m.Run = "../x" },
		"no time":              func(m *Manifest) { m.Published = time.Time{} },
		"a path that escapes":  func(m *Manifest) { m.Files[0].Path = "../x.parquet" },
		"an absolute path":     func(m *Manifest) { m.Files[0].Path = "/x.parquet" },
		"a folder of its own":  func(m *Manifest) { m.Files[0].Path = "elders/x.parquet" },
		"not Parquet":          func(m *Manifest) { m.Files[0].Path = "x.csv" },
		"intern outside":       func(m *Manifest) { m.Files[0].Intern = true },
		"aggregate inside":     func(m *Manifest) { m.Files[1].Intern = false },
		"a hidden file":        func(m *Manifest) { m.Files[0].Path = ".parquet" },
		"a backslash":          func(m *Manifest) { m.Files[0].Path = `intern\x.parquet` },
		"the same path twice":  func(m *Manifest) { m.Files = append(m.Files, m.Files[0]) },
		"a grain of no column": func(m *Manifest) { m.Files[0].Grain = []string{"kwartaal"} },
		"a forbidden type":     func(m *Manifest) { m.Files[0].Columns[0].Type = "DOUBLE" },
		"a file that is not there": func(m *Manifest) {
			m.Files = append(m.Files, File{Mart: "x", Path: "x.parquet"})
		},
		"another size": func(m *Manifest) { m.Files[0].Size++ },
	} {
		t.Run(name, func(t *testing.T) {
			dir, m := t.TempDir(), sampleManifest()
			if err := os.Mkdir(filepath.Join(dir, "intern"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, f := range m.Files {
				if err := os.WriteFile(filepath.Join(dir, f.Path), make([]byte, f.Size), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			staged, err := Stage(dir, sampleManifest(), dataset)
			if err != nil || staged.Set != SetFingerprint(m.Files) {
				t.Fatalf("the manifest is refused before it is spoilt: %v", err)
			}
			spoil(&m)
			if _, err := Stage(dir, m, dataset); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestDatapackage(t *testing.T) {
	data, err := Datapackage(sampleManifest(), dataset)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "datapackage.json")
	if *update {
		if err := os.WriteFile(golden, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)); diff != "" {
		t.Errorf("differs from %s: %s", golden, diff)
	}
	if !json.Valid(data) {
		t.Error("is not JSON")
	}
	for name, d := range map[string]Dataset{"capitals": {Name: "InBeeld"}, "spaces": {Name: "in beeld"}, "none": {}} {
		if _, err := Datapackage(sampleManifest(), d); err == nil {
			t.Errorf("name with %s was accepted", name)
		}
	}
	empty, err := Datapackage(Manifest{Run: "r", Published: night(1)}, dataset)
	if err != nil || !strings.Contains(string(empty), `"resources": []`) {
		t.Errorf("%s, %v", empty, err)
	}
}
