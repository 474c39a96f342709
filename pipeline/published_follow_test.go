package pipeline

import (
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/mart"
)

// countedFigures are all published figures that the marts count, as they say them: the key figures
// and the cells and totals of the letter.
func countedFigures(t *testing.T, marts map[string]readTable) map[string]string {
	t.Helper()
	text := func(n *big.Rat) string { return strings.TrimSuffix(n.FloatString(1), ".0") }
	figures := map[string]string{}
	for _, f := range keyFigures {
		figures[f.name()] = text(f.inMarts(t, marts))
	}
	letter := marts["transparantie_klantprofielen"].where("peildatum", "2020-12-31")
	region := marts["transparantie_regio"].where("peildatum", "2020-12-31", "gebied", ownRegion)
	for _, klantVan := range []string{"GEMEENTE", "UWV"} {
		for _, column := range []string{"met_profiel", "zonder_profiel"} {
			for _, gemeente := range letter.distinct("gemeente") {
				figures[letterCell(gemeente, klantVan, column)] = text(letter.where("gemeente", gemeente, "klant_van", klantVan).total(t, column))
			}
			figures[letterCell("Totaal", klantVan, column)] = text(region.where("klant_van", klantVan).total(t, column))
		}
	}
	for _, gemeente := range letter.distinct("gemeente") {
		figures[letterTotal(gemeente)] = text(letter.where("gemeente", gemeente).total(t, "totaal"))
	}
	figures[letterTotal("Totaal")] = text(region.where("klant_van", "ALLE").total(t, "totaal"))
	return figures
}

func letterCell(gemeente, klantVan, column string) string {
	return fmt.Sprintf("%s %s %s", gemeente, klantVan, column)
}

func letterTotal(gemeente string) string { return gemeente + " totaal" }

// An edition is an extract that somebody changes by hand.
type edition struct {
	name  string
	lines []string
}

// editionOf takes the extract of that name out of landing, where the demo left it.
func editionOf(t *testing.T, data, name string) *edition {
	t.Helper()
	source, _, _ := strings.Cut(name, "_20")
	paths, err := filepath.Glob(filepath.Join(data, "landing", source, "*", name))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s landed %d times: %v", name, len(paths), err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return &edition{name: name, lines: strings.SplitAfter(string(text), "\n")}
}

// find gives the place of the first record that a pattern fits; if it is somebody's, of somebody who
// occurs once in the whole file.
func (e *edition) find(t *testing.T, pattern string) int {
	t.Helper()
	record := regexp.MustCompile(`^` + pattern + `\r?\n$`)
	bsn := regexp.MustCompile(`999\d{6}`)
	all := strings.Join(e.lines, "")
	for i, line := range e.lines {
		if !record.MatchString(line) {
			continue
		}
		if who := bsn.FindString(line); who == "" || strings.Count(all, who) == 1 {
			return i
		}
	}
	t.Fatalf("%s has no record like %s", e.name, pattern)
	return 0
}

// drop takes out the record that a pattern fits.
func (e *edition) drop(t *testing.T, pattern string) {
	t.Helper()
	e.lines[e.find(t, pattern)] = ""
}

// change writes the record that a pattern fits otherwise.
func (e *edition) change(t *testing.T, pattern, old, replacement string) {
	t.Helper()
	i := e.find(t, pattern)
	if strings.Count(e.lines[i], old) != 1 {
		t.Fatalf("%q of %s has no one %q", e.lines[i], e.name, old)
	}
	e.lines[i] = strings.Replace(e.lines[i], old, replacement, 1)
}

// deliver puts it in the inbox, as the hour-th of its peildatum.
func (e *edition) deliver(t *testing.T, data string, hour int) {
	t.Helper()
	source, _, _ := strings.Cut(e.name, "_20")
	path := filepath.Join(data, "inbox", source, strings.Replace(e.name, ".csv", fmt.Sprintf("_herzien%d.csv", hour), 1))
	nightWrite(t, path, strings.Join(e.lines, ""))
	at := demo.Clock.Add(time.Duration(hour)*time.Hour - time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// Names as the last Sonar extract of the demo writes them, and a record of it whose fields are plain.
var (
	sonarNames = map[string]string{
		"Blaricum": "Blaricum", "Eemnes": "Eemnes", "Gooise Meren": "Gooise Meren", "Hilversum": "(Gem\\. )?(Hilversum|HILVERSUM)",
		"Huizen": "(gemeente )?Huizen", "Laren": `Laren \(NH\.\)|Laren NH`, "Weesp": "Weesp", "Wijdemeren": `Wijd\w+`,
	}
	sonarRecord = `999\d{6};(%s);\d{4};%s;%s;(202\d-(0[1-9]|1[0-2])-[0-2]\d|);[JN];[JN];[JN];\d?;\w*;[^;"\d]*;\d*;[\d,]*;\w*`
)

func sonarPerson(gemeente, klantVan, met string) string {
	return fmt.Sprintf(sonarRecord, sonarNames[gemeente], klantVan, met)
}

// TestPublishedFollow: no figure is written down in the program. Of one record less, or one written
// otherwise, each figure that counts it moves by one, and no other figure moves.
func TestPublishedFollow(t *testing.T) {
	t.Parallel()
	data := publishDemo(t)
	_, _, marts := readMarts(t, data)
	base := countedFigures(t, marts)
	if len(base) != len(keyFigures)+9*5 {
		t.Fatalf("%d figures are counted", len(base))
	}
	by := func(figures map[string]string, name string, n int) {
		t.Helper()
		old, ok := figures[name]
		if !ok {
			t.Fatalf("no figure %q", name)
		}
		figures[name] = new(big.Rat).Add(rat(t, old), big.NewRat(int64(n), 1)).FloatString(0)
	}
	hour := 0
	follow := func(t *testing.T, want map[string]string, editions ...*edition) {
		t.Helper()
		hour++
		for _, e := range editions {
			e.deliver(t, data, hour)
		}
		o := nightOptions(data, "")
		o.Now = func() time.Time { return demo.Clock.Add(time.Duration(hour) * time.Hour) }
		if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
			t.Fatalf("%+v, %v", result, err)
		}
		_, _, marts := readMarts(t, data)
		if diff := cmp.Diff(want, countedFigures(t, marts)); diff != "" {
			t.Errorf("figures (-want +got)\n%s", diff)
		}
	}
	const (
		sonar, register      = "sonar_20201231.csv", "doelgroepregister_20160630.csv"
		aanvragen, kwartalen = "aanvragen_20201231.csv", "uwv_trend_20201231.csv"
		onlyOfPW             = `999\d{6};PW_INDICATIE;\d+-\d+-201[56];;[^;]*;\d*;[\d,]*`
		onlyOfWsw            = `999\d{6};WSW_DET;\d+-\d+-201[56];;[^;]*;\d*;[\d,]*`
	)

	// Somebody out of each cell of the letter, somebody of the Participatiewet out of the register, an
	// application of a gemeente, and an extra baan more.
	clients, people, applications, quarters := editionOf(t, data, sonar), editionOf(t, data, register), editionOf(t, data, aanvragen), editionOf(t, data, kwartalen)
	want := maps.Clone(base)
	cells := 0
	for gemeente := range sonarNames {
		for _, klantVan := range []string{"GEMEENTE", "UWV"} {
			for column, met := range map[string]string{"met_profiel": "J", "zonder_profiel": "N"} {
				clients.drop(t, sonarPerson(gemeente, klantVan, met))
				by(want, letterCell(gemeente, klantVan, column), -1)
				by(want, letterCell("Totaal", klantVan, column), -1)
				by(want, letterTotal(gemeente), -1)
				by(want, letterTotal("Totaal"), -1)
				cells++
			}
		}
	}
	want["dekking_gemeenteklanten_pct "+ownRegion] = "23.8" // 131 of 551
	people.drop(t, onlyOfPW)
	by(want, "personen_doelgroepregister "+ownRegion, -1)
	by(want, "personen_participatiewet "+ownRegion, -1)
	by(want, "personen_verantwoordelijkheid_gemeente "+ownRegion, -1)
	applications.drop(t, `AV2016-\d+;[\d.]+;[^;]*;2016-\d\d-\d\d;GEMEENTE;.*`)
	by(want, "aanvragen_indicatie "+ownRegion, -1)
	by(want, "aanvragen_indicatie_gemeente "+ownRegion, -1)
	quarters.change(t, `2020-Q4;Gooi en Vechtstreek;extra_banen;608`, ";608", ";609")
	quarters.change(t, `2020-Q4;Nederland;extra_banen;66\.730,0`, "66.730", "66.731")
	by(want, "extra_banen_realisatie "+ownRegion, 1)
	by(want, "extra_banen_realisatie "+country, 1)
	want["extra_banen_realisatie_pct "+ownRegion] = "67.7" // 609 of 900; the 98,9 of the country stays
	if cells != 32 {
		t.Errorf("%d cells", cells)
	}
	follow(t, want, clients, people, applications, quarters)

	// One client with a profile less, one profile withdrawn, somebody of the Wsw less, an application of
	// an inwoner less, and a norm that is one higher.
	clients, people, applications, quarters = editionOf(t, data, sonar), editionOf(t, data, register), editionOf(t, data, aanvragen), editionOf(t, data, kwartalen)
	want = maps.Clone(base)
	clients.drop(t, sonarPerson("Hilversum", "GEMEENTE", "J"))
	clients.change(t, sonarPerson("Laren", "UWV", "J"), ";UWV;J;", ";UWV;N;")
	for figure, n := range map[string]int{
		letterCell("Hilversum", "GEMEENTE", "met_profiel"): -1, letterCell("Totaal", "GEMEENTE", "met_profiel"): -1,
		letterTotal("Hilversum"): -1, letterTotal("Totaal"): -1,
		letterCell("Laren", "UWV", "met_profiel"): -1, letterCell("Laren", "UWV", "zonder_profiel"): 1,
		letterCell("Totaal", "UWV", "met_profiel"): -1, letterCell("Totaal", "UWV", "zonder_profiel"): 1,
		"personen_doelgroepregister " + ownRegion: -1, "personen_wsw_wiw_id " + ownRegion: -1, "personen_verantwoordelijkheid_gemeente " + ownRegion: -1,
		"aanvragen_indicatie " + ownRegion: -1, "aanvragen_indicatie_inwoner " + ownRegion: -1,
		"extra_banen_norm " + ownRegion: 1, "extra_banen_norm " + country: 1,
	} {
		by(want, figure, n)
	}
	want["dekking_gemeenteklanten_pct "+ownRegion] = "24.4" // 138 of 566
	want["extra_banen_realisatie_pct "+ownRegion] = "67.5"  // 608 of 901
	people.drop(t, onlyOfWsw)
	applications.drop(t, `AV2016-\d+;[\d.]+;[^;]*;2016-\d\d-\d\d;INWONER;.*`)
	quarters.change(t, `2020-Q4;Gooi en Vechtstreek;norm_extra_banen;900`, ";900", ";901")
	quarters.change(t, `2020-Q4;Nederland;norm_extra_banen;67\.500,0`, "67.500", "67.501")
	follow(t, want, clients, people, applications, quarters)
}
