package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	docLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docPath = regexp.MustCompile(`^(?:pipeline|sources|checks|sql|schedules)/[^\s,;:]*`)
	docHole = regexp.MustCompile(`<[^>]*>|…`)
)

// TestDocsPaths: every relative link, and every path of the repository in backticks, is there. A page may
// also name the files that it tells to write.
func TestDocsPaths(t *testing.T) {
	t.Parallel()
	for _, p := range documents(t) {
		if p.generated() {
			continue
		}
		prose := p.prose()
		for _, m := range docLink.FindAllStringSubmatch(prose, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(repository, filepath.Dir(p.path), target)); err != nil {
				t.Errorf("%s: link to %s: there is no such file", p.path, m[1])
			}
		}
		var own []string
		for _, b := range p.blocks() {
			own = append(own, b.file)
		}
		for _, m := range docCode.FindAllStringSubmatch(prose, -1) {
			path := docPath.FindString(m[1])
			if path == "" || slices.Contains(own, path) {
				continue
			}
			pattern := docHole.ReplaceAllString(path, "*")
			found, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(pattern)))
			if err != nil || len(found) == 0 {
				t.Errorf("%s: there is no %s", p.path, path)
			}
		}
	}
}

var (
	docTest      = regexp.MustCompile("^((?:Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9]*)[*$/ A-Za-z0-9_-]*$")
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9]*)\(`)
	docGoTest    = regexp.MustCompile(`\bgo test(?: .*?)? \.(?:/(\S*))?(.*)`)
	docPattern   = regexp.MustCompile(`-(run|bench|fuzz) (?:'([^']*)'|([^\s…]+))`)
)

// TestDocsTests: every test that the docs name is there, in whole or as the beginning of a name, and every
// test command of the docs runs one.
func TestDocsTests(t *testing.T) {
	t.Parallel()
	folders := map[string][]string{} // of each test, with a slash at the end
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
			folders[m[1]] = append(folders[m[1]], strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), repository+"/")+"/")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range documents(t) {
		for _, line := range p.code() {
			if name := docTest.FindStringSubmatch(line); name != nil {
				seen++
				if !runs(t, folders, "", "", "^"+name[1]) {
					t.Errorf("%s: there is no test %s", p.path, line)
				}
			}
			command := docGoTest.FindStringSubmatch(line)
			if command == nil {
				continue
			}
			in, ok := strings.CutSuffix(command[1], "...")
			if !ok {
				in = strings.TrimSuffix(in, "/") + "/$"
			}
			for _, by := range docPattern.FindAllStringSubmatch(command[2], -1) {
				kind := map[string]string{"run": "Test", "bench": "Benchmark", "fuzz": "Fuzz"}[by[1]]
				if pattern := by[2] + by[3]; pattern != "^$" && !runs(t, folders, in, kind, pattern) {
					t.Errorf("%s: %s runs nothing", p.path, line)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("the docs name only %d tests", seen)
	}
}

// runs tells whether a pattern runs something of a kind (Test, Benchmark, Fuzz) in a folder, or with in
// ending in no $, below it.
func runs(t *testing.T, folders map[string][]string, in, kind, pattern string) bool {
	t.Helper()
	top, _, _ := strings.Cut(pattern, "/")
	names, err := regexp.Compile(top)
	if err != nil {
		t.Errorf("%s is no pattern of tests: %v", pattern, err)
		return true
	}
	where := regexp.MustCompile("^" + in)
	for name, list := range folders {
		if strings.HasPrefix(name, kind) && names.MatchString(name) && slices.ContainsFunc(list, where.MatchString) {
			return true
		}
	}
	return false
}

// TestDocsNames: every exported name of a package that the docs mention, as in duck.Session.Stream, is
// declared.
func TestDocsNames(t *testing.T) {
	t.Parallel()
	clause := regexp.MustCompile(`(?m)^package (\w+)$`)
	declaration := regexp.MustCompile(`(?m)^(?:func (?:\(\w+ \*?(\w+)\) )?|type )([A-Z]\w*)`)
	mention := regexp.MustCompile(`^([a-z]\w*)\.([A-Z]\w*(?:\.[A-Z]\w*)?)$`)
	declared := map[string]bool{}
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		in := clause.FindStringSubmatch(string(text))
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			declared[in[1]+"."+strings.TrimPrefix(m[1]+"."+m[2], ".")] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range documents(t) {
		for _, m := range docCode.FindAllStringSubmatch(p.prose(), -1) {
			if !mention.MatchString(m[1]) {
				continue
			}
			if seen++; !declared[m[1]] {
				t.Errorf("%s: nothing declares %s", p.path, m[1])
			}
		}
	}
	if seen < 10 {
		t.Errorf("the docs mention only %d names", seen)
	}
}

// TestDocsWidth: prose is wrapped at 100 columns. Tables, code and links may be wider.
func TestDocsWidth(t *testing.T) {
	t.Parallel()
	const width = 100
	// What cannot be broken loses its spaces.
	whole := regexp.MustCompile("`[^`]+`|\\[[^\\]]*\\]\\([^)]*\\)")
	bullet := regexp.MustCompile(`^\s*(?:[-*>]|\d+\.)?\s*`)
	for _, p := range documents(t) {
		if p.generated() {
			continue
		}
		// Blocks keep their lines, so that the number of a line is right.
		text := docFence.ReplaceAllStringFunc(p.text, func(b string) string { return strings.Repeat("\n", strings.Count(b, "\n")) })
		for i, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) <= width || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ") {
				continue
			}
			line = whole.ReplaceAllStringFunc(line, func(s string) string { return strings.ReplaceAll(s, " ", "_") })
			line = line[len(bullet.FindString(line)):]
			if at := strings.IndexByte(line, ' '); at >= 0 && utf8.RuneCountInString(line[:at]) <= width {
				t.Errorf("%s:%d: longer than %d columns: break the line", p.path, i+1, width)
			}
		}
	}
}

// TestArchitectureFloors: the diagram of the rooms has every package of the list of floors, on its floor.
func TestArchitectureFloors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(repository + "/pipeline/docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	diagram := map[string]string{} // by floor
	floor := ""
	number := regexp.MustCompile(`^ +(\d+) `)
	for line := range strings.Lines(docFence.FindString(string(text))) {
		if m := number.FindStringSubmatch(line); m != nil {
			floor = m[1]
		}
		diagram[floor] += line
	}
	floors, err := os.ReadFile(repository + "/pipeline/testdata/floors.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(floors)) {
		floor, packages, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range strings.Fields(packages) {
			seen++
			if !regexp.MustCompile(`(?m)[\s/{,]` + filepath.Base(name) + `(?:[\s},:;]|$)`).MatchString(diagram[floor]) {
				t.Errorf("the diagram does not have %s on floor %s", name, floor)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d packages in the list of floors", seen)
	}
}
