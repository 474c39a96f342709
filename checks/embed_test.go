package checks_test

import (
	"io/fs"
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
	for _, f := range checks.Duplicates(all) {
		t.Error(f.Error())
	}
	for _, r := range all {
		if len(r.Notify) == 0 {
			t.Errorf("%s: nobody hears of it", r.ID())
		}
		serious := r.Severity == checks.Alarm || r.Severity == checks.Blokkerend || r.Limits.Alarm != nil || r.Limits.Block != nil
		if serious && r.Action == "" {
			t.Errorf("%s: it does not say what to do", r.ID())
		}
	}
}
