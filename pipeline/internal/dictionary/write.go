package dictionary

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"inbeeld/pipeline/durable"
)

//go:embed *.tmpl
var templates embed.FS

// Markdown returns the dictionary as one Markdown file.
func (d *Dictionary) Markdown() ([]byte, error) { return d.markdown("woordenboek.md.tmpl") }

// Definitions returns the marts with the meaning of each of their figures, as Markdown.
func (d *Dictionary) Definitions() ([]byte, error) { return d.markdown("definities.md.tmpl") }

// Recipients returns the checks with the recipients of each, as Markdown.
func (d *Dictionary) Recipients() ([]byte, error) { return d.markdown("ontvangers.md.tmpl") }

func (d *Dictionary) markdown(name string) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"md": markdown, "code": code, "codes": codeList, "anchor": anchor,
	}).ParseFS(templates, name)
	return d.execute(t, err)
}

// HTML returns the dictionary as one self-contained page.
func (d *Dictionary) HTML() ([]byte, error) {
	t, err := htmltemplate.New("woordenboek.html.tmpl").Funcs(htmltemplate.FuncMap{
		"anchor": anchor, "soft": breakable,
	}).ParseFS(templates, "woordenboek.html.tmpl")
	return d.execute(t, err)
}

// executor is a text or HTML template.
type executor interface {
	Execute(w io.Writer, data any) error
}

// execute executes a template unless parsing it failed.
func (d *Dictionary) execute(t executor, err error) ([]byte, error) {
	var b bytes.Buffer
	if err == nil {
		err = t.Execute(&b, d)
	}
	if err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	return b.Bytes(), nil
}

// File names of the dictionary and its lists.
const (
	DictionaryMarkdown = "woordenboek.md"
	DictionaryHTML     = "woordenboek.html"
	Definitions        = "definities.md"
	Recipients         = "ontvangers.md"
)

// Write writes all documents into dir, creates dir if necessary, and returns their paths.
func Write(dir string, d *Dictionary) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	var paths []string
	for _, document := range []struct {
		Name  string
		Write func() ([]byte, error)
	}{{DictionaryMarkdown, d.Markdown}, {DictionaryHTML, d.HTML}, {Definitions, d.Definitions}, {Recipients, d.Recipients}} {
		text, err := document.Write()
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, document.Name)
		if err := durable.WriteFile(path, text, 0o644); err != nil {
			return nil, fmt.Errorf("write the dictionary: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// breakable returns a name that browsers may break after dots and underscores.
func breakable(name string) htmltemplate.HTML {
	return htmltemplate.HTML(strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>").Replace(htmltemplate.HTMLEscapeString(name)))
}

// anchor returns the anchor of a table in the dictionary.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "-") }

// edgeUnderscore matches a _ at the edge of a word. Markdown ignores one within a word.
var edgeUnderscore = regexp.MustCompile(`(^|[^\pL\pN_])_|_([^\pL\pN_]|$)`)

// markdown escapes Markdown markup.
func markdown(text string) string {
	text = strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", "*", "\\*", "`", "\\`", "[", "\\[", "]", "\\]", "\n", " ").Replace(text)
	return edgeUnderscore.ReplaceAllString(text, `$1\_$2`)
}

// code returns a name as Markdown code in a table cell. Names contain no back quotes.
func code(name string) string {
	return "`" + strings.NewReplacer("|", "\\|", "`", "'", "\n", " ").Replace(name) + "`"
}

func codeList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = code(name)
	}
	return strings.Join(quoted, ", ")
}
