package pipeline_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateImports = flag.Bool("update-imports", false, "write the import graph to testdata/imports.txt")

const importsFile = "testdata/imports.txt"

// The import graph is a committed file, so that a new edge is seen by whoever reads the change.
func TestImports(t *testing.T) {
	t.Parallel()
	graph := importGraph(t)
	var got strings.Builder
	for _, p := range slices.Sorted(maps.Keys(graph)) {
		got.WriteString(strings.TrimRight(p+": "+strings.Join(graph[p], " "), " ") + "\n")
	}
	if *updateImports {
		if err := os.WriteFile(importsFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(importsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf(`the imports are not those of pipeline/%s (-committed +now):
%s
Is each new one meant? Imports run one way: cmd → internal/cli → pipeline → leaves → base packages, and no
leaf imports a leaf (.golangci.yml has the reasons). Then write the file anew and commit it:
	go test ./pipeline -run TestImports -update-imports`, importsFile, diff)
	}
}

// Layers, from the bottom. A package that is not named here is a leaf, so that a new one needs no
// line here to be held to the rule.
const (
	base = iota
	leaf
	composing
	command
	program
)

var layers = map[string]int{
	"inbeeld/sql":                         base,
	"inbeeld/pipeline/bucket":             base,
	"inbeeld/pipeline/durable":            base,
	"inbeeld/pipeline/projectfile":        base,
	"inbeeld/pipeline":                    composing,
	"inbeeld/pipeline/internal/serve":     composing,
	"inbeeld/pipeline/internal/dashboard": composing,
	"inbeeld/pipeline/internal/cli":       command,
	"inbeeld/pipeline/cmd/inbeeld":        program,
}

func layer(pkg string) int {
	if l, ok := layers[pkg]; ok {
		return l
	}
	return leaf
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	graph := importGraph(t)
	for pkg := range layers {
		if _, ok := graph[pkg]; !ok {
			t.Errorf("%s has a layer but is no package: remove it from the layers", pkg)
		}
	}
	for pkg, imports := range graph {
		for _, of := range imports {
			switch {
			case pkg == "inbeeld/sql" && of == "inbeeld/pipeline/projectfile": // model files have faults
			case layer(pkg) == program && layer(of) != command:
				t.Errorf("%s imports %s: main only calls the command line", pkg, of)
			case layer(of) >= layer(pkg):
				t.Errorf("%s imports %s, which is not below it: move what both need down, or let pipeline join them", pkg, of)
			}
		}
	}
}

// importGraph gives for each of our packages those of ours that it imports outside its tests.
func importGraph(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	graph := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatalf("go list: %v", err)
		}
		ours := []string{}
		for _, i := range p.Imports {
			if i == "inbeeld" || strings.HasPrefix(i, "inbeeld/") {
				ours = append(ours, i)
			}
		}
		slices.Sort(ours)
		graph[p.ImportPath] = ours
	}
	return graph
}
