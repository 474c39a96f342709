package checks_test

import (
	"os"
	"regexp"
	"testing"

	"inbeeld/checks/rule"
)

// TestReadmeExamples: each rule in the table of kinds has no faults.
func TestReadmeExamples(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("`(\\{check: .*?)\\}`").FindAllStringSubmatch(string(text), -1)
	if len(examples) < 15 {
		t.Fatalf("only %d examples", len(examples))
	}
	for _, m := range examples {
		if _, faults := rule.ParseFile("checks/marts.t.yaml", []byte("- "+m[1]+", explain: x}\n")); len(faults) > 0 {
			t.Errorf("%s}\n%v", m[1], faults)
		}
	}
}
