package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readmeFile is a file that the README shows in full, named in the text before the block.
var readmeFile = regexp.MustCompile("(?s)[Hh]ere `([a-z/_.]+)`[^`\n]*(?:[^\n]*`inbeeld [^\n]*)?\n\n```[a-z]*\n(.*?)```")

// TestReadmeAddThings does what the README says to add a source, a model, its case and a check.
func TestReadmeAddThings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Add things\n")
	section, _, _ = strings.Cut(section, "\n## ")
	project := t.TempDir()
	var written []string
	for _, m := range readmeFile.FindAllStringSubmatch(section, -1) {
		path := filepath.Join(project, filepath.FromSlash(m[1]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(m[2]), 0o600); err != nil {
			t.Fatal(err)
		}
		written = append(written, m[1])
	}
	if len(written) != 4 {
		t.Fatalf("the README shows %v, want a source, a model, a case and a check", written)
	}
	data := filepath.Join(t.TempDir(), "demo")
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"validate", "--project", project}, "ok: "},
		{[]string{"test", "--project", project, "marts.klanten_per_dienst"}, "1 passed, 0 failed"},
		{[]string{"demo", "--project", project, "--data", data}, "published as run"},
		{[]string{"run", "--project", project, "--data", data, "--select", "+marts.klanten_per_dienst"}, "marts.klanten_per_dienst: "},
	} {
		var stdout, stderr bytes.Buffer
		if code := Main(step.args, strings.NewReader(""), &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), step.want) {
			t.Fatalf("inbeeld %s: exit %d\n%s\n%s", strings.Join(step.args, " "), code, stdout.String(), stderr.String())
		}
	}
	for _, file := range []string{"klanten_per_dienst.parquet", "datapackage.json"} {
		if _, err := os.Stat(filepath.Join(data, "marts", "current", file)); err != nil {
			t.Error(err)
		}
	}
}
