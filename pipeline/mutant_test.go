package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/modeltest"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/projectfile"
	"inbeeld/pipeline/testing/need"
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
	files, faults := modeltest.ReadCases(b, func(string) bool { return true })
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var runs []*modeltest.CaseRun
	of := map[*modeltest.CaseRun]mutant{}
	for name, mutants := range readMutants(t) {
		n := b.ByName[name]
		if n == nil {
			t.Errorf("mutants of %s, which does not exist", name)
			continue
		}
		for i, m := range mutants {
			if i%need.Count(3, 1) > 0 {
				continue
			}
			if count := strings.Count(n.Text, m.Old); count != 1 {
				t.Errorf("%s: %q occurs %d times in the model, for rule: %s", name, m.Old, count, m.Rule)
				continue
			}
			for _, f := range files {
				if f.Model != name {
					continue
				}
				for _, c := range f.Cases {
					run := &modeltest.CaseRun{Node: n, Text: strings.Replace(n.Text, m.Old, m.New, 1), File: f, ModelCase: c}
					runs = append(runs, run)
					of[run] = m
				}
			}
		}
	}
	if err := modeltest.RunCases(t.Context(), b, runs, 2); err != nil {
		t.Fatal(err)
	}
	type key struct {
		model string
		mutant
	}
	seen := map[key]bool{}
	for _, run := range runs {
		k := key{run.Node.Name, of[run]}
		seen[k] = seen[k] || run.Got != nil && run.Failure != ""
		if run.Got == nil {
			t.Errorf("%s: the mutant does not run, so it shows nothing: %s: %s", k.model, k.Rule, run.Failure)
		}
	}
	for k, ok := range seen {
		if !ok {
			t.Errorf("%s: no case sees that a rule is broken: %s\n  %s\n→ %s", k.model, k.Rule, k.Old, k.New)
		}
	}
	if len(seen) < need.Count(20, 40) {
		t.Errorf("only %d mutants", len(seen))
	}
	for _, m := range b.Models {
		if len(readMutants(t)[m.FullName()]) == 0 {
			t.Errorf("%s has no mutant", m.FullName())
		}
	}
}

// bindEmbedded binds the embedded project.
func bindEmbedded(t *testing.T) *graph.Graph {
	t.Helper()
	p, faults, err := project.Load("")
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	b, faults, err := graph.Bind(t.Context(), p)
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
