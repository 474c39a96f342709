package records

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"
)

// A formatCase tests one format. Its data must have the header Naam, BSN and Woonplaats, a record
// Jan, 1, Goes, and a record Eva, 2 without Woonplaats.
type formatCase struct {
	form   Form   // what Open and Titles find
	name   string // of the file
	data   []byte
	regels []int64 // of the two records
	column string  // the cell column of BSN
	refuse bool    // a record that lacks a field is a fault
	cut    bool    // without its last bytes the file is unreadable
}

func formatCases(t *testing.T) []formatCase {
	const row = `<row><c t="str"><v>Jan</v></c><c><v>1</v></c><c t="str"><v>Goes</v></c></row><row><c t="str"><v>Eva</v></c><c><v>2</v></c></row>`
	header := strings.NewReplacer("Jan", "Naam", "<c><v>1", `<c t="str"><v>BSN`, "Goes", "Woonplaats").Replace(strings.Split(row, "</row>")[0] + "</row>")
	quoted := Dialect{Separator: ';', Quote: '"'}
	return []formatCase{
		{
			form: Form{Shape: CSV, Encoding: UTF8, Dialect: quoted}, name: "x.csv", regels: []int64{2, 3}, refuse: true,
			data: []byte("Naam;BSN;Woonplaats\nJan;1;Goes\nEva;2\n"),
		},
		{
			form: Form{Shape: XLSX, Sheet: "Blad1"}, name: "x.xlsx", regels: []int64{2, 3}, column: "B", cut: true,
			data: oneSheet(t, "<worksheet><sheetData>"+header+row+"</sheetData></worksheet>", "<sst/>"),
		},
		{
			form: Form{Shape: JSON, Encoding: UTF8}, name: "x.json", regels: []int64{1, 2}, cut: true,
			data: []byte(`[{"Naam": "Jan", "BSN": 1, "Woonplaats": "Goes"}, {"Naam": "Eva", "BSN": 2}]`),
		},
		{
			form: Form{Shape: JSONLines, Encoding: UTF8}, name: "x.json", regels: []int64{1, 2},
			data: []byte("{\"Naam\": \"Jan\", \"BSN\": 1, \"Woonplaats\": \"Goes\"}\n{\"Naam\": \"Eva\", \"BSN\": 2}\n"),
		},
		{
			form: Form{Shape: Parquet}, name: "x.parquet", regels: []int64{1, 2}, cut: true,
			data: writeParquet(t, []string{"Naam", "BSN", "Woonplaats"}, `[{"Naam": "Jan", "BSN": "1", "Woonplaats": "Goes"}, {"Naam": "Eva", "BSN": "2"}]`),
		},
	}
}

// TestFormats checks every format in the table against the contract of format.
func TestFormats(t *testing.T) {
	cases := formatCases(t)
	for _, driver := range formats {
		at := slices.IndexFunc(cases, func(c formatCase) bool { return c.form.Shape == driver.shape() })
		if at < 0 {
			t.Errorf("%s: no case in formatCases proves this format", driver.shape())
			continue
		}
		t.Run(string(driver.shape()), func(t *testing.T) { cases[at].prove(t, driver) })
	}
}

func (c formatCase) open(ctx context.Context, src io.ReaderAt, size int64) (*Reader, error) {
	columns := []Column{{Name: "BSN", Required: true}, {Name: "Naam", Required: true}, {Name: "Woonplaats"}, {Name: "Sector"}}
	return Open(ctx, src, size, c.name, Form{}, Profile{Encoding: UTF8}, columns)
}

// read opens a file and reads it to its end.
func (c formatCase) read(ctx context.Context, src io.ReaderAt, size int64) (rows []string, regels []int64, r *Reader, err error) {
	var b Batch
	r, err = c.open(ctx, src, size)
	for err == nil {
		err = r.Next(ctx, &b)
		for i := range b.N {
			var row []string
			for _, v := range b.Columns {
				row = append(row, string(v.Data[v.Offsets[i]:v.Offsets[i+1]]))
			}
			rows, regels = append(rows, strings.Join(row, "|")), append(regels, b.Regel[i])
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return rows, regels, r, err
}

func (c formatCase) prove(t *testing.T, driver format) {
	src, size := bytes.NewReader(c.data), int64(len(c.data))
	rows, regels, r, err := c.read(t.Context(), src, size)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1|Jan|Goes|", "2|Eva||"}
	if c.refuse {
		want[1] = "|||"
	}
	if diff := cmp.Diff(want, rows) + cmp.Diff(c.regels, regels) + cmp.Diff(c.form, r.Form()); diff != "" {
		t.Error(diff)
	}
	header := r.Header()
	if b := r.Balance(); b.Data != 2 || b.Records != b.NietData+b.Data || !header.Found || header.Fields != 3 || !slices.Equal(header.Absent, []string{"Sector"}) {
		t.Errorf("balance %+v, header %+v", b, header)
	}
	_, titled := r.src.(titledSource)
	if l := driver.layout(); titled != l.separateHeader || titled != c.form.SeparateHeader() || titled != (header.Regel == 0) || l.cells != (c.column != "") {
		t.Errorf("layout %+v: titles apart %v, header at %d", l, titled, header.Regel)
	}
	if got := c.form.CellColumn(header.Index[0]); got != c.column {
		t.Errorf("BSN stands in column %q, want %q", got, c.column)
	}
	names, form, err := Titles(t.Context(), src, size, c.name, Profile{Encoding: UTF8})
	if err != nil || !slices.Equal(names, []string{"Naam", "BSN", "Woonplaats"}) || form != c.form {
		t.Errorf("Titles gave %q, %+v, %v", names, form, err)
	}

	// Every error reaches the caller unchanged; damage is an UnreadableError, never a short file.
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := c.read(canceled, src, size); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	gone := errors.New("device gone")
	if _, _, _, err := c.read(t.Context(), faulty{src, 9, gone}, size); !errors.Is(err, gone) {
		t.Errorf("failing device: %v", err)
	}
	var unreadable *UnreadableError
	if _, _, _, err := c.read(t.Context(), src, size-4); c.cut != errors.As(err, &unreadable) || !c.cut && err != nil {
		t.Errorf("without its last bytes: %v", err)
	}
	for at := range c.data { // no damage makes it panic
		damaged := slices.Clone(c.data)
		damaged[at] ^= 0x55
		_, _, _, _ = c.read(t.Context(), bytes.NewReader(damaged), size)
	}
}

// writeParquet makes a Parquet file of text columns from rows in JSON.
func writeParquet(t *testing.T, columns []string, rows string) []byte {
	t.Helper()
	var schemaFields []arrow.Field
	for _, name := range columns {
		schemaFields = append(schemaFields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	schema := arrow.NewSchema(schemaFields, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &out, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err == nil {
		err = errors.Join(w.Write(rec), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
