package demo_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestClientsOverTheQuarters(t *testing.T) {
	all := extracts(t, publishedLetter)
	homes := map[string]string{}
	profiles := map[string]bool{}
	previous, moves, gained := 0, 0, 0
	coverage := map[int]bool{}
	for _, p := range peildata {
		r := last(t, all, "sonar", p)
		table := tabulate(r.rows)
		met, total := 0, 0
		for _, name := range []string{"Blaricum", "Eemnes", "Gooise Meren", "Hilversum", "Huizen", "Laren", "Weesp", "Wijdemeren"} {
			c := table[name]
			if c == [4]int{} {
				t.Errorf("%s: nobody in %s", p, name)
			}
			met += c[0]
			total += c[0] + c[1]
		}
		permille := 1000 * met / total
		t.Logf("%s: %d clients, profieldekking gemeente %d ‰, %v", p, len(r.rows), permille, table)
		coverage[permille] = true
		if permille > 245 {
			t.Errorf("%s: profieldekking %d ‰ is above that of the letter", p, permille)
		}
		if len(r.rows) <= previous {
			t.Errorf("%s: %d clients, no more than the quarter before", p, len(r.rows))
		}
		stayed := 0
		for _, row := range r.rows {
			bsn, home := row["Burgerservicenr"], gemeente(row["NaamGemeente"])
			if old, ok := homes[bsn]; ok {
				stayed++
				if old != home {
					moves++
				}
				if !profiles[bsn] && row["IndKlantprofiel"] == "J" {
					gained++
				}
			}
			profiles[bsn] = row["IndKlantprofiel"] == "J"
		}
		left := previous - stayed
		if previous > 0 && (left == 0 || left*10 > previous) {
			t.Errorf("%s: %d of %d clients left", p, left, previous)
		}
		clear(homes)
		for _, row := range r.rows {
			homes[row["Burgerservicenr"]] = gemeente(row["NaamGemeente"])
		}
		previous = len(r.rows)
	}
	if moves < 5 || gained < 50 || len(coverage) < 6 {
		t.Errorf("%d moves, %d new profiles, %d different coverages", moves, gained, len(coverage))
	}
}

// activeOn returns the grondslagen that count on a day, by person.
func activeOn(rows []loaded, day string) map[string]string {
	active := map[string]string{}
	for _, row := range rows {
		begin, end := row["DatBRegistratie"], row["DatERegistratie"]
		if begin <= day && (end == "" || end >= day) && begin != end {
			active[row["Burgerservicenr"]] += " " + row["CdGrondslag"]
		}
	}
	return active
}

// categorieRules are the rules of the law; the first match decides.
var categorieRules = []struct {
	any       *regexp.Regexp
	categorie string
}{
	{regexp.MustCompile(`(?i)WSW_DET`), "WSW_WIW_ID"},
	{regexp.MustCompile(`(?i)WAJ_(OUD|NIEUW)`), "WAJONG"},
	{regexp.MustCompile(`(?i)WSW_BW|WIW_ID`), "WSW_WIW_ID"},
	{regexp.MustCompile(`(?i)PW_INDICATIE|PW_PRAKTIJKROUTE|VSO_PRO|WAJ_AFGEWEZEN|TIJDELIJK`), "PARTICIPATIEWET"},
}

func categorie(grondslagen string) string {
	for _, rule := range categorieRules {
		if rule.any.MatchString(grondslagen) {
			return rule.categorie
		}
	}
	return "ONBEKEND"
}

func TestRegisterBesideSonar(t *testing.T) {
	all := extracts(t, publishedLetter)
	for i, p := range peildata {
		day := p[:4] + "-" + p[4:6] + "-" + p[6:]
		register := last(t, all, "doelgroepregister", p).rows
		active := activeOn(register, day)
		counts := map[string]int{}
		for _, grondslagen := range active {
			counts[categorie(grondslagen)]++
		}
		t.Logf("%s: %d rows, %d people, %v", p, len(register), len(active), counts)
		for _, c := range []string{"WAJONG", "WSW_WIW_ID", "PARTICIPATIEWET"} {
			if counts[c] < 50 {
				t.Errorf("%s: %d people in %s", p, counts[c], c)
			}
		}
		if counts["ONBEKEND"] > 0 {
			t.Errorf("%s: %d people in no categorie", p, counts["ONBEKEND"])
		}
		sonar := last(t, all, "sonar", p).rows
		missing, differ := 0, 0
		for _, row := range sonar {
			grondslagen, ok := active[row["Burgerservicenr"]]
			if !ok {
				missing++
				continue
			}
			if (categorie(grondslagen) == "WAJONG") != (row["KlantVan"] == "UWV") {
				differ++
			}
		}
		if missing == 0 || missing*50 > len(sonar) {
			t.Errorf("%s: %d of %d clients are not in the register", p, missing, len(sonar))
		}
		if differ == 0 || differ*200 > len(sonar) {
			t.Errorf("%s: %d of %d clients belong to another than Sonar says", p, differ, len(sonar))
		}
		if i == len(peildata)-1 && (len(active) < 1950 || len(active) > 2050) {
			t.Errorf("%d people in the register on %s, want about 2000", len(active), day)
		}
	}
}

func TestRegistrationsOfEveryKind(t *testing.T) {
	rows := last(t, extracts(t, publishedLetter), "doelgroepregister", "20201231").rows
	ended, oneDay, several := 0, 0, 0
	kinds := map[string]int{}
	for _, row := range rows {
		kinds[row["CdGrondslag"]]++
		switch end := row["DatERegistratie"]; {
		case end == row["DatBRegistratie"]:
			oneDay++
		case end != "" && end <= "2020-12-31":
			ended++
		}
	}
	combined := map[string]int{}
	for _, grondslagen := range activeOn(rows, "2020-12-31") {
		has := func(g string) bool { return strings.Contains(grondslagen, g) }
		wajong := has("WAJ_OUD") || has("WAJ_NIEUW")
		switch {
		case wajong && has("WSW_BW"):
			combined["Wajong with WSW_BW"]++
		case wajong && has("WSW_DET"):
			combined["Wajong with WSW_DET"]++
		}
		if strings.Count(grondslagen, " ") > 1 {
			several++
		}
	}
	if len(kinds) != 10 {
		t.Errorf("grondslagen %v, want ten", kinds)
	}
	if ended < 20 || oneDay < 5 || several < 20 || combined["Wajong with WSW_BW"] < 5 || combined["Wajong with WSW_DET"] < 5 {
		t.Errorf("%d ended, %d of one day, %d people with several, %v", ended, oneDay, several, combined)
	}
}

func TestProfilesCanBeFound(t *testing.T) {
	all := extracts(t, publishedLetter)
	withoutConsent := 0
	for _, p := range peildata {
		met, vindbaar, zichtbaar, werkfit := 0, 0, 0, 0
		for _, row := range last(t, all, "sonar", p).rows {
			if row["IndZichtbaar"] == "J" && row["IndToestemming"] != "J" {
				withoutConsent++
				if p == peildata[len(peildata)-1] {
					t.Errorf("%s: somebody is visible without consent", p)
				}
			}
			if row["IndKlantprofiel"] != "J" {
				continue
			}
			met++
			if row["IndZichtbaar"] == "J" {
				zichtbaar++
			}
			if row["IndWerkfit"] == "J" {
				werkfit++
			}
			complete := true
			for _, c := range []string{"CdOpleidingsniveau", "Bemiddelingsberoep", "MaxReisafstandKm", "AantUrenBeschikbaar", "Sector"} {
				complete = complete && row[c] != ""
			}
			if complete {
				vindbaar++
			}
			if d := strings.ReplaceAll(row["DatLaatsteWijzigingProfiel"], "-", ""); d == "" || d > p {
				t.Errorf("%s: profile changed on %q", p, d)
			}
			if l := row["Participatieladder"]; l != "" && (l < "1" || l > "6") {
				t.Errorf("%s: participatieladder %s", p, l)
			}
		}
		if vindbaar*10 < met*7 || zichtbaar*10 < met*8 || zichtbaar == met || werkfit*2 < met {
			t.Errorf("%s: of %d profiles %d vindbaar, %d zichtbaar, %d werkfit", p, met, vindbaar, zichtbaar, werkfit)
		}
	}
	if withoutConsent < 1 || withoutConsent > 4 {
		t.Errorf("%d people visible without consent over the older quarters", withoutConsent)
	}
}

func TestPlacements(t *testing.T) {
	all := extracts(t, publishedLetter)
	rows := last(t, all, "plaatsingen", "20201231").rows
	register := last(t, all, "doelgroepregister", "20201231").rows
	active := map[string]map[string]string{}
	running, ended, outside, decimals := 0, 0, 0, 0
	soorten := map[string]int{}
	for _, row := range rows {
		begin, end := row["DatBDienstverband"], row["DatEDienstverband"]
		if end != "" && end < begin {
			t.Errorf("%s ends on %s, before it begins", row["PlaatsingId"], end)
		}
		if end == "" || end >= "2020-12-31" {
			running++
			soorten[row["SoortDienstverband"]]++
		} else {
			ended++
		}
		hours, err := strconv.ParseFloat(row["AantContracturenPerWeek"], 64)
		if err != nil || hours < 8 || hours > 40 {
			t.Errorf("%s: %s hours a week", row["PlaatsingId"], row["AantContracturenPerWeek"])
		}
		if strings.Contains(row["AantContracturenPerWeek"], ".") {
			decimals++
		}
		if active[begin] == nil {
			active[begin] = activeOn(register, begin)
		}
		if _, ok := active[begin][row["Burgerservicenr"]]; !ok {
			outside++
		}
	}
	t.Logf("%d running, %d ended, %d begun outside the register, %v", running, ended, outside, soorten)
	if running < 900 || running > 1100 {
		t.Errorf("%d placements run, want about half as many as people", running)
	}
	if ended < 100 || decimals < 20 || len(soorten) != 6 || soorten["BESCHUT"] < 3 || soorten["BESCHUT"] > 60 {
		t.Errorf("%d ended, %d with decimals, running %v", ended, decimals, soorten)
	}
	if outside == 0 || outside*100 > 3*len(rows) {
		t.Errorf("%d of %d people were not in the register on their first day", outside, len(rows))
	}
}

func TestCorrectionOfPlaatsingen(t *testing.T) {
	all := extracts(t, publishedLetter)
	first, second := all["plaatsingen_20191231_v1.csv"], all["plaatsingen_20191231_v2.csv"]
	if !second.Modified.After(first.Modified) {
		t.Errorf("the correction is from %v, the first from %v", second.Modified, first.Modified)
	}
	had, has := read(t, first.Source, first.Data).rows, read(t, second.Source, second.Data).rows
	if len(has) <= len(had) {
		t.Errorf("the correction has %d placements, the first %d", len(has), len(had))
	}
}
