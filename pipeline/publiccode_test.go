package pipeline

import (
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// publiccode are the keys of publiccode.yml, standard 0.4, that we use.
type publiccode struct {
	Standard   string   `yaml:"publiccodeYmlVersion"`
	Name       string   `yaml:"name"`
	URL        string   `yaml:"url"`
	Platforms  []string `yaml:"platforms"`
	Categories []string `yaml:"categories"`
	Status     string   `yaml:"developmentStatus"`
	Type       string   `yaml:"softwareType"`
	Audience   struct {
		Countries []string `yaml:"countries"`
		Scope     []string `yaml:"scope"`
	} `yaml:"intendedAudience"`
	Description map[string]struct {
		Short    string   `yaml:"shortDescription"`
		Long     string   `yaml:"longDescription"`
		Features []string `yaml:"features"`
	} `yaml:"description"`
	Legal struct {
		License string `yaml:"license"`
	} `yaml:"legal"`
	Maintenance struct {
		Type string `yaml:"type"`
	} `yaml:"maintenance"`
	Localisation struct {
		Ready     *bool    `yaml:"localisationReady"`
		Languages []string `yaml:"availableLanguages"`
	} `yaml:"localisation"`
	DependsOn struct {
		Open []struct {
			Name string `yaml:"name"`
		} `yaml:"open"`
	} `yaml:"dependsOn"`
}

// TestPubliccode holds publiccode.yml against what the standard asks for: every mandatory key, lengths,
// and words from its lists.
func TestPubliccode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../publiccode.yml")
	if err != nil {
		t.Fatal(err)
	}
	var p publiccode
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	licence, err := os.ReadFile("../LICENSE")
	if err != nil || !strings.HasPrefix(string(licence), "EUROPEAN UNION PUBLIC LICENCE v. 1.2") || p.Legal.License != "EUPL-1.2" {
		t.Errorf("the licence is %q, %v", p.Legal.License, err)
	}
	if at, err := url.Parse(p.URL); err != nil || at.Scheme != "https" || at.Host == "" {
		t.Errorf("url %q: %v", p.URL, err)
	}
	for what, c := range map[string]struct {
		has     []string
		allowed string
	}{
		"publiccodeYmlVersion": {[]string{p.Standard}, "0.4"},
		"name":                 {[]string{p.Name}, "inbeeld"},
		"platforms":            {p.Platforms, "web windows mac linux ios android"},
		"categories":           {p.Categories, "business-intelligence compliance-management data-analytics data-collection data-visualization"},
		"developmentStatus":    {[]string{p.Status}, "concept development beta stable obsolete"},
		"softwareType":         {[]string{p.Type}, "standalone/desktop standalone/web standalone/backend standalone/other"},
		"countries":            {p.Audience.Countries, "nl"},
		"scope":                {p.Audience.Scope, "employment local-authorities society welfare"},
		"maintenance/type":     {[]string{p.Maintenance.Type}, "none"}, // the others ask for the name of a person
		"availableLanguages":   {p.Localisation.Languages, "nl en"},
	} {
		if len(c.has) == 0 {
			t.Errorf("%s is missing", what)
		}
		for _, word := range c.has {
			if !slices.Contains(strings.Fields(c.allowed), word) {
				t.Errorf("%s: %q is not one of %s", what, word, c.allowed)
			}
		}
	}
	if p.Localisation.Ready == nil {
		t.Error("localisationReady is missing")
	}
	for _, language := range []string{"nl", "en"} {
		d := p.Description[language]
		if n := utf8.RuneCountInString(d.Short); n == 0 || n > 150 {
			t.Errorf("%s: a short description of %d characters; 1 to 150", language, n)
		}
		if n := utf8.RuneCountInString(d.Long); n < 150 || n > 10_000 {
			t.Errorf("%s: a long description of %d characters; 150 to 10.000", language, n)
		}
		if len(d.Features) < 5 || len(d.Features) != len(p.Description["nl"].Features) {
			t.Errorf("%s: %d features", language, len(d.Features))
		}
	}
}
