package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/modeltest"
	"inbeeld/pipeline/internal/project"
)

func TestUpdateWritesWhatCameOut(t *testing.T) {
	t.Parallel()
	b, dir, faults := boundWith(t, proefCases)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	report, err := modeltest.Run(t.Context(), b, modeltest.Options{Workers: 2, Update: dir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sql/tests/core.rij.txtar", "sql/tests/staging.bron.txtar"}, report.Updated); diff != "" {
		t.Error(diff)
	}
	before := map[string]string{}
	for _, f := range quotedFiles(proefCases) {
		before[f.Name] = string(f.Data)
	}
	for name, changes := range map[string][]string{
		"sql/tests/staging.bron.txtar": {"# de andere\n2;x\n4;d\n# het einde\n", "# de andere\n2;b\n# het einde\n3;c\n"},
		"sql/tests/core.rij.txtar": {
			"# eerst\n1;a\n# dan\n2;b\n", "# eerst\n2;b\n# dan\n1;a\n",
			"-- nog_niets/expect.csv --\n", "-- nog_niets/expect.csv --\nnr;tekst\n2;b\n1;\n",
		},
		"sql/tests/core.bron.txtar":       nil,
		"sql/tests/staging.soorten.txtar": nil,
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.NewReplacer(changes...).Replace(before[name]), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	p, _, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b, _, err = graph.Bind(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	again, err := modeltest.Run(t.Context(), b, modeltest.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if again.Failed() != 2 { // a grain that repeats, and a model that does not run, cannot be expected
		t.Errorf("after the update %d fail: %v", again.Failed(), again.Results)
	}
}

// A case of the embedded project that fails under a changed model is reported and left alone.
func TestUpdateLeavesEmbeddedCases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _, err := project.Load("")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := p.File("sql/marts/dim_grondslag.sql")
	path := filepath.Join(dir, "sql", "marts", "dim_grondslag.sql")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "'Onbekend'", "'Geen idee'")), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, _, err = project.Load(dir); err != nil {
		t.Fatal(err)
	}
	b, faults, err := graph.Bind(t.Context(), p)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	report, err := modeltest.Run(t.Context(), b, modeltest.Options{Select: "marts.dim_g*", Workers: 1, Update: dir})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() != 1 || len(report.Updated) != 0 {
		t.Errorf("%d failed, updated %v", report.Failed(), report.Updated)
	}
	if _, err := os.Stat(filepath.Join(dir, "sql", "tests")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sql/tests in the project folder: %v", err)
	}
}
