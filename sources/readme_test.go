package sources

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"inbeeld/sources/contract"
)

// TestReadmeExamples: each example of the README is the `from` of a good contract, and every kind of
// place has one.
func TestReadmeExamples(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[contract.Kind]bool{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		c, faults := contract.Parse("sources/sonar.yaml", []byte(goodContract+block[1]))
		if err := faults.Err(); err != nil {
			t.Errorf("%s\n%v", block[1], err)
			continue
		}
		seen[c.From.Kind] = true
		if label := c.From.Label(); strings.Contains(label, "@") || strings.Contains(label, "?") {
			t.Errorf("the label %s shows who we are", label)
		}
	}
	for _, form := range contract.PlaceForms {
		if !seen[form.Kind] {
			t.Errorf("no example of %s", form.Kind)
		}
		for _, key := range form.Keys {
			if !strings.Contains(string(text), "`"+key+"`") && !strings.Contains(string(text), key+":") {
				t.Errorf("%s of %s is not explained", key, form.Kind)
			}
		}
	}
}
