package pipeline

import (
	"context"
	"encoding/csv"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
)

// TestForeignProject runs a project about another subject, which has no person in it: it publishes,
// and when its check blocks, what is published stays.
func TestForeignProject(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p, faults, err := project.Load(bibliotheek)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	if err := intake.Create(data, p); err != nil {
		t.Fatal(err)
	}
	night := func(peildatum, lines string) *Result {
		t.Helper()
		path := filepath.Join(data, "inbox", "uitleningen", "uitleningen_"+peildatum+".csv")
		if err := os.WriteFile(path, []byte("Exemplaar;Vestiging;UitgeleendOp;Boete\n"+lines), 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := Run(t.Context(), Options{
			Scope: intake.Scope{ProjectDir: bibliotheek, Dir: datadir.Dir{
				Path: data, Log: zerolog.Nop(), Threads: 1,
				Now:  func() time.Time { return time.Date(2024, 3, 1, 1, 30, 0, 0, time.UTC) },
				Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	published := func() []map[string]string {
		return readParquet(t, filepath.Join(data, "marts", "current", "uitleningen.parquet")).rows
	}
	if res := night("20240131", "1;C;2024-01-02;1,50\n2;N;3-1-2024;\n3;C;20240105;0,25\n"); res.Outcome != mart.Published {
		t.Fatalf("%+v", res)
	}
	want := []map[string]string{
		{"peildatum": "2024-01-31", "vestiging": "C", "naam": "Centrum", "uitgeleend": "2", "boete": "1.75"},
		{"peildatum": "2024-01-31", "vestiging": "N", "naam": "Noord", "uitgeleend": "1", "boete": "0"},
		{"peildatum": "2024-01-31", "vestiging": "Z", "naam": "Zuid", "uitgeleend": "0", "boete": "0"},
	}
	if got := published(); !slices.EqualFunc(got, want, maps.Equal) {
		t.Errorf("%v", got)
	}
	m, err := mart.ReadManifest(filepath.Join(data, "marts", "current"))
	if err != nil || len(m.Files) != 1 || m.Files[0].Mart != "uitleningen" {
		t.Errorf("%+v %v", m, err)
	}
	text, err := os.ReadFile(filepath.Join(data, "marts", "current", "datapackage.json"))
	if err != nil || !strings.Contains(string(text), `"title": "Uitleningen"`) {
		t.Errorf("%s %v", text, err)
	}
	res := night("20240229", "1;C;2024-02-02;100,01\n")
	if res.Outcome != mart.Blocked || len(res.Blocks) != 1 || !strings.Contains(res.Blocks[0], "Vestigingen met meer dan € 100 aan boetes: minder dan 5.") {
		t.Errorf("%+v", res)
	}
	if got := published(); !slices.EqualFunc(got, want, maps.Equal) {
		t.Errorf("a blocked run changed %v", got)
	}
	if res := night("20240229", "1;C;2024-02-02;100\n"); res.Outcome != mart.Published || len(published()) != 6 {
		t.Errorf("after the correction: %+v", res)
	}
}

// bakedIn are the Go files that may know something of the embedded project, and why.
var bakedIn = map[string]string{
	"pipeline/internal/cli/demo.go": "the demo makes deliveries of this region and prints the table of its letter",
	"sources/contract/mapping.go":   "a hint gives an example of a file name",
}

// inHelp are the parts of a command in which examples stand.
var inHelp = []string{"Example", "Long", "Short", "Use"}

// TestNothingOfTheRegionInGo: sources, models and places stand in project files, so that another
// region or subject needs no Go. The demo is about this region.
func TestNothingOfTheRegionInGo(t *testing.T) {
	t.Parallel()
	p, faults, err := project.Load("")
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	words := []string{"Gooi en Vechtstreek", "Tomin"}
	for _, c := range p.Contracts {
		words = append(words, c.Name)
	}
	for _, m := range p.Models {
		words = append(words, m.FullName())
		if m.Schema == "marts" {
			words = append(words, m.Name)
		}
	}
	text, ok := p.File("sources/reference/gemeenten.csv")
	if !ok {
		t.Fatal("there are no gemeenten")
	}
	r := csv.NewReader(strings.NewReader(string(text)))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	name, code := slices.Index(rows[0], "gemeente"), slices.Index(rows[0], "gemeentecode")
	if name < 0 || code < 0 || len(rows) < 9 {
		t.Fatalf("the header is %v", rows[0])
	}
	for _, row := range rows[1:] {
		words = append(words, row[name], row[code])
	}
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, regexp.QuoteMeta(w))
	}
	named := regexp.MustCompile(`(?i)\b(` + strings.Join(quoted, "|") + `)\b`)
	seen := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(filepath.ToSlash(path), "../")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"pipeline/internal/demo", "pipeline/internal/testing/truth"}, rel) || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok {
				key, ok := pair.Key.(*ast.Ident)
				return !ok || !slices.Contains(inHelp, key.Name)
			}
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			if w := named.FindString(strings.ReplaceAll(text.Value, "Europe/Amsterdam", "")); w != "" {
				if bakedIn[rel] == "" {
					t.Errorf("%s:%d names %q of the embedded project; let a project file say it", rel, files.Position(text.Pos()).Line, w)
				}
				seen[rel] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for file := range bakedIn {
		if !seen[file] {
			t.Errorf("%s names nothing any more: take it off the list", file)
		}
	}
}
