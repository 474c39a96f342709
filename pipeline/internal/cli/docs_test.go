package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// repository is the root of the tree, from the folder of this test.
const repository = "../../.."

// A document is one Markdown file of the repository.
type document struct {
	path string // from the root of the repository
	text string
}

// documents returns all Markdown files.
func documents(t *testing.T) []document {
	t.Helper()
	var all []document
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(repository, path)
			if err != nil {
				return err
			}
			all = append(all, document{filepath.ToSlash(rel), string(text)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 40 {
		t.Fatalf("only %d Markdown files", len(all))
	}
	return all
}

// generated tells whether a program writes the page.
func (p document) generated() bool {
	return p.path == "sql/DEFINITIES.md" || p.path == "checks/ONTVANGERS.md"
}

// howto tells whether every file on the page must have a name.
func (p document) howto() bool { return strings.HasPrefix(p.path, "pipeline/docs/howto/") }

var docFence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// prose is the text without docFence blocks.
func (p document) prose() string { return docFence.ReplaceAllString(p.text, "") }

// A docBlock is a docFence block, with the file that the paragraph before it names.
type docBlock struct{ language, file, text string }

var (
	docFile      = regexp.MustCompile("`(/?[a-z][A-Za-z0-9_./-]*\\.(?:yaml|sql|txtar|csv))`")
	docLanguages = []string{"yaml", "sql", "txtar", "csv"}
)

func (p document) blocks() []docBlock {
	var all []docBlock
	for _, at := range docFence.FindAllStringSubmatchIndex(p.text, -1) {
		before := strings.Split(strings.TrimRight(p.text[:at[0]], "\n"), "\n\n")
		b := docBlock{language: p.text[at[2]:at[3]], text: p.text[at[4]:at[5]]}
		if names := docFile.FindAllStringSubmatch(before[len(before)-1], -1); len(names) > 0 {
			b.file = names[len(names)-1][1]
		}
		all = append(all, b)
	}
	return all
}

// TestDocsFiles puts the files of each page into a project, or into a data directory when they are
// settings, and validates them. What a page shows of a file of testdata stands in that file.
func TestDocsFiles(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range documents(t) {
		if !strings.HasPrefix(p.path, "pipeline/") && !strings.HasPrefix(p.path, "checks/") || p.generated() {
			continue // TestReadmeAddThings, TestReadmeExamples
		}
		project, data := t.TempDir(), t.TempDir()
		cases, written := []string{}, 0
		for _, b := range p.blocks() {
			switch {
			case !slices.Contains(docLanguages, b.language):
				continue
			case b.file == "":
				if p.howto() {
					t.Errorf("%s: a block of %s whose file the paragraph before it does not name:\n%s", p.path, b.language, b.text)
				}
				continue
			case strings.Contains(b.file, "/testdata/"):
				text, err := os.ReadFile(filepath.Join(repository, b.file))
				if err != nil || !strings.Contains(string(text), b.text) {
					t.Errorf("%s: %s does not hold, as the page says:\n%s\n%v", p.path, b.file, b.text, err)
				}
				continue
			}
			path := filepath.Join(project, filepath.FromSlash(b.file))
			if filepath.IsAbs(b.file) {
				path = filepath.Join(data, filepath.Base(b.file))
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			written++
			if strings.HasPrefix(b.file, "sql/tests/") {
				cases = append(cases, strings.TrimSuffix(filepath.Base(b.file), ".txtar"))
			}
		}
		if seen += written; written == 0 {
			continue
		}
		commands := [][]string{{"validate", "--project", project, "--data", data}}
		if len(cases) > 0 {
			commands = append(commands, append([]string{"test", "--project", project}, cases...))
		}
		for _, args := range commands {
			var stdout, stderr bytes.Buffer
			if code := Main(args, strings.NewReader(""), &stdout, &stderr); code != exitOK {
				t.Errorf("%s: inbeeld %s: exit %d\n%s%s", p.path, args[0], code, stdout.String(), stderr.String())
			}
		}
	}
	if seen < 10 {
		t.Errorf("the pages name only %d files", seen)
	}
}

var (
	docCode    = regexp.MustCompile("`([^`]+)`")
	docCommand = regexp.MustCompile(`^(?:\$ )?(?:.* -- )?(?:go run )?(?:\S*/)?inbeeld ([a-z-][^|;&>#)]*)`)
	docText    = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// code is each line of code on a page, in a block or in the prose.
func (p document) code() []string {
	var lines []string
	for _, b := range p.blocks() {
		lines = append(lines, strings.Split(b.text, "\n")...)
	}
	for _, m := range docCode.FindAllStringSubmatch(p.prose(), -1) {
		lines = append(lines, strings.ReplaceAll(m[1], "\n", " "))
	}
	return lines
}

// TestDocsCommands: every command line in the docs is a command with flags that there are.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range documents(t) {
		for _, line := range p.code() {
			m := docCommand.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			line = docText.ReplaceAllString(m[1], "TEXT")
			seen++
			cmd, args, err := (&app{env: os.Getenv}).root().Find(strings.Fields(line))
			if err == nil {
				err = cmd.ParseFlags(args)
			}
			if err != nil && !errors.Is(err, pflag.ErrHelp) {
				t.Errorf("%s: inbeeld %s: %v", p.path, line, err)
				continue
			}
			// Prose may name a command without its arguments, but a group of commands takes none.
			if rest := cmd.Flags().Args(); cmd.HasSubCommands() && !strings.Contains(cmd.Use, " ") && len(rest) > 0 {
				t.Errorf("%s: inbeeld %s: %s has no command %q", p.path, line, cmd.CommandPath(), rest[0])
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d command lines in the docs", seen)
	}
}
