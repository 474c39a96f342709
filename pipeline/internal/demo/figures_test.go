package demo_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/demo"
)

// extractsOf returns the demo of the letter and other kerncijfers, by file name.
func extractsOf(t *testing.T, figures string) map[string]demo.Extract {
	t.Helper()
	list, err := demo.Extracts([]byte(publishedLetter), []byte(figures))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]demo.Extract{}
	for _, e := range list {
		all[e.Name] = e
	}
	return all
}

// counted are the published figures as a reader of the bytes counts them.
func counted(t *testing.T, all map[string]demo.Extract) map[string]string {
	t.Helper()
	got := map[string]string{}
	categorieen := map[string]int{}
	for _, grondslagen := range activeOn(last(t, all, "doelgroepregister", "20160630").rows, "2016-06-30") {
		categorieen[categorie(grondslagen)]++
		categorieen["alle"]++
	}
	for c, n := range categorieen {
		got["register "+c] = strconv.Itoa(n)
	}
	for _, p := range []string{"20200930", "20201231"} {
		indieners := map[string]int{}
		for _, row := range last(t, all, "aanvragen", p).rows {
			if strings.HasPrefix(row["DatAanvraag"], "2016-") {
				indieners[row["Indiener"]]++
			}
		}
		for i, n := range indieners {
			got["aanvragen "+p+" "+i] = strconv.Itoa(n)
		}
	}
	for _, row := range last(t, all, "uwv_trend", "20201231").rows {
		if row["Kwartaal"] == "2020-Q4" && strings.HasSuffix(row["Indicator"], "EXTRA_BANEN") {
			got[row["Gebied"]+" "+row["Indicator"]] = strings.TrimSuffix(row["Waarde"], ".0")
		}
	}
	return got
}

// TestExtractsHoldThePublishedFigures also checks that the extracts follow other figures.
func TestExtractsHoldThePublishedFigures(t *testing.T) {
	published := string(kerncijfers(t))
	want := map[string]string{
		"register alle": "1860", "register PARTICIPATIEWET": "235", "register WSW_WIW_ID": "92", "register WAJONG": "1533",
		"aanvragen 20200930 GEMEENTE": "8", "aanvragen 20200930 INWONER": "152",
		"aanvragen 20201231 GEMEENTE": "8", "aanvragen 20201231 INWONER": "152",
		"Gooi en Vechtstreek EXTRA_BANEN": "608", "Gooi en Vechtstreek NORM_EXTRA_BANEN": "900",
		"Nederland EXTRA_BANEN": "66730", "Nederland NORM_EXTRA_BANEN": "67500",
	}
	if d := cmp.Diff(want, counted(t, extractsOf(t, published))); d != "" {
		t.Errorf("figures (-published +counted):\n%s", d)
	}
	other := strings.NewReplacer(
		"Gooi en Vechtstreek;1860;", "Gooi en Vechtstreek;1871;", "Gooi en Vechtstreek;235;", "Gooi en Vechtstreek;242;",
		"Gooi en Vechtstreek;92;", "Gooi en Vechtstreek;91;", "Gooi en Vechtstreek;8;", "Gooi en Vechtstreek;11;",
		"Gooi en Vechtstreek;152;", "Gooi en Vechtstreek;150;", "Gooi en Vechtstreek;608;", "Gooi en Vechtstreek;611;",
		"Nederland;67500;", "Nederland;67600;",
	).Replace(published)
	want = map[string]string{
		"register alle": "1871", "register PARTICIPATIEWET": "242", "register WSW_WIW_ID": "91", "register WAJONG": "1538",
		"aanvragen 20200930 GEMEENTE": "11", "aanvragen 20200930 INWONER": "150",
		"aanvragen 20201231 GEMEENTE": "11", "aanvragen 20201231 INWONER": "150",
		"Gooi en Vechtstreek EXTRA_BANEN": "611", "Gooi en Vechtstreek NORM_EXTRA_BANEN": "900",
		"Nederland EXTRA_BANEN": "66730", "Nederland NORM_EXTRA_BANEN": "67600",
	}
	if d := cmp.Diff(want, counted(t, extractsOf(t, other))); d != "" {
		t.Errorf("other figures (-published +counted):\n%s", d)
	}
}

func TestFiguresThatCannotBeRead(t *testing.T) {
	published := string(kerncijfers(t))
	change := func(old, replacement string) string {
		if !strings.Contains(published, old) {
			t.Fatalf("no %q in the kerncijfers", old)
		}
		return strings.Replace(published, old, replacement, 1)
	}
	tests := []struct{ name, figures, want string }{
		{"empty", "", "read kerncijfers: the file is empty"},
		{"no source", change("bron", "document"), "read kerncijfers: line 1: column bron is missing"},
		{"ragged", change(";ja\n", ";ja;\n"), "read kerncijfers: record on line 2: wrong number of fields"},
		{"missing", change("personen_wsw_wiw_id", "x"), "read kerncijfers: personen_wsw_wiw_id of Gooi en Vechtstreek on 2016-06-30 is missing"},
		{"no number", change(";608;", ";zeshonderd;"), `read kerncijfers: extra_banen_realisatie of Gooi en Vechtstreek on 2020-12-31 is "zeshonderd", not a whole number`},
		{"impossible", change(";235;", ";1800;"), "read kerncijfers: 1800 and 92 people are more than the 1860 in the register"},
		{"too many", change(";1860;", ";30000;"), "read kerncijfers: more than 20000 people; there are no synthetic BSNs for them"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if list, err := demo.Extracts([]byte(publishedLetter), []byte(tt.figures)); err == nil || err.Error() != tt.want || list != nil {
				t.Errorf("%d extracts, error %v\nwant %s", len(list), err, tt.want)
			}
		})
	}
}

// TestEarlierRegisterIsOfTheSamePeople checks that people registered by then are in the earlier register.
func TestEarlierRegisterIsOfTheSamePeople(t *testing.T) {
	all := extracts(t, publishedLetter)
	before := map[string]string{}
	for _, row := range last(t, all, "doelgroepregister", "20160630").rows {
		if row["DatBRegistratie"] > "2016-06-30" || row["DatERegistratie"] > "2016-06-30" {
			t.Errorf("a registration from %s to %s was not known yet", row["DatBRegistratie"], row["DatERegistratie"])
		}
		before[row["Burgerservicenr"]+row["CdGrondslag"]+row["DatBRegistratie"]] = row["DatERegistratie"]
	}
	both, missing := 0, 0
	for _, row := range last(t, all, "doelgroepregister", "20190331").rows {
		if row["DatBRegistratie"] > "2016-06-30" {
			continue
		}
		end, ok := before[row["Burgerservicenr"]+row["CdGrondslag"]+row["DatBRegistratie"]]
		if !ok {
			missing++
			continue
		}
		both++
		if now := row["DatERegistratie"]; now != "" && now <= "2016-06-30" && end != now {
			t.Errorf("a registration ended on %s in one register, on %s in the other", end, now)
		}
	}
	if both < 900 || missing > 0 || len(before) < 1860 || len(before) > 2050 {
		t.Errorf("of %d registrations %d are in the next register, which has %d that are missing here", len(before), both, missing)
	}
}

func TestApplications(t *testing.T) {
	all := extracts(t, publishedLetter)
	register := activeOn(last(t, all, "doelgroepregister", "20201231").rows, "2020-12-31")
	outcomes, routes := map[string]int{}, map[string]int{}
	granted, listed, forgotten := 0, 0, 0
	earlierOutcome := map[string]string{}
	for _, row := range last(t, all, "aanvragen", "20200930").rows {
		earlierOutcome[row["AanvraagId"]] = row["Uitkomst"]
		if row["DatBeslissing"] > "2020-09-30" || row["DatAanvraag"] > "2020-09-30" {
			t.Errorf("%s was not known yet", row["AanvraagId"])
		}
	}
	decidedSince := 0
	for _, row := range last(t, all, "aanvragen", "20201231").rows {
		outcomes[row["Uitkomst"]]++
		routes[row["Route"]]++
		id, asked, decided := row["AanvraagId"], row["DatAanvraag"], row["DatBeslissing"]
		if decided != "" && decided < asked || asked < "2016-01-01" || asked > "2020-12-31" || decided > "2020-12-31" {
			t.Errorf("%s: asked %s, decided %s", id, asked, decided)
		}
		if (row["Uitkomst"] == "IN_BEHANDELING" || row["Uitkomst"] == "") != (decided == "") {
			t.Errorf("%s: %s on %q", id, row["Uitkomst"], decided)
		}
		if before, ok := earlierOutcome[id]; ok && before != row["Uitkomst"] {
			decidedSince++
			if before != "IN_BEHANDELING" {
				t.Errorf("%s was %s, and is %s", id, before, row["Uitkomst"])
			}
		}
		_, in := register[row["Burgerservicenr"]]
		if row["Uitkomst"] == "TOEGEKEND" && asked >= "2017-01-01" {
			granted++
			if in {
				listed++
			}
		}
		switch {
		case row["Uitkomst"] == "AFGEWEZEN" && in:
			t.Errorf("%s was refused, and the person is in the register", id)
		case row["Route"] == "PRAKTIJKROUTE":
			if row["Indiener"] != "GEMEENTE" || asked < "2017-01-01" {
				t.Errorf("%s: praktijkroute of %s, asked %s", id, row["Indiener"], asked)
			}
			if row["Uitkomst"] == "TOEGEKEND" && !in {
				forgotten++
			}
		}
	}
	t.Logf("%v %v, %d granted, of whom %d in the register; %d of the praktijkroute forgotten; %d decided since", outcomes, routes, granted, listed, forgotten, decidedSince)
	if len(outcomes) != 5 || len(routes) != 4 || decidedSince < 3 {
		t.Errorf("outcomes %v, routes %v, %d decided since", outcomes, routes, decidedSince)
	}
	if listed*10 < granted*9 || forgotten < 2 || forgotten > 8 {
		t.Errorf("%d granted, %d of them in the register, %d of the praktijkroute are not", granted, listed, forgotten)
	}
}

func TestClientsOfTheParticipatiewet(t *testing.T) {
	all := extracts(t, publishedLetter)
	register := activeOn(last(t, all, "doelgroepregister", "20201231").rows, "2020-12-31")
	byQuarter := map[string]map[string]bool{}
	for _, p := range []string{"20200930", "20201231"} {
		byQuarter[p] = map[string]bool{}
		gemeenten := map[string]int{}
		in := 0
		rows := last(t, all, "clientenbestand", p).rows
		for _, row := range rows {
			byQuarter[p][row["Burgerservicenr"]] = true
			gemeenten[gemeente(row["NaamGemeente"])]++
			if grondslagen, ok := register[row["Burgerservicenr"]]; ok {
				in++
				if p == "20201231" && categorie(grondslagen) != "PARTICIPATIEWET" && categorie(grondslagen) != "WAJONG" {
					t.Errorf("a client of the Participatiewet is in the register with %s", grondslagen)
				}
			}
			if day := strings.ReplaceAll(row["DatInstroom"], "-", ""); day > p {
				t.Errorf("%s: a client since %s", p, day)
			}
		}
		if len(gemeenten) != 8 || in*5 < len(rows) || in*2 > len(rows) {
			t.Errorf("%s: of %d clients in %v %d are in the register", p, len(rows), gemeenten, in)
		}
	}
	came, left := 0, 0
	for bsn := range byQuarter["20201231"] {
		if !byQuarter["20200930"][bsn] {
			came++
		}
	}
	for bsn := range byQuarter["20200930"] {
		if !byQuarter["20201231"][bsn] {
			left++
		}
	}
	if came < 10 || left < 10 || came*10 > len(byQuarter["20201231"]) {
		t.Errorf("%d came, %d left", came, left)
	}
}

func TestTrendHasEveryQuarter(t *testing.T) {
	all := extracts(t, publishedLetter)
	for p, quarters := range map[string]int{"20200930": 15, "20201231": 16} {
		values := map[string]string{}
		for _, row := range last(t, all, "uwv_trend", p).rows {
			values[row["Kwartaal"]+" "+row["Gebied"]+" "+row["Indicator"]] = row["Waarde"]
		}
		if len(values) != quarters*2*8 {
			t.Errorf("%s: %d figures", p, len(values))
		}
		previous := 0
		for i := range quarters {
			key := fmt.Sprintf("%d-Q%d Gooi en Vechtstreek NORM_EXTRA_BANEN", 2017+i/4, i%4+1)
			norm, err := strconv.Atoi(values[key])
			if err != nil || norm <= previous {
				t.Errorf("%s: %s is %q after %d", p, key, values[key], previous)
			}
			previous = norm
		}
	}
}
