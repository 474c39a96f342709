package pipeline

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/testing/need"
	"inbeeld/sql/quote"
)

// dutchImport is how somebody in the Netherlands opens a twin in LibreOffice: fields parted by ;, text
// between ", UTF-8, from the first line, language 1043 (Dutch), and dates and special numbers found.
const dutchImport = "CSV:59,34,76,1,,1043,false,true"

// A sheet is the first of a workbook.
type sheet struct {
	book *excelize.File
	name string
}

// spreadsheets opens CSV files in LibreOffice, and gives what it made of each.
func spreadsheets(t *testing.T, paths []string) []sheet {
	t.Helper()
	office := need.Program(t, "libreoffice-calc-nogui", "soffice")
	out := t.TempDir()
	args := append([]string{"--headless", "--norestore", "-env:UserInstallation=file://" + filepath.Join(t.TempDir(), "profile"), "--infilter=" + dutchImport, "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", out}, paths...)
	said, err := exec.CommandContext(t.Context(), office, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", office, err, said)
	}
	sheets := make([]sheet, len(paths))
	for i, path := range paths {
		book, err := excelize.OpenFile(filepath.Join(out, strings.TrimSuffix(filepath.Base(path), ".csv")+".xlsx"), excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		t.Cleanup(func() {
			if err := book.Close(); err != nil {
				t.Error(err)
			}
		})
		sheets[i] = sheet{book, book.GetSheetName(0)}
	}
	return sheets
}

// cell is a value as a spreadsheet has it: a number as Go writes it, a day or moment as ISO does, text
// between quotes, "" for an empty cell.
func (s sheet) cell(t *testing.T, column, row int) string {
	t.Helper()
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		t.Fatal(err)
	}
	value, err := s.book.GetCellValue(s.name, name)
	if err != nil {
		t.Fatal(err)
	}
	formula, err := s.book.GetCellFormula(s.name, name)
	if err != nil {
		t.Fatal(err)
	}
	kind, err := s.book.GetCellType(s.name, name)
	if err != nil {
		t.Fatal(err)
	}
	number, fault := strconv.ParseFloat(value, 64)
	switch {
	case formula != "":
		return "the formula " + formula
	case value == "":
		return ""
	case kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString:
		return strconv.Quote(value)
	case kind != excelize.CellTypeNumber && kind != excelize.CellTypeUnset || fault != nil:
		return fmt.Sprintf("%s of the kind %d", value, kind)
	case s.isDate(t, name):
		at := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(number)).Add(time.Duration(math.Round((number-math.Floor(number))*86400)) * time.Second)
		return strings.TrimSuffix(at.Format(time.DateTime), " 00:00:00")
	}
	return strconv.FormatFloat(number, 'f', -1, 64)
}

// isDate tells whether a number is shown as a day.
func (s sheet) isDate(t *testing.T, name string) bool {
	t.Helper()
	id, err := s.book.GetCellStyle(s.name, name)
	if err != nil {
		t.Fatal(err)
	}
	style, err := s.book.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	return style.NumFmt >= 14 && style.NumFmt <= 22 || style.CustomNumFmt != nil && strings.Contains(strings.ToLower(*style.CustomNumFmt), "yy")
}

// checkTwins holds that a spreadsheet has every value of every mart, numbers as numbers, days as days
// and text as it is.
func checkTwins(t *testing.T, dir string, m *mart.Manifest, marts map[string]readTable) {
	var paths []string
	for _, f := range m.Files {
		paths = append(paths, filepath.Join(dir, filepath.FromSlash(f.CSV.Path)))
	}
	sheets := spreadsheets(t, paths)
	cells := 0
	for i, f := range m.Files {
		table := marts[f.Mart]
		for c, column := range f.Columns {
			if got := sheets[i].cell(t, c+1, 1); got != strconv.Quote(column.Name) {
				t.Errorf("%s: column %d is called %s, not %s", f.Mart, c+1, got, column.Name)
			}
			for r, row := range table.rows {
				want := inSpreadsheet(row[column.Name], column.Type)
				if got := sheets[i].cell(t, c+1, r+2); got != want {
					t.Errorf("%s, row %d, %s: a spreadsheet has %s, the mart %s", f.Mart, r+1, column.Name, got, want)
				}
				cells++
			}
		}
		if rows, err := sheets[i].book.GetRows(sheets[i].name); err != nil || len(rows) != len(table.rows)+1 {
			t.Errorf("%s: a spreadsheet has %d rows with the header, the mart %d, %v", f.Mart, len(rows), len(table.rows), err)
		}
	}
	if cells < 20_000 {
		t.Errorf("only %d cells were compared", cells)
	}
}

// writtenDate is text of the demo of which a spreadsheet would make a day, were it not marked: 31-12-2020,
// and 2020-12 for a month.
var writtenDate = regexp.MustCompile(`^([0-9]{2}-[0-9]{2}-[0-9]{4}|[0-9]{4}-[0-9]{2})$`)

// inSpreadsheet is what cell should give for a value that Arrow read.
func inSpreadsheet(value, kind string) string {
	if value == "NULL" || value == "" {
		return ""
	}
	switch kind, _, _ := strings.Cut(kind, "("); kind {
	case "VARCHAR":
		if writtenDate.MatchString(value) {
			value = "'" + value
		}
		return strconv.Quote(value)
	case "BOOLEAN":
		return strconv.Quote(map[string]string{"true": "ja", "false": "nee"}[value])
	case "TIMESTAMP":
		at, err := time.Parse("2006-01-02 15:04:05Z07:00", value)
		if err != nil {
			return err.Error()
		}
		return strings.TrimSuffix(at.Format(time.DateTime), " 00:00:00")
	case "INTEGER", "BIGINT", "DECIMAL":
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return err.Error()
		}
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return value
}

// Text that a spreadsheet may make something else of, and text that it leaves alone.
var (
	takenForElse = []string{
		"=1+1", "-5", "-x", "+31 6", "@SUM(A1)", "0402", "402", "1.234", "1.234,5", "0,5", "1e5", "12E3", "12E-3", "10%", "€ 5", "1-2", "1-2-2020", "2020-12-31", "31/12", "2020-12-31T10:00:00Z",
		"12:30", "12:30 PM", "1 mei", "3 maart 2021", "maart 2021", "3-mrt-21", "1-jan.", "dec 2020", "WAAR", "onwaar", "true", "1/2", "1 1/2", "20-29", "(5)", "15-10",
	}
	leftAlone = []string{
		"Hilversum", "'s-Graveland", "GM0402", "2020-Q4", "Marktplein 3", "meineke 3", "2020-12-31-5182f321564b", "jan", "maart", "6e klas", "5 personen", "waarschuwing",
		"> 48 uur", "Wsw", "a;b \"c\"\nd", "ë €", "1e kwartaal 2020",
	}
)

// TestTwinKeepsText: what is text in a mart is text in a spreadsheet, whatever it looks like.
func TestTwinKeepsText(t *testing.T) {
	t.Parallel()
	var rows []string
	for i, text := range append(append([]string{}, takenForElse...), leftAlone...) {
		rows = append(rows, fmt.Sprintf("(%d, %s)", i, quote.Literal(text)))
	}
	n := newNight(t, nightProject(t, map[string]string{
		"project/sql/marts/werk.sql":     "-- description: Tekst die een rekenblad anders leest.\n-- grain: [nummer]\n-- columns:\n--   nummer: Volgorde.\n--   tekst: Tekst.\nselect nummer::integer as nummer, tekst from (values " + strings.Join(rows, ", ") + ") as w(nummer, tekst)\n",
		"project/checks/marts.werk.yaml": "- check: not_null\n  column: nummer\n  severity: block\n  notify: [datateam]\n  explain: 'Leeg: {aantal}.'\n",
	}))
	n.first(t)
	o := nightOptions(n.data, n.project)
	o.Publish.CSV = true
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	werk := spreadsheets(t, []string{n.path("marts", "current", "csv", "werk.csv")})[0]
	for i, text := range takenForElse {
		if got, want := werk.cell(t, 2, i+2), strconv.Quote("'"+text); got != want {
			t.Errorf("%q is %s, not %s", text, got, want)
		}
	}
	for i, text := range leftAlone {
		if got, want := werk.cell(t, 2, i+2+len(takenForElse)), strconv.Quote(text); got != want {
			t.Errorf("%q is %s, not %s", text, got, want)
		}
	}
}
