package report

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// A Bounce is the content of a bounce report about one delivery.
type Bounce struct {
	Source, Supplier string
	File             string // name as received
	Peildatum        string // in Dutch notation
	Status           string // aanvaard or geweigerd
	Reasons          []string
	// Records = Geladen + InQuarantaine + NietData. For a refused delivery, Geladen counts the records that
	// would have been loaded.
	Records, Geladen, InQuarantaine, NietData int64
	Counts                                    []Count
	Faults                                    []Fault
	Faulty                                    int64 // total number of faults; Faults may have fewer
}

// A Count is how often a fault occurs.
type Count struct {
	Column, Reason string
	N              int64
}

// A Fault is one fault of a record, which may have several.
type Fault struct {
	Line                  int64 // where the record begins, from 1
	Column, Reason, Value string
}

// MaxFaults is the maximum number of faults in a report.
const MaxFaults = 10_000

const (
	summary = "Samenvatting"
	lines   = "Regels"
)

// Write writes the report as XLSX. All texts are text cells, so no program reads one as a formula.
func (b Bounce) Write(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			err = fmt.Errorf("write the report about %s: %w", b.File, err)
		}
	}()
	if err := f.SetSheetName("Sheet1", summary); err != nil {
		return err
	}
	if _, err := f.NewSheet(lines); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := writeSheet(f, summary, b.summary(), bold, 34, 60); err != nil {
		return err
	}
	if err := writeSheet(f, lines, b.lines(), bold, 10, 28, 44, 30); err != nil {
		return err
	}
	_, err = f.WriteTo(w)
	return err
}

// A row has texts and integers. A heading is bold.
type row struct {
	heading bool
	cells   []any
}

func (b Bounce) summary() []row {
	rows := []row{
		{true, []any{"Overzicht van regels die niet zijn geladen"}},
		{false, []any{"Bron", b.Source}},
		{false, []any{"Leverancier", b.Supplier}},
		{false, []any{"Bestand", b.File}},
		{false, []any{"Peildatum", b.Peildatum}},
		{false, []any{"De levering is", b.Status}},
	}
	for _, reason := range b.Reasons {
		rows = append(rows, row{false, []any{"Reden", reason}})
	}
	rows = append(rows,
		row{},
		row{true, []any{"Telling", "Aantal"}},
		row{false, []any{"Records in het bestand", b.Records}},
		row{false, []any{"Geladen", b.Geladen}},
		row{false, []any{"Niet geladen (in quarantaine)", b.InQuarantaine}},
		row{false, []any{"Geen gegevens (kop, lege regels, totaal)", b.NietData}},
		row{},
		row{true, []any{"Kolom", "Reden", "Aantal"}},
	)
	for _, c := range b.Counts {
		rows = append(rows, row{false, []any{c.Column, c.Reason, c.N}})
	}
	if n := int64(len(b.Faults)); n < b.Faulty {
		rows = append(rows, row{}, row{false, []any{fmt.Sprintf("Het blad Regels toont de eerste %d van %d fouten.", n, b.Faulty)}})
	}
	return append(rows, row{}, row{false, []any{"Waarden zijn afgeschermd: van een BSN en van vrije tekst staat er alleen hoe lang die is."}})
}

func (b Bounce) lines() []row {
	rows := []row{{true, []any{"Regel", "Kolom", "Reden", "Waarde (afgeschermd)"}}}
	for _, f := range b.Faults {
		rows = append(rows, row{false, []any{f.Line, f.Column, f.Reason, f.Value}})
	}
	return rows
}

// writeSheet fills a sheet; widths are those of its columns, in characters.
func writeSheet(f *excelize.File, name string, rows []row, bold int, widths ...float64) error {
	s, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i, width := range widths {
		if err := s.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	for i, r := range rows {
		cells := make([]any, len(r.cells))
		for j, value := range r.cells {
			cells[j] = value
			if r.heading {
				cells[j] = excelize.Cell{StyleID: bold, Value: value}
			}
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := s.SetRow(at, cells); err != nil {
			return err
		}
	}
	return s.Flush()
}
