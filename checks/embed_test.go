package checks_test

import (
	"io/fs"
	"slices"
	"testing"

	"inbeeld/checks"
	"inbeeld/checks/rule"
)

func TestEmbeddedFiles(t *testing.T) {
	files, err := fs.Glob(checks.Files, "*")
	if err != nil {
		t.Fatal(err)
	}
	var all []rule.Rule
	for _, file := range files {
		data, err := checks.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rules, faults := rule.ParseFile("checks/"+file, data)
		for _, f := range faults {
			t.Error(f.Error())
		}
		if len(rules) == 0 {
			t.Errorf("%s contains no rule", file)
		}
		all = append(all, rules...)
	}
	for _, r := range all {
		checkRecipients(t, r)
	}
}

// checkRecipients: deliveries go to the supplier and blocking checks to the data team; other checks go to
// somebody who knows the subject.
func checkRecipients(t *testing.T, r rule.Rule) {
	t.Helper()
	ernst := r.Severities()
	has := func(role string) bool { return slices.Contains(r.Notify, role) }
	blocks := slices.Contains(ernst, rule.Blokkerend)
	delivery := r.Schema == "raw" || r.Schema == "quarantine" || r.Table == "kwaliteit_leveringen" && slices.Contains(r.Per, "bron")
	switch {
	case len(ernst) == 0:
		t.Errorf("%s can never fail", r.ID())
	case blocks && !has("datateam"):
		t.Errorf("%s blocks, and the data team is no recipient", r.ID())
	case !blocks && delivery && !has("supplier"):
		t.Errorf("%s is about deliveries, and the supplier is no recipient", r.ID())
	case !blocks && !has("supplier") && !has("uitvoeringsdienst") && !has("sturing"):
		t.Errorf("%s has no recipient who knows the subject", r.ID())
	}
	for _, role := range r.Notify {
		if !slices.Contains([]string{"supplier", "uitvoeringsdienst", "sturing", "datateam"}, role) {
			t.Errorf("%s: unknown role %s", r.ID(), role)
		}
		serious := r.Severity == rule.Alarm || r.Severity == rule.Blokkerend || r.Limits.Alarm != nil || r.Limits.Block != nil
		if serious && r.Action == "" {
			t.Errorf("%s has no action", r.ID())
		}
	}
}
