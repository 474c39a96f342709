package pipeline

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/dictionary"
	"inbeeld/pipeline/internal/graph"
)

var updateRecipients = flag.Bool("update-ontvangers", false, "write checks/ONTVANGERS.md; read it before you commit")

var updateDefinitions = flag.Bool("update-definities", false, "write sql/DEFINITIES.md; read it before you commit")

// The lists in the repository are those of the embedded project.
func TestListsInTheRepository(t *testing.T) {
	t.Parallel()
	d, err := dictionary.Document(t.Context(), traceBound(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []struct {
		path, flag string
		update     bool
		make       func() ([]byte, error)
	}{
		{"../sql/DEFINITIES.md", "-update-definities", *updateDefinitions, d.Definitions},
		{"../checks/ONTVANGERS.md", "-update-ontvangers", *updateRecipients, d.Recipients},
	} {
		made, err := list.make()
		if err != nil {
			t.Fatal(err)
		}
		if list.update {
			if err := os.WriteFile(list.path, made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(list.path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(kept), string(made)); diff != "" {
			t.Errorf("%s is not up to date; %s writes it (-kept +made)\n%s", list.path, list.flag, diff)
		}
	}
}

func TestDictionary(t *testing.T) {
	t.Parallel()
	b := traceBound(t, "")
	d, err := dictionary.Document(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "nieuw", "docs")
	paths, err := dictionary.Write(dir, d)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	md, page := texts[0], texts[1]
	t.Run("everything is in it", func(t *testing.T) { dictionaryHolds(t, b, md, page) })
	t.Run("page", func(t *testing.T) { dictionaryPage(t, page) })
	t.Run("contrast", func(t *testing.T) { dictionaryContrast(t, page) })
	t.Run("drawing", func(t *testing.T) { dictionaryDrawing(t, b, d.Drawing) })
	t.Run("same bytes", func(t *testing.T) {
		again, err := dictionary.Document(t.Context(), traceBound(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		text, err := again.HTML()
		if err != nil || string(text) != page {
			t.Errorf("the page of the same project differs (%v)", err)
		}
		if text, err = again.Markdown(); err != nil || string(text) != md {
			t.Errorf("the Markdown of the same project differs (%v)", err)
		}
	})
}

var tags = regexp.MustCompile(`<[^>]*>`)

// dictionaryHolds looks for every table, column, description and explanation in both forms.
func dictionaryHolds(t *testing.T, b *graph.Graph, md, page string) {
	unescape := strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#43;", "+")
	plain := unescape.Replace(tags.ReplaceAllString(page, ""))
	bare := unescape.Replace(regexp.MustCompile(`\\([^A-Za-z0-9])`).ReplaceAllString(md, "$1"))
	holds := func(text string) {
		t.Helper()
		if !strings.Contains(plain, text) {
			t.Errorf("the page lacks %q", text)
		}
		if !strings.Contains(bare, strings.ReplaceAll(text, "\n", " ")) {
			t.Errorf("the Markdown lacks %q", text)
		}
	}
	for _, n := range b.Order {
		holds(n.Name)
		if n.Model.Schema == "marts" {
			holds(n.Basis.Version())
		}
		holds(n.Model.Description)
		for _, c := range n.Columns {
			holds(c.Name)
			holds(n.Model.Describe(c.Name))
		}
	}
	for _, c := range b.Contracts {
		holds("raw." + c.Name)
		holds(c.Supplier)
		for _, col := range c.Columns {
			holds(col.Name)
			holds(col.As)
			holds(col.Description)
			for _, v := range col.Values {
				holds(v)
			}
		}
	}
	for _, r := range b.References {
		holds("ref." + r.Name)
	}
	for _, r := range b.Rules {
		holds(r.Name)
		holds(r.Template())
	}
	for _, text := range []string{
		"Een stand op elke peildatum. De peildata komen uit de leveringen van doelgroepregister, plaatsingen en sonar.",
		"met_profiel als percentage van totaal, waar klant_van = 'GEMEENTE', per gemeente",
		"waarschuwing onder 50%; alarm onder 25%",
		"geen oordeel als de noemer kleiner is dan 20",
		"één foute regel houdt de publicatie tegen",
		"getal (DECIMAL(5,1))",
		"raw.sonar.is_zichtbaar [IndZichtbaar]",
		"regels van raw.doelgroepregister",
		"elke 92 dagen, met 14 dagen speling",
		"Geweigerd bij meer dan 1% van de records in quarantaine, of meer dan 0,5% met een BSN dat niet klopt.",
		"Intern: per persoon.",
	} {
		holds(text)
	}
}

// dictionaryPage: the page is well-formed, Dutch, needs nothing else, and each link leads somewhere.
func dictionaryPage(t *testing.T, page string) {
	if !strings.HasPrefix(page, "<!doctype html>\n<html lang=\"nl\">") {
		t.Errorf("the page begins %.60q", page)
	}
	for _, foreign := range []string{"<script", "<link", "<img", "<iframe", "@import", "url(", "http://", "https://", "javascript:", " on" + "click"} {
		if strings.Contains(strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, ""), foreign) {
			t.Errorf("the page holds %q", foreign)
		}
	}
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	ids, links := map[string]bool{}, []string{}
	var open []string
	for {
		token, err := dec.Token()
		if token == nil {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
			for _, a := range e.Attr {
				switch {
				case a.Name.Local == "id" && ids[a.Value]:
					t.Errorf("id %s is there twice", a.Value)
				case a.Name.Local == "id":
					ids[a.Value] = true
				case a.Name.Local == "href":
					links = append(links, strings.TrimPrefix(a.Value, "#"))
				case a.Name.Local == "aria-labelledby":
					links = append(links, strings.Fields(a.Value)...)
				}
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("</%s> closes %v", e.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 || len(links) < 60 {
		t.Errorf("%v stay open, %d links", open, len(links))
	}
	for _, l := range links {
		if !ids[l] {
			t.Errorf("a link leads to %q, which is not there", l)
		}
	}
}

// dictionaryContrast holds the colours of text against those behind it: WCAG asks 4.5 to 1.
func dictionaryContrast(t *testing.T, page string) {
	colours := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{3,6});`).FindAllStringSubmatch(page, -1) {
		colours[m[1]] = m[2]
	}
	behind := []string{colours["paper"], colours["tint"], "#fdf1f1"}
	for _, m := range regexp.MustCompile(`\{ fill: (#[0-9a-f]{3,6});`).FindAllStringSubmatch(page, -1) {
		behind = append(behind, m[1])
	}
	if len(behind) < 8 {
		t.Fatalf("colours %v behind text", behind)
	}
	for _, name := range []string{"ink", "soft", "link"} {
		for _, back := range behind {
			if c := contrast(t, colours[name], back); c < 4.5 {
				t.Errorf("%s %s on %s: %.2f to 1", name, colours[name], back, c)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light := func(colour string) float64 {
		hex := strings.TrimPrefix(colour, "#")
		if len(hex) == 3 {
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		}
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatalf("colour %q: %v", colour, err)
			}
			part := float64(n) / 255
			if part <= 0.04045 {
				part /= 12.92
			} else {
				part = math.Pow((part+0.055)/1.055, 2.4)
			}
			sum += weight * part
		}
		return sum
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// dictionaryDrawing: every model stands in the drawing once, right of what it reads; boxes do not
// overlap and hold their labels; there is a line for each read.
func dictionaryDrawing(t *testing.T, b *graph.Graph, d *dictionary.Drawing) {
	boxes := map[string]dictionary.DrawnBox{}
	for i, box := range d.Boxes {
		boxes[box.Name] = box
		if box.X < 0 || box.Y < dictionary.BandTop-dictionary.BoxHeight || box.X+box.Width > d.Width || box.Y+box.Height > d.Height {
			t.Errorf("%s lies outside the drawing", box.Name)
		}
		if float64(len(box.Label))*dictionary.LetterWidth > float64(box.Width-12) {
			t.Errorf("the label of %s does not fit", box.Name)
		}
		for _, other := range d.Boxes[:i] {
			if box.X < other.X+other.Width && other.X < box.X+box.Width && box.Y < other.Y+other.Height && other.Y < box.Y+box.Height {
				t.Errorf("%s lies over %s", box.Name, other.Name)
			}
		}
	}
	drawn := map[string]bool{}
	for _, n := range b.Order {
		for _, r := range n.Reads {
			from := strings.TrimSuffix(r.Table(), graph.BeforeSuffix)
			drawn[from+" "+n.Name] = true // the model and its preceding stand are one line
			if boxes[from].X+boxes[from].Width >= boxes[n.Name].X {
				t.Errorf("%s is not right of %s", n.Name, from)
			}
			start := fmt.Sprintf("M%d %d", boxes[from].X+boxes[from].Width, boxes[from].Y+dictionary.BoxHeight/2)
			end := fmt.Sprintf(" %d %d", boxes[n.Name].X, boxes[n.Name].Y+dictionary.BoxHeight/2)
			if !slices.ContainsFunc(d.Lines, func(l string) bool { return strings.HasPrefix(l, start) && strings.HasSuffix(l, end) }) {
				t.Errorf("no line from %s to %s", from, n.Name)
			}
		}
	}
	if len(drawn) != len(d.Lines) {
		t.Errorf("%d lines for %d reads", len(d.Lines), len(drawn))
	}
}

// A project may say anything in its texts; they stay text.
func TestDictionaryEscapes(t *testing.T) {
	t.Parallel()
	dir := nightProject(t, map[string]string{"project/sql/marts/personen.sql": `-- description: "Wie | <b>vet</b> & *ster* [x](y) ` + "`q`" + `"
-- grain: [persoon_id]
-- intern: true
-- columns:
--   persoon_id: 'Pseudoniem <script>alert(1)</script> | _rand_ in_het_midden'
select persoon_id from staging.personen
`})
	d, err := dictionary.Document(t.Context(), traceBound(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.HTML()
	if err != nil {
		t.Fatal(err)
	}
	md, err := d.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<b>")) || bytes.Contains(page, []byte("<script")) {
		t.Error("markup in a description is markup in the page")
	}
	for _, want := range []string{`Wie \| &lt;b>vet&lt;/b> & \*ster\* \[x\](y) ` + "\\`q\\`", `Pseudoniem &lt;script>alert(1)&lt;/script> \| \_rand\_ in_het_midden |`} {
		if !bytes.Contains(md, []byte(want)) {
			t.Errorf("the Markdown lacks %s", want)
		}
	}
}
