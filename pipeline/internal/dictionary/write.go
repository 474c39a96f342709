package dictionary

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"inbeeld/pipeline/durable"
)

//go:embed *.tmpl
var templates embed.FS

// Markdown is the dictionary as one file of Markdown.
func (d *Dictionary) Markdown() ([]byte, error) { return d.markdown("woordenboek.md.tmpl") }

// Definitions are the marts with what each of their numbers means, as Markdown.
func (d *Dictionary) Definitions() ([]byte, error) { return d.markdown("definities.md.tmpl") }

// Recipients is the list of checks with who hears of each, as Markdown.
func (d *Dictionary) Recipients() ([]byte, error) { return d.markdown("ontvangers.md.tmpl") }

func (d *Dictionary) markdown(name string) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"md": markdown, "code": code, "codes": codes, "anchor": anchor,
	}).ParseFS(templates, name)
	if err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	return b.Bytes(), nil
}

// HTML is the dictionary as one page that needs nothing else.
func (d *Dictionary) HTML() ([]byte, error) {
	t, err := htmltemplate.New("woordenboek.html.tmpl").Funcs(htmltemplate.FuncMap{
		"anchor": anchor, "soft": soft,
	}).ParseFS(templates, "woordenboek.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	return b.Bytes(), nil
}

// Names of the forms of the dictionary, and of the lists made of it.
const (
	DictionaryMarkdown = "woordenboek.md"
	DictionaryHTML     = "woordenboek.html"
	Definitions        = "definities.md"
	Recipients         = "ontvangers.md"
)

// WriteDictionary writes all forms into dir, which it makes, and gives their paths.
func Write(dir string, d *Dictionary) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write the dictionary: %w", err)
	}
	var paths []string
	for _, form := range []struct {
		Name  string
		Write func() ([]byte, error)
	}{{DictionaryMarkdown, d.Markdown}, {DictionaryHTML, d.HTML}, {Definitions, d.Definitions}, {Recipients, d.Recipients}} {
		text, err := form.Write()
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, form.Name)
		if err := durable.WriteFile(path, text, 0o644); err != nil {
			return nil, fmt.Errorf("write the dictionary: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// soft is a name that may be broken after its points and underscores.
func soft(name string) htmltemplate.HTML {
	return htmltemplate.HTML(strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>").Replace(htmltemplate.HTMLEscapeString(name)))
}

// anchor is the name of a place in the dictionary.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "-") }

// edgeUnderscore is a _ at the edge of a word: within a word Markdown leaves it alone.
var edgeUnderscore = regexp.MustCompile(`(^|[^\pL\pN_])_|_([^\pL\pN_]|$)`)

// markdown escapes what Markdown would take for markup.
func markdown(text string) string {
	text = strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", "*", "\\*", "`", "\\`", "[", "\\[", "]", "\\]", "\n", " ").Replace(text)
	return edgeUnderscore.ReplaceAllString(text, `$1\_$2`)
}

// code is a name in Markdown, which stands in a cell of a table; names have no back quotes.
func code(name string) string {
	return "`" + strings.NewReplacer("|", "\\|", "`", "'", "\n", " ").Replace(name) + "`"
}

func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = code(name)
	}
	return strings.Join(quoted, ", ")
}
