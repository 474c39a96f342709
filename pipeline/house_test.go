package pipeline_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floorsFile lists the packages by floor, the lowest first. A package imports only packages on lower
// floors.
const floorsFile = "testdata/floors.txt"

// goPackage is what `go list` says of one of our packages; its files are those outside tests.
type goPackage struct {
	Dir, ImportPath string
	GoFiles         []string
	Imports         []string
}

// TestFloors keeps imports one way: every package has a floor, and imports only from lower ones.
func TestFloors(t *testing.T) {
	t.Parallel()
	floors := readFloors(t)
	packages := goPackages(t)
	for name := range floors {
		if !slices.ContainsFunc(packages, func(p goPackage) bool { return short(p.ImportPath) == name }) {
			t.Errorf("%s: %s is not a package; remove it", floorsFile, name)
		}
	}
	for _, p := range packages {
		own, ok := floors[short(p.ImportPath)]
		if !ok {
			t.Errorf("%s has no floor: give it one in %s, above everything it imports", short(p.ImportPath), floorsFile)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, "inbeeld/") {
				continue
			}
			if below := floors[short(imported)]; below >= own {
				t.Errorf("%s (floor %d) imports %s (floor %d): move what both need to a lower floor", short(p.ImportPath), own, short(imported), below)
			}
		}
	}
}

// testOnly tells whether a package is for tests. Tests outside pipeline cannot import pipeline/internal,
// so packages that they need too are in pipeline/testing.
func testOnly(path string) bool {
	return strings.Contains(path, "/pipeline/testing/") || strings.Contains(path, "/pipeline/internal/testing/")
}

// TestTestingStaysInTests keeps the packages for tests out of the program.
func TestTestingStaysInTests(t *testing.T) {
	t.Parallel()
	for _, p := range goPackages(t) {
		if testOnly(p.ImportPath) {
			continue
		}
		for _, imported := range p.Imports {
			if testOnly(imported) {
				t.Errorf("%s imports %s, which is for tests", short(p.ImportPath), short(imported))
			}
		}
	}
}

// Limits on the size of a package, in lines of Go outside tests.
const (
	packageLines = 3000
	rootFiles    = 15 // of package pipeline
)

// largePackages may exceed packageLines: cli has one file per command, records one per file format.
var largePackages = []string{"pipeline/internal/cli", "pipeline/internal/records"}

// TestPackageSizes bounds the packages; -v prints the files and lines of each.
func TestPackageSizes(t *testing.T) {
	t.Parallel()
	all := 0
	for _, p := range goPackages(t) {
		total := 0
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			total += bytes.Count(text, []byte("\n"))
		}
		name := short(p.ImportPath)
		t.Logf("%6d lines %3d files  %s", total, len(p.GoFiles), name)
		all += total
		if total > packageLines && !slices.Contains(largePackages, name) {
			t.Errorf("%s has %d lines, more than %d", name, total, packageLines)
		}
		if name == "pipeline" && len(p.GoFiles) > rootFiles {
			t.Errorf("%s has %d files, more than %d", name, len(p.GoFiles), rootFiles)
		}
	}
	t.Logf("%6d lines in all", all)
}

// TestNoHiddenNames finds locals that hide a package-level name of their package.
func TestNoHiddenNames(t *testing.T) {
	t.Parallel()
	for _, p := range goPackages(t) {
		set := token.NewFileSet()
		global := map[string]bool{}
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
			for _, decl := range file.Decls {
				for _, id := range declared(decl) {
					global[id.Name] = id.Name != "_"
				}
			}
		}
		for _, file := range files {
			for _, id := range locals(file) {
				if global[id.Name] {
					t.Errorf("%s: %s hides a package-level name", set.Position(id.Pos()), id.Name)
				}
			}
		}
	}
}

// declared returns the package-level names of a declaration, without methods.
func declared(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name != "init" {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name)
			case *ast.ValueSpec:
				names = append(names, s.Names...)
			}
		}
		return names
	}
	return nil
}

// locals returns the names that the functions of a file declare: parameters, results and variables.
func locals(file *ast.File) []*ast.Ident {
	var names []*ast.Ident
	fields := func(list *ast.FieldList) {
		if list != nil {
			for _, f := range list.List {
				names = append(names, f.Names...)
			}
		}
	}
	defined := func(tok token.Token, exprs ...ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok && tok == token.DEFINE {
				names = append(names, id)
			}
		}
	}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		fields(fn.Recv)
		ast.Inspect(fn, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.FuncType:
				fields(x.TypeParams)
				fields(x.Params)
				fields(x.Results)
			case *ast.AssignStmt:
				defined(x.Tok, x.Lhs...)
			case *ast.RangeStmt:
				defined(x.Tok, x.Key, x.Value)
			case *ast.DeclStmt:
				names = append(names, declared(x.Decl)...)
			}
			return true
		})
	}
	return names
}

func short(path string) string { return strings.TrimPrefix(path, "inbeeld/") }

// readFloors returns the floor of each package, from 1.
func readFloors(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(floorsFile)
	if err != nil {
		t.Fatal(err)
	}
	floors := map[string]int{}
	floor := 0
	for line := bufio.NewScanner(bytes.NewReader(text)); line.Scan(); {
		words, _, _ := strings.Cut(line.Text(), "#")
		names := strings.Fields(words)
		if len(names) == 0 {
			continue
		}
		floor++
		if names[0] != fmt.Sprintf("%d:", floor) {
			t.Fatalf("%s: a line begins with %s, want %d:", floorsFile, names[0], floor)
		}
		for _, name := range names[1:] {
			if floors[name] != 0 {
				t.Fatalf("%s: %s is on two floors", floorsFile, name)
			}
			floors[name] = floor
		}
	}
	return floors
}

// goPackages returns our packages, by path.
func goPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=Dir,ImportPath,GoFiles,Imports", "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]goPackage{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages[p.ImportPath] = p
	}
	return slices.SortedFunc(maps.Values(packages), func(a, b goPackage) int { return strings.Compare(a.ImportPath, b.ImportPath) })
}
