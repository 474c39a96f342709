package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readSheet reads a sheet of an XLSX file by the standard (ECMA-376), not by the library that wrote it: the
// text of each cell, with its type before it where that is not a number.
func readSheet(t *testing.T, file []byte, part string) [][]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string) []byte {
		f, err := archive.Open(name)
		if err != nil {
			return nil
		}
		defer f.Close() //nolint:errcheck // only read
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var shared struct {
		Items []struct {
			Text string `xml:"t"`
		} `xml:"si"`
	}
	if text := open("xl/sharedStrings.xml"); text != nil {
		if err := xml.Unmarshal(text, &shared); err != nil {
			t.Fatal(err)
		}
	}
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Type    string  `xml:"t,attr"`
				Formula *string `xml:"f"`
				Value   string  `xml:"v"`
				Inline  string  `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := xml.Unmarshal(open(part), &sheet); err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, r := range sheet.Rows {
		var cells []string
		for _, c := range r.Cells {
			if c.Formula != nil {
				t.Errorf("a cell holds the formula %q", *c.Formula)
			}
			switch c.Type {
			case "inlineStr":
				cells = append(cells, "t:"+c.Inline)
			case "s":
				var i int
				if _, err := fmt.Sscan(c.Value, &i); err != nil {
					t.Fatal(err)
				}
				cells = append(cells, "t:"+shared.Items[i].Text)
			case "str":
				cells = append(cells, "t:"+c.Value)
			default:
				cells = append(cells, c.Value)
			}
		}
		out = append(out, cells)
	}
	return out
}

// TestWrite checks that another reader finds every total and every fault, texts as texts and numbers as
// numbers, also a text that looks like a formula.
func TestWrite(t *testing.T) {
	b := Bounce{
		Source: "sonar", Supplier: "UWV", File: "sonar_20201231.csv", Peildatum: "31 december 2020", Status: "geweigerd", Reasons: []string{"verplichte kolom KlantVan ontbreekt"},
		Records: 1720, Geladen: 1715, InQuarantaine: 3, NietData: 2, Faulty: 4,
		Counts: []Count{{"Burgerservicenr", "voldoet niet aan de elfproef", 2}, {"CdGemeenteGba", "geen getal", 1}, {"", "verkeerd aantal velden", 1}},
		Faults: []Fault{
			{404, "Burgerservicenr", "voldoet niet aan de elfproef", "9 tekens"},
			{405, "CdGemeenteGba", "geen getal", `=HYPERLINK("https://kwaad.example")`},
			{1204, "", "verkeerd aantal velden", ""},
		},
	}
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"t:Regel", "t:Kolom", "t:Reden", "t:Waarde (afgeschermd)"},
		{"404", "t:Burgerservicenr", "t:voldoet niet aan de elfproef", "t:9 tekens"},
		{"405", "t:CdGemeenteGba", "t:geen getal", `t:=HYPERLINK("https://kwaad.example")`},
		{"1204", "t:", "t:verkeerd aantal velden", "t:"},
	}
	if diff := cmp.Diff(want, readSheet(t, file.Bytes(), "xl/worksheets/sheet2.xml")); diff != "" {
		t.Error(diff)
	}
	var totals []string
	for _, r := range readSheet(t, file.Bytes(), "xl/worksheets/sheet1.xml") {
		totals = append(totals, strings.ReplaceAll(strings.Join(r, "|"), "t:", ""))
	}
	text := strings.Join(totals, "\n")
	for _, line := range []string{
		"Bron|sonar", "De levering is|geweigerd", "Reden|verplichte kolom KlantVan ontbreekt", "Records in het bestand|1720", "Geladen|1715",
		"Niet geladen (in quarantaine)|3", "Geen gegevens (kop, lege regels, totaal)|2", "Burgerservicenr|voldoet niet aan de elfproef|2",
		"Het blad Regels toont de eerste 3 van 4 fouten.",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the summary has no %q:\n%s", line, text)
		}
	}
	if err := (Bounce{}).Write(failing{}); err == nil || !strings.Contains(err.Error(), "vol") {
		t.Errorf("a full disk: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("de schijf is vol") }
