package notify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/projectfile"
)

// TestSettings reads the blocks in testdata/settings.txtar: each with the faults that it has, none for a
// good one.
func TestSettings(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "settings.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		given, want := archive.Files[i], archive.Files[i+1]
		t.Run(given.Name, func(t *testing.T) {
			var config struct {
				Alerts Settings `yaml:"alerts"`
			}
			doc, faults := projectfile.Parse("inbeeld.yaml", given.Data)
			if len(faults) == 0 {
				faults = doc.Decode(&config)
			}
			if len(faults) == 0 {
				faults = config.Alerts.Check(doc, "$.alerts")
			}
			got := ""
			if len(faults) > 0 {
				got = faults.Sorted().Error()
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want.Data)), strings.TrimSpace(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestReadmeExample: what the README shows is complete and right.
func TestReadmeExample(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\nalerts:\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the README has no example of alerts")
	}
	var config struct {
		Alerts Settings `yaml:"alerts"`
	}
	doc, faults := projectfile.Parse("README.md", []byte("alerts:\n"+block))
	faults = append(faults, doc.Decode(&config)...)
	if err := append(faults, config.Alerts.Check(doc, "$.alerts")...).Err(); err != nil {
		t.Error(err)
	}
	if len(config.Alerts.Recipients()) != 6 {
		t.Errorf("recipients %v", config.Alerts.Recipients())
	}
}

// TestOwner: a source may name an address of its own for who hears of bad deliveries.
func TestOwner(t *testing.T) {
	v := Condition{Check: "levering", Group: "sonar 2020-12-31", Title: "geweigerde levering", Ernst: Alarm, Text: "Geweigerd.", Audience: []string{"jan@uwv.voorbeeld.nl"}}
	messages, err := Compose(Input{Now: sendClock, Run: "r", Conditions: []Condition{v}, Settings: storySettings(), Marts: Marts{Name: "Banenafspraak"}})
	if err != nil || len(messages) != 1 || messages[0].Targets[0].Address != "jan@uwv.voorbeeld.nl" {
		t.Errorf("%v, %v", messages, err)
	}
}

// TestRoutes: nothing is lost for want of an address.
func TestRoutes(t *testing.T) {
	s := storySettings()
	for recipient, want := range map[string]string{
		"sturing": "sturing", "supplier/sonar": "supplier/sonar", "supplier/plaatsingen": DataTeam, "uitvoeringsdienst/HBEL": "uitvoeringsdienst/HBEL",
		"uitvoeringsdienst/Weesp": DataTeam, "portefeuillehouders": DataTeam, "jan@uwv.voorbeeld.nl": "jan@uwv.voorbeeld.nl",
	} {
		if got := s.route(recipient); got != want {
			t.Errorf("%s goes to %s, not %s", recipient, got, want)
		}
	}
	s.Roles[Supplier] = []string{"leveranciers@voorbeeld.nl"}
	if got := s.route("supplier/plaatsingen"); got != Supplier {
		t.Errorf("a supplier without addresses of its own goes to %s", got)
	}
	if got := s.Unaddressed([]string{"sturing", "wethouders", "uitvoeringsdienst/Weesp"}); !slices.Equal(got, []string{"uitvoeringsdienst/Weesp", "wethouders"}) {
		t.Errorf("unaddressed: %v", got)
	}
}
