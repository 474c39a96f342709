package records

import "strconv"

// Shape is the name of a format.
type Shape string

// Form describes how a file is written.
type Form struct {
	Shape    Shape    `json:"shape"`
	Encoding Encoding `json:"encoding,omitempty"` // of text
	Dialect  Dialect  `json:"dialect,omitzero"`   // of CSV
	Sheet    string   `json:"sheet,omitempty"`    // of a workbook
}

// String describes the form in a few words, for a person who looks at a delivery.
func (f Form) String() string {
	text := string(f.Shape)
	if f.Dialect != (Dialect{}) {
		text += ", " + string(f.Encoding) + ", separator " + strconv.Quote(string(f.Dialect.Separator)) + ", quote " + string(f.Dialect.Quote)
		if f.Dialect.Escape != 0 {
			text += ", escape " + string(f.Dialect.Escape)
		}
	}
	if f.Sheet != "" {
		text += ", sheet " + f.Sheet
	}
	return text
}

// SeparateHeader reports whether the column names are outside the records, as keys or in a schema.
func (f Form) SeparateHeader() bool { return f.layout().separateHeader }

// CellColumn returns the letters of the column of field i, counted from 0, or "" if the format has no
// cells.
func (f Form) CellColumn(i int) string {
	if !f.layout().cells {
		return ""
	}
	letters := ""
	for i++; i > 0; i = (i - 1) / 26 {
		letters = string(rune('A'+(i-1)%26)) + letters
	}
	return letters
}

// layout returns the layout of the form's format, or the zero layout if the form has none.
func (f Form) layout() layout {
	for _, driver := range formats {
		if driver.shape() == f.Shape {
			return driver.layout()
		}
	}
	return layout{}
}

// UnreadableError reports that a file cannot be read to its end.
type UnreadableError struct {
	Reason string // Dutch, for the supplier
	Err    error  // what was found; may be nil
}

func (e *UnreadableError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// Refusal returns the reason for the supplier.
func (e *UnreadableError) Refusal() string { return e.Reason }
