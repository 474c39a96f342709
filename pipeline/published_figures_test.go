package pipeline

import (
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// referenceRows reads a reference table of the project: one map for each row, column to value.
func referenceRows(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "sources", "reference", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	r := csv.NewReader(f)
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, value := range line {
			row[lines[0][i]] = value
		}
		rows = append(rows, row)
	}
	return rows
}

// rat is a number as a mart or a reference table writes it.
func rat(t *testing.T, value string) *big.Rat {
	t.Helper()
	n, ok := new(big.Rat).SetString(value)
	if !ok {
		t.Fatalf("%q is not a number", value)
	}
	return n
}

// where are the rows of which the columns hold the values: column, value, column, value …
func (r readTable) where(pairs ...string) readTable {
	out := readTable{columns: r.columns, types: r.types}
	for _, row := range r.rows {
		fits := true
		for i := 0; i < len(pairs); i += 2 {
			fits = fits && row[pairs[i]] == pairs[i+1]
		}
		if fits {
			out.rows = append(out.rows, row)
		}
	}
	return out
}

// total adds a column up over the rows; there must be some.
func (r readTable) total(t *testing.T, column string) *big.Rat {
	t.Helper()
	if len(r.rows) == 0 {
		t.Fatalf("there is no row to take %s of", column)
	}
	sum := new(big.Rat)
	for _, row := range r.rows {
		sum.Add(sum, rat(t, row[column]))
	}
	return sum
}

const (
	brief    = "brief 30-06-2021"
	voorstel = "voorstel 16-06-2017"
	trend    = "UWV trendrapportage Q4-2020"

	ownRegion = "Gooi en Vechtstreek"
	country   = "Nederland"
)

// A keyFigure is a published number with the document that published it, and where a mart says it.
// Percentages were published without decimals.
type keyFigure struct {
	indicator, peildatum, gebied string
	published, source            string
	inMarts                      func(t *testing.T, marts map[string]readTable) *big.Rat
}

func (f keyFigure) name() string { return f.indicator + " " + f.gebied }

// keyFigures are the published figures that come out of a mart.
var keyFigures = []keyFigure{
	{"extra_banen_realisatie", "2020-12-31", ownRegion, "608", brief, realised(ownRegion, "extra_banen")},
	{"extra_banen_norm", "2020-12-31", ownRegion, "900", brief, realised(ownRegion, "norm")},
	{"extra_banen_realisatie", "2020-12-31", country, "66730", trend, realised(country, "extra_banen")},
	{"extra_banen_norm", "2020-12-31", country, "67500", trend, realised(country, "norm")},
	{"extra_banen_realisatie_pct", "2020-12-31", ownRegion, "68", brief, realised(ownRegion, "realisatie_pct")},
	{"extra_banen_realisatie_pct", "2020-12-31", country, "99", brief, realised(country, "realisatie_pct")},
	{"dekking_gemeenteklanten_pct", "2020-12-31", ownRegion, "25", brief, func(t *testing.T, marts map[string]readTable) *big.Rat {
		return marts["transparantie_regio"].where("peildatum", "2020-12-31", "gebied", ownRegion, "klant_van", "GEMEENTE").total(t, "dekking_pct")
	}},
	{"personen_doelgroepregister", "2016-06-30", ownRegion, "1860", voorstel, registered()},
	{"personen_participatiewet", "2016-06-30", ownRegion, "235", voorstel, registered("categorie", "PARTICIPATIEWET")},
	{"personen_wsw_wiw_id", "2016-06-30", ownRegion, "92", voorstel, registered("categorie", "WSW_WIW_ID")},
	{"personen_verantwoordelijkheid_gemeente", "2016-06-30", ownRegion, "327", voorstel, registered("verantwoordelijke", "GEMEENTE")},
	{"aanvragen_indicatie", "2016-12-31", ownRegion, "160", voorstel, applied()},
	{"aanvragen_indicatie_gemeente", "2016-12-31", ownRegion, "8", voorstel, applied("indiener", "GEMEENTE")},
	{"aanvragen_indicatie_inwoner", "2016-12-31", ownRegion, "152", voorstel, applied("indiener", "INWONER")},
}

func realised(gebied, column string) func(*testing.T, map[string]readTable) *big.Rat {
	return func(t *testing.T, marts map[string]readTable) *big.Rat {
		t.Helper()
		return marts["realisatie"].where("kwartaal", "2020-Q4", "gebied", gebied).total(t, column)
	}
}

func registered(pairs ...string) func(*testing.T, map[string]readTable) *big.Rat {
	return func(t *testing.T, marts map[string]readTable) *big.Rat {
		t.Helper()
		return marts["doelgroep_stand"].where("peildatum", "2016-06-30").where(pairs...).total(t, "personen")
	}
}

func applied(pairs ...string) func(*testing.T, map[string]readTable) *big.Rat {
	return func(t *testing.T, marts map[string]readTable) *big.Rat {
		t.Helper()
		in := readTable{}
		for _, kwartaal := range []string{"2016-Q1", "2016-Q2", "2016-Q3", "2016-Q4"} {
			in.rows = append(in.rows, marts["aanvragen"].where("kwartaal", kwartaal).where(pairs...).rows...)
		}
		return in.total(t, "aanvragen")
	}
}

// onlyPublished are the rows of the kerncijfers that are no more than that: no mart counts them. Of a
// figure that cannot be right its row says so, and why.
var onlyPublished = []struct{ indicator, value, source, klopt, why string }{
	{"open_banen_niet_ingevuld", "50", voorstel, "ja", "ongeveer"},
	{"landelijke_doelstelling_extra_banen", "125000", brief, "ja", "Sociaal Akkoord"},
	{"landelijk_register_met_indicatie", "61500", voorstel, "nee", "UWV meldt 243.735 personen"},
	{"klanten_niet_in_kandidatenverkenner", "327", voorstel, "onzeker", "hetzelfde getal als 'onder verantwoordelijkheid van gemeenten'"},
	{"fusie_weesp", "", brief, "nee", "werkelijk 24-03-2022"},
	{"capaciteit_weken", "40", voorstel, "ja", ""},
	{"capaciteit_uurtarief", "75", voorstel, "ja", ""},
	{"capaciteit_kosten_totaal", "192000", voorstel, "ja", "64 uur x 40 weken x 75 euro"},
	{"restant_na_szw", "103500", voorstel, "ja", "192.000 - 88.500"},
	{"aandeel_werkkamer_pct", "65", voorstel, "ja", "67.250 gepubliceerd, 67.275 exact"},
	{"aandeel_gemeenten_pct", "35", voorstel, "ja", "36.250 gepubliceerd, 36.225 exact"},
}

// checkFigures holds every row of the kerncijfers against the published marts, and against what the
// documents say, written out here once more.
func checkFigures(t *testing.T, marts map[string]readTable) {
	rows := referenceRows(t, "kerncijfers")
	for _, row := range rows {
		indicator := row["indicator"]
		if i := slices.IndexFunc(keyFigures, func(f keyFigure) bool {
			return f.indicator == indicator && f.gebied == row["gebied"]
		}); i >= 0 {
			f := keyFigures[i]
			if row["peildatum"] != f.peildatum || row["waarde"] != f.published || row["bron"] != f.source || row["klopt"] != "ja" {
				t.Errorf("%s: the kerncijfers hold %v, %s says %s", f.name(), row, f.source, f.published)
			}
			got := f.inMarts(t, marts)
			rounded := got.FloatString(0) // half away from zero
			if row["eenheid"] != "procent" && !got.IsInt() || rounded != f.published {
				t.Errorf("%s: the marts say %s, %s says %s", f.name(), got.FloatString(2), f.source, f.published)
			}
			continue
		}
		i := slices.IndexFunc(onlyPublished, func(o struct{ indicator, value, source, klopt, why string }) bool {
			return o.indicator == indicator
		})
		if i < 0 {
			t.Errorf("no test is about %s of %s", indicator, row["gebied"])
			continue
		}
		if o := onlyPublished[i]; row["waarde"] != o.value || row["bron"] != o.source || row["klopt"] != o.klopt || !strings.Contains(row["opmerking"], o.why) {
			t.Errorf("%s: the kerncijfers hold %v, want %v", indicator, row, o)
		}
	}
	if len(rows) != len(keyFigures)+len(onlyPublished) {
		t.Errorf("%d kerncijfers, %d are tested", len(rows), len(keyFigures)+len(onlyPublished))
	}

	// The letter says Weesp leaves on 1 January 2022; the marts know better.
	weesp := marts["dim_gemeente"].where("gemeente", "Weesp")
	if len(weesp.rows) != 1 || weesp.rows[0]["geldig_tot"] != "2022-03-24" || weesp.rows[0]["opvolger"] != "GM0363" {
		t.Errorf("Weesp is %v", weesp.rows)
	}

	// 25 % is 139 of 567, and 327 is 235 + 92.
	region := marts["transparantie_regio"].where("peildatum", "2020-12-31", "gebied", ownRegion)
	for _, f := range []struct {
		klantVan, column, published string
	}{
		{"GEMEENTE", "met_profiel", "139"},
		{"GEMEENTE", "zonder_profiel", "428"},
		{"GEMEENTE", "totaal", "567"},
		{"UWV", "met_profiel", "871"},
		{"UWV", "zonder_profiel", "277"},
		{"ALLE", "totaal", "1715"},
	} {
		if got := region.where("klant_van", f.klantVan).total(t, f.column).FloatString(0); got != f.published {
			t.Errorf("%s of %s: %s, %s says %s", f.column, f.klantVan, got, brief, f.published)
		}
	}
}

// checkReference holds the dims against the reference tables: the same rows, but for the buckets.
func checkReference(t *testing.T, marts map[string]readTable) {
	for _, c := range []struct {
		mart, table, key string
		columns          []string
		buckets          []string
	}{
		{"dim_gemeente", "gemeenten", "gemeentecode", []string{"gemeente", "geldig_vanaf", "geldig_tot", "opvolger", "inwoners_2016", "status"}, []string{"GM9998", "GM9999"}},
		{"dim_grondslag", "grondslagen", "grondslag", []string{"omschrijving", "groep"}, []string{"ONBEKEND"}},
	} {
		rows := referenceRows(t, c.table)
		for _, row := range rows {
			in := marts[c.mart].where(c.key, row[c.key])
			if len(in.rows) != 1 {
				t.Errorf("%s has %d rows %s", c.mart, len(in.rows), row[c.key])
				continue
			}
			for _, column := range c.columns {
				if got := strings.ReplaceAll(in.rows[0][column], "NULL", ""); got != row[column] {
					t.Errorf("%s, %s: %s is %q, in the reference %q", c.mart, row[c.key], column, got, row[column])
				}
			}
		}
		if len(marts[c.mart].rows) != len(rows)+len(c.buckets) {
			t.Errorf("%s has %d rows, the reference %d", c.mart, len(marts[c.mart].rows), len(rows))
		}
		for _, bucket := range c.buckets {
			if len(marts[c.mart].where(c.key, bucket).rows) != 1 {
				t.Errorf("%s has no row %s", c.mart, bucket)
			}
		}
	}
}
