package pipeline

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/testing/truth"
)

// The comparison sees what is wrong: in what was published, and in what truth was told.
func TestTruthSeesMutants(t *testing.T) {
	t.Parallel()
	files := [][3]string{
		{"doelgroepregister", "2020-12-31", "Burgerservicenr;CdGrondslag;DatBRegistratie;DatERegistratie;NaamGemeente\n" +
			"999000007;PW_INDICATIE;2019-01-01;;Hilversum\n999000019;WAJ_OUD;2010-01-01;;Huizen\n999000020;VSO_PRO;2020-01-01;2020-12-31;Laren\n"},
		{"sonar", "2020-12-31", "Burgerservicenr;NaamGemeente;KlantVan;IndKlantprofiel\n" +
			"999000007;Hilversum;GEMEENTE;J\n999000019;Huizen;UWV;N\n999000032;Weesp;GEMEENTE;N\n"},
		{"plaatsingen", "2020-12-31", "PlaatsingId;Burgerservicenr;NaamGemeente;DatBDienstverband;DatEDienstverband;AantContracturenPerWeek;SoortDienstverband;Sector\n" +
			"P1;999000007;Hilversum;2020-10-01;2020-12-31;20;REGULIER;MARKT\n"},
	}
	s := newTruthStory(t)
	s.world.Pull()
	for _, f := range files {
		s.give(t, f[0], f[1], f[2])
	}
	marts := s.runs(t, time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC))
	s.compare(t, marts)

	// set changes a cell of a copy of a published table.
	set := func(mart, column, value string, picks func(map[string]string) bool) func(map[string]readTable) {
		return func(marts map[string]readTable) {
			i := slices.IndexFunc(marts[mart].rows, picks)
			marts[mart].rows[i][column] = value
		}
	}
	for _, mutant := range []struct {
		name    string
		damages func(map[string]readTable)
		seen    string // the line that says so
	}{
		{
			"two cells change places",
			func(marts map[string]readTable) {
				rows := marts["transparantie_klantprofielen"].rows
				i := slices.IndexFunc(rows, func(r map[string]string) bool { return r["met_profiel"] == "1" })
				rows[i]["met_profiel"], rows[i]["zonder_profiel"] = rows[i]["zonder_profiel"], rows[i]["met_profiel"]
			},
			`transparantie_klantprofielen [2020-12-31 | GM0402 | GEMEENTE]: met_profiel expected "1", got "0"`,
		},
		{
			"a person in the wrong gemeente",
			set("doelgroep_stand", "personen", "0", on("personen", "1")),
			`doelgroep_stand [2020-12-31 | GM0402 | PARTICIPATIEWET]: personen expected "1", got "0"`,
		},
		{
			"one hundredth",
			set("plaatsingen_stand", "banen", "0.79", on("gemeentecode", "GM0402")),
			`plaatsingen_stand [2020-12-31 | GM0402 | MARKT | REGULIER]: banen expected "0.78", got "0.79"`,
		},
		{
			"empty is not nought",
			set("transparantie_klantprofielen", "dekking_pct", "0", func(r map[string]string) bool { return r["gemeentecode"] == "GM0317" && r["klant_van"] == "UWV" }),
			`transparantie_klantprofielen [2020-12-31 | GM0317 | UWV]: dekking_pct expected "NULL", got "0.0"`,
		},
		{
			"a row is gone",
			func(marts map[string]readTable) {
				table := marts["trechter"]
				table.rows = slices.DeleteFunc(table.rows, func(r map[string]string) bool { return r["gemeentecode"] == "GM0457" && r["stap"] == "geplaatst" })
				marts["trechter"] = table
			},
			`trechter [2020-12-31 | GM0457 | geplaatst]: missing; expected gemeente=Weesp volgorde=6 personen=0 personen_cumulatief=0`,
		},
		{
			"a row too many",
			func(marts map[string]readTable) {
				table := marts["dim_gemeente"]
				table.rows = append(table.rows, table.rows[0])
				marts["dim_gemeente"] = table
			},
			`dim_gemeente [GM0317]: published 2 times`,
		},
		{
			"a finding is milder",
			set("kwaliteit_bevindingen", "ernst", "ok", func(r map[string]string) bool {
				return r["check"] == "staging.sonar.ingevuld_sector"
			}),
			`kwaliteit_bevindingen [2020-12-31 | staging.sonar.ingevuld_sector | alle]: ernst expected "waarschuwing", got "ok"`,
		},
		{
			"a column has another name",
			func(marts map[string]readTable) {
				table := marts["screening"]
				table.columns = append([]string{"datum"}, table.columns[1:]...)
				marts["screening"] = table
			},
			`screening: columns [datum`,
		},
	} {
		t.Run(mutant.name, func(t *testing.T) {
			damaged := truthCopy(marts)
			mutant.damages(damaged)
			truthSees(t, s.differences(t, damaged), mutant.seen)
		})
	}
	for _, told := range []struct {
		name       string
		file       int
		from, into string // in the text of that file
		seen       string
	}{
		{"a grondslag", 0, "WAJ_OUD", "WSW_DET", `doelgroep_stand [2020-12-31 | GM0406 | WAJONG]: personen expected "0", got "1"`},
		{"an end one day earlier", 0, ";2020-12-31;Laren", ";2020-12-30;Laren", `trechter [2020-12-31 | GM0417 | in_register]: personen expected "0", got "1"`},
		{"a profile", 1, "Weesp;GEMEENTE;N", "Weesp;GEMEENTE;J", `transparantie_regio [2020-12-31 | Gooi en Vechtstreek | ALLE]: dekking_pct expected "66.7", got "33.3"`},
		{"a placement of beschut werk", 2, "REGULIER", "BESCHUT", `plaatsingen_stand [2020-12-31 | GM0402 | MARKT | BESCHUT]: missing`},
	} {
		t.Run("told another story: "+told.name, func(t *testing.T) {
			other := &truthStory{world: truth.NewWorld(truthReference(t)), contracts: s.contracts, secret: s.secret}
			other.world.Pull()
			for i, f := range files {
				text := f[2]
				if i == told.file {
					if text = strings.Replace(f[2], told.from, told.into, 1); text == f[2] {
						t.Fatalf("%q is not in the file", told.from)
					}
				}
				other.world.Receive(other.read(f[0], f[1], f[0]+".csv", []byte(text)))
			}
			truthSees(t, other.differences(t, marts), told.seen)
		})
	}
}

func truthSees(t *testing.T, lines []string, seen string) {
	t.Helper()
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, seen) }) {
		t.Errorf("nothing says %q:\n%s", seen, strings.Join(lines, "\n"))
	}
}

func truthCopy(marts map[string]readTable) map[string]readTable {
	out := map[string]readTable{}
	for name, table := range marts {
		rows := make([]map[string]string, len(table.rows))
		for i, row := range table.rows {
			rows[i] = maps.Clone(row)
		}
		out[name] = readTable{columns: table.columns, types: table.types, rows: rows}
	}
	return out
}
