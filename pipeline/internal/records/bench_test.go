package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// extract makes a file like those of Sonar, and passes every value through quoted.
func extract(rows int, quoted func(string) string) []byte {
	names := []string{
		"Burgerservicenr", "NaamGemeente", "CdGemeenteGba", "KlantVan", "IndKlantprofiel", "DatLaatsteWijzigingProfiel", "IndZichtbaar",
		"IndToestemming", "IndWerkfit", "Participatieladder", "CdOpleidingsniveau", "Bemiddelingsberoep", "MaxReisafstandKm",
		"AantUrenBeschikbaar", "Sector",
	}
	var b bytes.Buffer
	b.WriteString(strings.Join(names, ";") + "\r\n")
	places := []string{"Hilversum", "Gooise Meren", "Wijdemeren", "Huizen", "Laren (NH)", "Blaricum"}
	for i := range rows {
		vs := []string{
			fmt.Sprint(900000000 + i), places[i%len(places)], "0402", "GEMEENTE", "J", fmt.Sprintf("2020-%02d-%02d", 1+i%12, 1+i%28), "J", "N", "",
			fmt.Sprint(1 + i%6), "HBO", "Medewerker café", fmt.Sprint(i % 60), "24,5", "MARKT",
		}
		for j, v := range vs {
			if j > 0 {
				b.WriteByte(';')
			}
			b.WriteString(quoted(v))
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func BenchmarkReader(b *testing.B) {
	plainly := extract(200000, func(s string) string { return s })
	quoted := extract(200000, func(s string) string { return `"` + s + `"` })
	header, _, _ := bytes.Cut(plainly, []byte("\r\n"))
	var columns []Column
	for name := range strings.SplitSeq(string(header), ";") {
		columns = append(columns, Column{Name: name, Required: true})
	}
	var wide []byte
	wide = append(wide, "\xFF\xFE"...)
	for _, r := range string(plainly) {
		wide = append(wide, byte(r), byte(r>>8))
	}
	for _, bb := range []struct {
		name string
		enc  Encoding
		data []byte
	}{{"plain", UTF8, plainly}, {"quoted", UTF8, quoted}, {"utf16", UTF16LE, wide}, {"windows1252", Windows1252, plainly}} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.data)))
			b.ReportAllocs()
			var batch Batch
			for b.Loop() {
				r := newCSVReader(bytes.NewReader(bb.data), int64(len(bb.data)), bb.enc, testDialect, columns)
				for {
					err := r.Next(b.Context(), &batch)
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if got := r.Balance().Data; got != 200000 {
					b.Fatalf("%d rows", got)
				}
			}
		})
	}
}

func BenchmarkProfiler(b *testing.B) {
	data := extract(200000, func(s string) string { return s })
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		var p Profiler
		if _, err := p.Write(data); err != nil {
			b.Fatal(err)
		}
		if got := p.Profile(); got.MultiByte != 200000 {
			b.Fatalf("%+v", got)
		}
	}
}

// BenchmarkShapes reads the same 20.000 records as a workbook and as lines of JSON.
func BenchmarkShapes(b *testing.B) {
	const rows = 20000
	lines := strings.Split(strings.TrimSpace(string(extract(rows, func(s string) string { return s }))), "\r\n")
	names := strings.Split(lines[0], ";")
	var columns []Column
	var book, objects strings.Builder
	book.WriteString("<worksheet><sheetData>")
	for _, name := range names {
		columns = append(columns, Column{Name: name, Required: true})
	}
	for i, line := range lines {
		book.WriteString("<row>")
		for j, v := range strings.Split(line, ";") {
			fmt.Fprintf(&book, `<c t="inlineStr"><is><t>%s</t></is></c>`, v)
			if i > 0 {
				fmt.Fprintf(&objects, "%c%q:%q", "{,"[min(j, 1)], names[j], v)
			}
		}
		book.WriteString("</row>")
		if i > 0 {
			objects.WriteString("}\n")
		}
	}
	book.WriteString("</sheetData></worksheet>")
	for name, data := range map[string][]byte{"x.xlsx": oneSheet(b, book.String(), "<sst/>"), "x.jsonl": []byte(objects.String())} {
		b.Run(name[2:], func(b *testing.B) {
			b.ReportAllocs()
			var batch Batch
			for b.Loop() {
				r, err := Open(b.Context(), bytes.NewReader(data), int64(len(data)), name, Form{}, Profile{Encoding: UTF8}, columns)
				for err == nil {
					err = r.Next(b.Context(), &batch)
				}
				if !errors.Is(err, io.EOF) || r.Balance().Data != rows {
					b.Fatalf("%+v, %v", r, err)
				}
			}
		})
	}
}
