package modeltest

import (
	"fmt"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// A caseTable is one table of a case.
type caseTable struct {
	name       string // schema.table, or expect.csv
	path       string
	line       int // of the marker
	Columns    []string
	headerLine int // line of the header
	Rows       []caseRow
}

// A caseRow is a row with its place in the file. A nil value is NULL.
type caseRow struct {
	values []*string
	Cols   []int // in which the cells begin, from 1
	Line   int
}

// Values returns the rows without their places.
func (t *caseTable) Values() [][]*string {
	rows := make([][]*string, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = r.values
	}
	return rows
}

// fault returns a fault at a place; col 0 means the whole line.
func (t *caseTable) fault(line, col int, hint, format string, args ...any) projectfile.Fault {
	return projectfile.Fault{Path: t.path, Line: line, Col: col, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// ParseCaseTable reads the section below a marker. marker is the line of the marker in the file.
func ParseCaseTable(path, name, text string, marker int) (*caseTable, projectfile.Faults) {
	t := &caseTable{name: name, path: path, line: marker}
	var faults projectfile.Faults
	for i, line := range strings.Split(text, "\n") {
		at := marker + 1 + i
		if !isRow(line) {
			continue
		}
		values, cols, err := SplitCells(line)
		if err != nil {
			faults = append(faults, t.fault(at, 0, "close the quotes before the next ; and double those inside", "%v", err))
			continue
		}
		if n := len(values); n > 1 && values[n-1] == nil && (n == len(t.Columns)+1 || t.headerLine == 0) {
			values, cols = values[:n-1], cols[:n-1] // a trailing ;
		}
		if t.headerLine == 0 {
			t.headerLine = at
			faults = append(faults, t.header(values, cols)...)
			continue
		}
		if len(values) != len(t.Columns) {
			faults = append(faults, t.fault(at, 0, "separate cells with ;", "the row has %d cells, the header %d", len(values), len(t.Columns)))
			continue
		}
		t.Rows = append(t.Rows, caseRow{values: values, Cols: cols, Line: at})
	}
	return t, faults
}

func (t *caseTable) header(values []*string, cols []int) projectfile.Faults {
	var faults projectfile.Faults
	seen := map[string]bool{}
	for i, v := range values {
		name := ""
		if v != nil {
			name = strings.ToLower(*v)
		}
		switch {
		case name == "":
			faults = append(faults, t.fault(t.headerLine, cols[i], "", "column %d has no name", i+1))
		case seen[name]:
			faults = append(faults, t.fault(t.headerLine, cols[i], "", "column %q occurs twice", name))
		}
		seen[name] = true
		t.Columns = append(t.Columns, name)
	}
	return faults
}

// isRow reports whether a line is part of the table: not blank and not a comment.
func isRow(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && line[0] != '#'
}

// SplitCells splits a line into cells. cols are the columns in which they begin, from 1.
func SplitCells(line string) (values []*string, cols []int, err error) {
	rest, at := line, 1
	for {
		trimmed := strings.TrimLeft(rest, " \t")
		at += len(rest) - len(trimmed)
		col := at
		var value *string
		var length int
		if strings.HasPrefix(trimmed, `"`) {
			text, n, ok := quoted(trimmed)
			if !ok {
				return nil, nil, fmt.Errorf("cell %d has no closing quote", len(values)+1)
			}
			value, length = &text, n
		} else {
			length = len(trimmed)
			if i := strings.IndexByte(trimmed, ';'); i >= 0 {
				length = i
			}
			if text := strings.TrimRight(trimmed[:length], " \t"); text != "" {
				value = &text
			}
		}
		values, cols = append(values, value), append(cols, len([]rune(line[:col-1]))+1)
		after := strings.TrimLeft(trimmed[length:], " \t")
		if after == "" {
			return values, cols, nil
		}
		if after[0] != ';' {
			return nil, nil, fmt.Errorf("text after the closing quote of cell %d", len(values))
		}
		at += len(trimmed) - len(after) + 1
		rest = after[1:]
	}
}

// quoted reads a quoted text at the start of a cell. length includes the quotes.
func quoted(cell string) (text string, length int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(cell); i++ {
		switch {
		case cell[i] != '"':
			b.WriteByte(cell[i])
		case strings.HasPrefix(cell[i:], `""`):
			b.WriteByte('"')
			i++
		default:
			return b.String(), i + 1, true
		}
	}
	return "", 0, false
}

// cellText writes a value as a cell.
func cellText(v *string) string {
	if v == nil {
		return ""
	}
	if *v == "" || strings.TrimSpace(*v) != *v || strings.ContainsAny(*v, `;"`) || (*v)[0] == '#' {
		return `"` + strings.ReplaceAll(*v, `"`, `""`) + `"`
	}
	return *v
}

// RowText writes a row as a line.
func RowText(values []*string) string {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = cellText(v)
	}
	line := strings.Join(cells, ";")
	if line == "" {
		return ";" // a single NULL is not a blank line
	}
	return line
}
