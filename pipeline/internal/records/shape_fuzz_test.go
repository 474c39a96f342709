package records

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// zipped makes a zip archive of pairs of name and content.
func zipped(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oneSheet makes a workbook of one sheet from its XML.
func oneSheet(t testing.TB, sheet, shared string) []byte {
	t.Helper()
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	relations := func(list ...string) string { return "<Relationships>" + strings.Join(list, "") + "</Relationships>" }
	return zipped(t,
		"_rels/.rels", relations(`<Relationship Id="a" Type="`+office+`officeDocument" Target="xl/workbook.xml"/>`),
		"xl/workbook.xml", `<workbook xmlns:r="r"><workbookPr/><sheets><sheet name="Blad1" r:id="b"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", relations(`<Relationship Id="b" Type="`+office+`worksheet" Target="sheet.xml"/>`,
			`<Relationship Id="c" Type="`+office+`sharedStrings" Target="/xl/strings.xml"/>`),
		"xl/sheet.xml", sheet, "xl/strings.xml", shared)
}

// readAny reads a file of any shape. An error must be an UnreadableError; otherwise collect checks that the
// balance closes.
func readAny(t *testing.T, data []byte, name string) {
	t.Helper()
	var p Profiler
	if _, err := p.Write(data); err != nil {
		t.Fatal(err)
	}
	var unreadable *UnreadableError
	for _, declared := range []Form{{}, {Encoding: Latin9, Dialect: Dialect{Separator: ',', Quote: '\'', Escape: '\\'}, Sheet: "blad1"}} {
		open := func() (*Reader, error) {
			return Open(t.Context(), bytes.NewReader(data), int64(len(data)), name, declared, p.Profile(), testColumns)
		}
		r, err := open()
		var b Batch
		for err == nil {
			err = r.Next(t.Context(), &b)
		}
		if errors.As(err, &unreadable) {
			continue
		}
		if !errors.Is(err, io.EOF) {
			t.Fatalf("%q: %v", data, err)
		}
		if r, err = open(); err != nil {
			t.Fatal(err)
		}
		collect(t, r)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		"", "[]", "{", `[{"BSN": 1e5, "Naam": "a\u00e9\"", "Woonplaats": null}, {"naam": [1, {"x": "]"}], "BSN": true}, 3]`,
		`{"a": {"b": [1]}, "rijen": [{"BSN": "1", "Naam": "x"}], "c": 1}`, "{\"BSN\": 1, \"Naam\": \"x\"}\n\n{\"BSN\": }\nx\n", `{"a": [], "b": []}`, `[{"BSN":1}`, `[{}] x`, "\xFF\xFE[\x00]\x00",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, lines bool) {
		name := "x.json"
		if lines {
			name = "x.jsonl"
		}
		readAny(t, data, name)
	})
}

func FuzzXLSX(f *testing.F) {
	const row = `<row r="1"><c t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Naam</t></is></c><c t="str"><v>Woonplaats</v></c></row>`
	for _, s := range []string{
		"", row, row + `<row r="4" hidden="1"><c r="B4"><f>1</f><v>1.5E3</v></c><c r="AA4" t="b"><v>1</v></c></row>`, row + `<row><c t="e"><v>#N/A</v></c></row><row r="1"/>`,
		`<row><c t="str"><v>BSN</v></c></row><row><c r="B2" t="str"><v>Naam</v></c></row><row><c><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="A1"/><mergeCell ref="B9:A1"/></mergeCells><sheetData>`,
		row + `<row><c t="s"><v>7</v></c></row>`, row + `<row><c r="XFE9"/></row>`, row + `<row><c><v>`, row + `<row><c t="d"><v>2020-01-01</v></c><c><v>44196.25</v></c></row>`,
	} {
		f.Add(s, "<sst><si><t>BSN</t></si><si><r><t>a_x000D_</t></r><rPh><t>b</t></rPh></si></sst>")
	}
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		readAny(t, oneSheet(t, "<worksheet><sheetData>"+sheet+"</sheetData></worksheet>", shared), "x.xlsx")
	})
}

// FuzzShape reads any bytes as the format that claims them.
func FuzzShape(f *testing.F) {
	book := oneSheet(f, "<worksheet><sheetData/></worksheet>", "<sst/>")
	f.Add(book)
	f.Add(book[:len(book)/2])
	f.Add([]byte("PAR1PAR1"))
	f.Add([]byte("PAR1\x15\x04\x00\x00\x00\x00PAR1"))
	f.Add([]byte("BSN,'Naam',Woonplaats\n1,'a''b\\'',\"x\"\n"))
	f.Add([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"))
	f.Fuzz(func(t *testing.T, data []byte) { readAny(t, data, "x.xlsx") })
}
