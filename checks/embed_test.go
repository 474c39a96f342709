package checks_test

import (
	"io/fs"
	"slices"
	"testing"

	"inbeeld/checks"
)

func TestEmbeddedFiles(t *testing.T) {
	files, err := fs.Glob(checks.Files, "*")
	if err != nil {
		t.Fatal(err)
	}
	var all []checks.Rule
	for _, file := range files {
		data, err := checks.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rules, faults := checks.ParseFile("checks/"+file, data)
		for _, f := range faults {
			t.Error(f.Error())
		}
		if len(rules) == 0 {
			t.Errorf("%s holds no rule", file)
		}
		all = append(all, rules...)
	}
	for _, r := range all {
		heard(t, r)
	}
}

// heard: the supplier hears of deliveries, the data team of all that blocks, and what does not block is
// for somebody who can mend it in the subject.
func heard(t *testing.T, r checks.Rule) {
	t.Helper()
	ernst := r.Worst()
	has := func(role string) bool { return slices.Contains(r.Notify, role) }
	blocks := slices.Contains(ernst, checks.Blokkerend)
	delivery := r.Schema == "raw" || r.Schema == "quarantine" || r.Table == "kwaliteit_leveringen" && slices.Contains(r.Per, "bron")
	switch {
	case len(ernst) == 0:
		t.Errorf("%s: nothing can be wrong", r.ID())
	case blocks && !has("datateam"):
		t.Errorf("%s blocks, and the data team does not hear of it", r.ID())
	case !blocks && delivery && !has("supplier"):
		t.Errorf("%s is about deliveries, and the supplier does not hear of it", r.ID())
	case !blocks && !has("supplier") && !has("uitvoeringsdienst") && !has("sturing"):
		t.Errorf("%s: nobody hears of it who knows the subject", r.ID())
	}
	for _, role := range r.Notify {
		if !slices.Contains([]string{"supplier", "uitvoeringsdienst", "sturing", "datateam"}, role) {
			t.Errorf("%s: nobody has the role %s", r.ID(), role)
		}
		serious := r.Severity == checks.Alarm || r.Severity == checks.Blokkerend || r.Limits.Alarm != nil || r.Limits.Block != nil
		if serious && r.Action == "" {
			t.Errorf("%s: it does not say what to do", r.ID())
		}
	}
}
