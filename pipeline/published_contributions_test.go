package pipeline

import (
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/mart"
)

// The contributions of the voorstel of 16-06-2017, in euro, as published.
var contributions = map[string]int64{
	"Ministerie van SZW": 88500, "Werkkamer": 67250,
	"Blaricum": 1321, "Eemnes": 1257, "Gooise Meren": 7998, "Hilversum": 12426,
	"Huizen": 5856, "Laren": 1535, "Weesp": 2571, "Wijdemeren": 1257,
}

// Their published totals, which their rows do not add up to.
const (
	publishedOfGemeenten, addedOfGemeenten = 36250, 34221
	publishedOfAll, addedOfAll             = 192000, 189971
)

// contributionFindings are what the checks say of them: check and group to ernst and value.
var contributionFindings = map[string]string{
	"core.bijdragen.totaal_klopt_niet alle partijen": "alarm 2029",
	"core.bijdragen.totaal_klopt_niet gemeenten":     "alarm 2029",
	"core.bijdragen.bijdrage_per_inwoner Wijdemeren": "waarschuwing 1",
}

// checkContributions holds the mart against the published amounts and against shares that are worked
// out here, and the findings against what does not foot.
func checkContributions(t *testing.T, marts map[string]readTable) {
	costs := marts["capaciteit_kosten"]
	inhabitants, all := map[string]int64{}, int64(0)
	for _, row := range referenceRows(t, "gemeenten") {
		if n, err := strconv.ParseInt(row["inwoners_2016"], 10, 64); err == nil {
			inhabitants[row["gemeente"]] = n
			all += n
		}
	}
	total, municipal := int64(0), int64(0)
	for partij, amount := range contributions {
		row := costs.where("partij", partij)
		if len(row.rows) != 1 || rat(t, row.rows[0]["bedrag_gepubliceerd"]).Cmp(big.NewRat(amount, 1)) != 0 {
			t.Errorf("%s: %v, %s says € %d", partij, row.rows, voorstel, amount)
			continue
		}
		total += amount
		wantShare, wantDifference := "NULL", "NULL"
		if n, ok := inhabitants[partij]; ok {
			municipal += amount
			share := big.NewRat(publishedOfGemeenten*n, all)
			wantShare = share.FloatString(2)
			difference := new(big.Rat).Sub(big.NewRat(amount, 1), share)
			wantDifference = difference.Quo(difference, share).Mul(difference, big.NewRat(100, 1)).FloatString(1)
		}
		for column, want := range map[string]string{"bedrag_naar_rato": wantShare, "afwijking_pct": wantDifference} {
			got := row.rows[0][column]
			if got != want && (got == "NULL" || want == "NULL" || rat(t, got).Cmp(rat(t, want)) != 0) {
				t.Errorf("%s: %s is %s, want %s", partij, column, got, want)
			}
		}
	}
	if len(costs.rows) != len(contributions) || total != addedOfAll || municipal != addedOfGemeenten {
		t.Errorf("%d rows add up to %d, of gemeenten %d", len(costs.rows), total, municipal)
	}
	published := map[string]string{}
	for _, row := range referenceRows(t, "bijdragen_2017_totalen") {
		published[row["totaal"]] = row["gepubliceerd_eur"]
	}
	if want := map[string]string{"alle partijen": strconv.Itoa(publishedOfAll), "gemeenten": strconv.Itoa(publishedOfGemeenten)}; !maps.Equal(published, want) {
		t.Errorf("the published totals are %v", published)
	}
	if diff := cmp.Diff(contributionFindings, findingsOn(t, marts, "core.bijdragen")); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
}

// findingsOn are the findings on a table that are not in order: check and group to ernst and value.
func findingsOn(t *testing.T, marts map[string]readTable, table string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, row := range marts["kwaliteit_bevindingen"].where("tabel", table).rows {
		if row["ernst"] != "ok" {
			found[row["check"]+" "+row["groep"]] = row["ernst"] + " " + rat(t, row["waarde"]).FloatString(0)
		}
	}
	return found
}

// checkCapacity: 64 hours a week × 40 weeks × € 75 is the € 192.000 that was published; less what the
// ministry pays € 103.500, of which the Werkkamer pays 65 % and the gemeenten 35 %.
func checkCapacity(t *testing.T, marts map[string]readTable) {
	hours := marts["achterstand_registratie"].where("peildatum", "2020-12-31")
	want := map[string]int64{"Gooise Meren": 16, "Hilversum": 16, "HBEL": 16, "Weesp": 8, "Wijdemeren": 8}
	for dienst, h := range want {
		if got := hours.where("uitvoeringsdienst", dienst).total(t, "uren_per_week"); got.Cmp(big.NewRat(h, 1)) != 0 {
			t.Errorf("%s has %s hours a week, %s says %d", dienst, got.FloatString(2), voorstel, h)
		}
	}
	figure := map[string]*big.Rat{}
	for _, row := range referenceRows(t, "kerncijfers") {
		if row["waarde"] != "" {
			figure[row["indicator"]] = rat(t, row["waarde"])
		}
	}
	all := hours.total(t, "uren_per_week")
	if len(hours.rows) != len(want) || all.Cmp(big.NewRat(64, 1)) != 0 {
		t.Errorf("%d services have %s hours a week, %s says 64", len(hours.rows), all.FloatString(2), voorstel)
	}
	cost := new(big.Rat).Mul(all, figure["capaciteit_weken"])
	cost.Mul(cost, figure["capaciteit_uurtarief"])
	paid := func(partij string) *big.Rat {
		return marts["capaciteit_kosten"].where("partij", partij).total(t, "bedrag_gepubliceerd")
	}
	rest := new(big.Rat).Sub(cost, paid("Ministerie van SZW"))
	share := func(amount *big.Rat) string {
		pct := new(big.Rat).Mul(amount, big.NewRat(100, 1))
		return pct.Quo(pct, rest).FloatString(0)
	}
	for name, got := range map[string]string{
		"capaciteit_kosten_totaal": cost.FloatString(0),
		"restant_na_szw":           rest.FloatString(0),
		"aandeel_werkkamer_pct":    share(paid("Werkkamer")),
		"aandeel_gemeenten_pct":    share(big.NewRat(publishedOfGemeenten, 1)),
	} {
		if got != figure[name].FloatString(0) {
			t.Errorf("%s is %s, %s says %s", name, got, voorstel, figure[name].FloatString(0))
		}
	}
}

// contributionFiles are what the checks on contributions need of the project, and a source, because a
// finding belongs to a peildatum.
var contributionFiles = []string{
	"sources/reference/*.csv", "sources/uwv_trend.yaml", "sql/staging/gemeenten.sql", "sql/core/bijdragen.sql",
	"checks/core.bijdragen.*", "sql/marts/kwaliteit_bevindingen.sql",
}

// TestContributionsChanged: when any one contribution is € 500 more or less, the checks name its
// gemeente or a total that it is part of, and name what is not in order now and nothing else.
func TestContributionsChanged(t *testing.T) {
	t.Parallel()
	project := t.TempDir()
	nightWrite(t, filepath.Join(project, "inbeeld.yaml"), "standalone: true\n")
	for _, pattern := range contributionFiles {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			nightWrite(t, filepath.Join(project, strings.TrimPrefix(file, ".."+string(filepath.Separator))), string(text))
		}
	}
	n := newNight(t, project)
	n.deliver(t, "uwv_trend", "uwv_trend_20201231.csv", "Kwartaal;Gebied;Indicator;Waarde\n2020-Q4;Gooi en Vechtstreek;extra_banen;608\n", 1)
	path := filepath.Join(project, "sources", "reference", "bijdragen_2017.csv")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hours := 0
	findings := func(file string) map[string]string {
		t.Helper()
		nightWrite(t, path, file)
		hours++
		o := nightOptions(n.data, project)
		o.Now = func() time.Time { return demo.Clock.Add(time.Duration(hours) * time.Hour) }
		if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
			t.Fatalf("%+v, %v", result, err)
		}
		_, _, marts := readMarts(t, n.data)
		return findingsOn(t, marts, "core.bijdragen")
	}
	if diff := cmp.Diff(contributionFindings, findings(string(text))); diff != "" {
		t.Fatalf("as published (-want +got)\n%s", diff)
	}
	names, changed := map[string]bool{}, 0
	for partij, amount := range contributions {
		for _, by := range []int64{-500, 500} {
			other := maps.Clone(contributions)
			other[partij] += by
			line := regexp.MustCompile(fmt.Sprintf(`(?m)^(%s;.*;)%d$`, regexp.QuoteMeta(partij), amount))
			got := findings(line.ReplaceAllString(string(text), fmt.Sprintf("${1}%d", other[partij])))
			if diff := cmp.Diff(expectedFindings(t, other), got); diff != "" {
				t.Errorf("%s € %+d (-want +got)\n%s", partij, by, diff)
			}
			about := 0
			for finding, value := range got {
				isNew := contributionFindings[finding] != value
				if isNew && (strings.HasSuffix(finding, " "+partij) || strings.HasPrefix(finding, "core.bijdragen.totaal_klopt_niet ")) {
					about++
				}
				names[strings.TrimPrefix(finding, "core.bijdragen.bijdrage_per_inwoner ")] = true
			}
			if about == 0 {
				t.Errorf("%s € %+d: nothing names it or a total: %v", partij, by, got)
			}
			changed++
		}
	}
	for _, gemeente := range []string{"Blaricum", "Eemnes", "Laren", "Weesp"} { // € 500 is more than a tenth
		if !names[gemeente] {
			t.Errorf("no change made the checks name %s", gemeente)
		}
	}
	if changed != 2*len(referenceRows(t, "bijdragen_2017")) {
		t.Errorf("%d changes were tried", changed)
	}
}

// expectedFindings works out what the checks should say of other contributions.
func expectedFindings(t *testing.T, amounts map[string]int64) map[string]string {
	t.Helper()
	want := map[string]string{}
	all, municipal := int64(0), int64(0)
	perHead := map[string]*big.Rat{}
	var sorted []*big.Rat
	for _, row := range referenceRows(t, "gemeenten") {
		n, err := strconv.ParseInt(row["inwoners_2016"], 10, 64)
		if err != nil {
			continue
		}
		perHead[row["gemeente"]] = big.NewRat(amounts[row["gemeente"]], n)
		sorted = append(sorted, perHead[row["gemeente"]])
		municipal += amounts[row["gemeente"]]
	}
	for _, amount := range amounts {
		all += amount
	}
	for total, difference := range map[string]int64{"alle partijen": publishedOfAll - all, "gemeenten": publishedOfGemeenten - municipal} {
		if difference != 0 {
			want["core.bijdragen.totaal_klopt_niet "+total] = fmt.Sprintf("alarm %d", max(difference, -difference))
		}
	}
	slices.SortFunc(sorted, (*big.Rat).Cmp)
	median := new(big.Rat).Add(sorted[3], sorted[4]) // of eight
	median.Quo(median, big.NewRat(2, 1))
	for gemeente, amount := range perHead {
		distance := new(big.Rat).Sub(amount, median)
		if distance.Abs(distance).Cmp(new(big.Rat).Quo(median, big.NewRat(10, 1))) > 0 {
			want["core.bijdragen.bijdrage_per_inwoner "+gemeente] = "waarschuwing 1"
		}
	}
	return want
}
