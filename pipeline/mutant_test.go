package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/projectfile"
)

// A mutant is a fault put into the text of a model: exactly one place is changed, and a rule broken.
type mutant struct {
	Rule string `yaml:"rule"`
	Old  string `yaml:"old"`
	New  string `yaml:"new"`
}

// The cases of the embedded models are only worth something when they see a broken rule: each mutant
// in testdata/mutants must fail at least one case of its model.
func TestCasesSeeMutants(t *testing.T) {
	t.Parallel()
	b := bindEmbedded(t)
	files, faults := b.readCases(func(string) bool { return true })
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var trials []*trial
	of := map[*trial]mutant{}
	for name, mutants := range readMutants(t) {
		n := b.nodes[name]
		if n == nil {
			t.Errorf("mutants of %s, which does not exist", name)
			continue
		}
		for _, m := range mutants {
			if count := strings.Count(n.text, m.Old); count != 1 {
				t.Errorf("%s: %q occurs %d times in the model, for rule: %s", name, m.Old, count, m.Rule)
				continue
			}
			for _, f := range files {
				if f.model != name {
					continue
				}
				for _, c := range f.cases {
					trial := &trial{node: n, text: strings.Replace(n.text, m.Old, m.New, 1), file: f, modelCase: c}
					trials = append(trials, trial)
					of[trial] = m
				}
			}
		}
	}
	if err := b.try(t.Context(), trials, 2); err != nil {
		t.Fatal(err)
	}
	type key struct {
		model string
		mutant
	}
	seen := map[key]bool{}
	for _, trial := range trials {
		k := key{trial.node.name, of[trial]}
		seen[k] = seen[k] || trial.got != nil && trial.failure != ""
		if trial.got == nil {
			t.Errorf("%s: the mutant does not run, so it shows nothing: %s: %s", k.model, k.Rule, trial.failure)
		}
	}
	for k, ok := range seen {
		if !ok {
			t.Errorf("%s: no case sees that a rule is broken: %s\n  %s\n→ %s", k.model, k.Rule, k.Old, k.New)
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d mutants", len(seen))
	}
	for _, m := range b.Models {
		if len(readMutants(t)[m.FullName()]) == 0 {
			t.Errorf("%s has no mutant", m.FullName())
		}
	}
}

// bindEmbedded binds the embedded project.
func bindEmbedded(t *testing.T) *Bound {
	t.Helper()
	p, faults, err := project.Load("")
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	b, faults, err := Bind(p, t.Context())
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	return b
}

func readMutants(t *testing.T) map[string][]mutant {
	t.Helper()
	paths, err := filepath.Glob("testdata/mutants/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mutants := map[string][]mutant{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc, faults := projectfile.Parse(path, text)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var list []mutant
		if faults := doc.Decode(&list); len(faults) > 0 {
			t.Fatal(faults)
		}
		mutants[strings.TrimSuffix(filepath.Base(path), ".yaml")] = list
	}
	return mutants
}
