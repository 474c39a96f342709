package contract

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"inbeeld/pipeline/projectfile"
)

// A Reference is a reference table: a part of the project, not a delivery.
type Reference struct {
	// Name is an identifier: sources/reference/gemeenten.csv is "gemeenten".
	Name, Path string
	Columns    []string
	// Rows have one value per column; "" means NULL.
	Rows [][]string
}

// ParseReference reads a reference table, sources/reference/<name>.csv: UTF-8, separator ; and a header of
// identifiers. The table is nil if there are faults.
func ParseReference(file string, data []byte) (*Reference, projectfile.Faults) {
	t := &Reference{Path: file, Name: strings.TrimSuffix(path.Base(file), ".csv")}
	var faults projectfile.Faults
	add := func(line, col int, hint, format string, args ...any) {
		faults = append(faults, projectfile.Fault{Path: file, Line: line, Col: col, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if !Identifier.MatchString(t.Name) {
		add(0, 0, "use lower-case letters, digits and _, and .csv", "the file name is the name of the table, and %q is not an identifier", t.Name)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			add(i+1, 0, "save the file as UTF-8", "the line is not UTF-8")
		}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = ';', -1
	for {
		record, err := r.Read()
		var fault *csv.ParseError
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, &fault) {
			// An unclosed quote spans lines; the fault is where the row begins.
			col := fault.Column
			if fault.Line != fault.StartLine {
				col = 0
			}
			add(fault.StartLine, col, "put the field in quotes and double the quotes in it", "the quotes are wrong: %v", fault.Err)
			if t.Columns == nil {
				break
			}
			continue
		}
		line, _ := r.FieldPos(0)
		if t.Columns == nil {
			t.Columns = record
			seen := map[string]bool{}
			for i, name := range record {
				_, col := r.FieldPos(i)
				switch {
				case !Identifier.MatchString(name):
					add(line, col, "use lower-case letters, digits and _", "column name %q is not an identifier", name)
				case seen[name]:
					add(line, col, "", "column %q occurs twice", name)
				}
				seen[name] = true
			}
			continue
		}
		if len(record) != len(t.Columns) {
			add(line, 0, "separate fields with ;", "the row has %d fields, the header %d", len(record), len(t.Columns))
		}
		t.Rows = append(t.Rows, record)
	}
	if t.Columns == nil && len(faults) == 0 {
		add(1, 0, "write a header", "the table is empty")
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	return t, nil
}

// Fingerprint returns a hash of columns and rows.
func (t *Reference) Fingerprint() string { return Fingerprint("reference 1", t.Columns, t.Rows) }
