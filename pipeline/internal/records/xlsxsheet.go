package records

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
)

// mostColumns is how many columns a sheet can have.
const mostColumns = 16_384

// sheet is a source of the rows of one sheet that are in the file, hidden ones too. The regel of a row
// is its number in the sheet, field i stands in column i from A.
type sheet struct {
	book  *workbook
	path  string
	in    io.ReadCloser
	xml   *xml.Decoder
	row   int64
	built fields
	ended bool
}

// CellColumn is the letters of the column in which field i stands.
func CellColumn(i int) string {
	letters := ""
	for i++; i > 0; i = (i - 1) / 26 {
		letters = string(rune('A'+(i-1)%26)) + letters
	}
	return letters
}

func (s *sheet) next(ctx context.Context) (record, error) {
	if err := ctx.Err(); err != nil {
		return record{}, err
	}
	if s.ended {
		return record{}, io.EOF
	}
	if s.xml == nil {
		in, err := s.book.open(s.path)
		if err != nil {
			return record{}, err
		}
		s.in, s.xml = in, xml.NewDecoder(in)
	}
	for {
		token, err := s.token()
		if err != nil {
			return record{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "row" {
				return s.readRow(t)
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" || t.Name.Local == "worksheet" {
				s.ended = true
				return record{}, s.rest()
			}
		}
	}
}

// rest reads the part to its end, so that its checksum is looked at, and gives io.EOF.
func (s *sheet) rest() error {
	for {
		_, err := s.xml.RawToken()
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return brokenWorkbook("part %s: %w", s.path, err)
		}
	}
}

func (s *sheet) token() (xml.Token, error) {
	token, err := s.xml.RawToken()
	if errors.Is(err, io.EOF) {
		return nil, brokenWorkbook("part %s ends too early", s.path)
	}
	if err != nil {
		return nil, brokenWorkbook("part %s: %w", s.path, err)
	}
	return token, nil
}

func (s *sheet) readRow(start xml.StartElement) (record, error) {
	number := s.row + 1
	if r := attribute(start, "r"); r != "" {
		n, err := strconv.ParseInt(r, 10, 64)
		if err != nil || n < number {
			return record{}, brokenWorkbook("row %d is not followed by a later row", s.row)
		}
		number = n
	}
	s.row = number
	s.built.reset()
	for {
		token, err := s.token()
		if err != nil {
			return record{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			if err := s.readCell(t); err != nil {
				return record{}, err
			}
		case xml.EndElement:
			if t.Name.Local == "row" {
				return s.built.record(s.row, true), nil
			}
		}
	}
}

// readCell adds a cell, and empty fields for the cells before it that are not there.
func (s *sheet) readCell(start xml.StartElement) error {
	at := len(s.built.cuts)
	if r := attribute(start, "r"); r != "" {
		column, ok := columnOf(r)
		if !ok || column < at {
			return brokenWorkbook("a cell of row %d stands out of order", s.row)
		}
		at = column
	}
	if at >= mostColumns {
		return brokenWorkbook("row %d has more than %d cells", s.row, mostColumns)
	}
	for len(s.built.cuts) < at {
		s.built.end(plainText)
	}
	begin := len(s.built.text)
	var text xmlText
	formula := false
	for {
		token, err := s.token()
		if err != nil {
			return err
		}
		if len(s.built.text) <= 2*MaxRecord {
			s.built.text = text.take(s.built.text, token)
		}
		switch t := token.(type) {
		case xml.StartElement:
			formula = formula || t.Name.Local == "f"
		case xml.EndElement:
			if t.Name.Local == "c" {
				return s.closeCell(begin, attribute(start, "t"), formula)
			}
		}
	}
}

// closeCell turns the text from begin on into the value of a cell of type t.
func (s *sheet) closeCell(begin int, t string, formula bool) error {
	raw := trim(s.built.text[begin:])
	k := plainText
	switch t {
	case "s":
		if len(raw) == 0 {
			break
		}
		i, err := strconv.Atoi(string(raw))
		shared, ok := s.book.strings.at(i)
		if err != nil || !ok {
			return brokenWorkbook("a cell of row %d has a text that is not there", s.row)
		}
		s.built.text = append(s.built.text[:begin], shared...)
	case "b":
		if len(raw) > 0 {
			s.built.text = append(s.built.text[:begin], map[bool]byte{true: 'J', false: 'N'}[raw[0] == '1' || raw[0] == 't'])
		}
	case "e":
		k = noValue
	case "str", "inlineStr", "d":
		s.built.text = unescapeCell(s.built.text, begin)
	default:
		if len(raw) == 0 {
			if formula { // it was never worked out
				k = noValue
				s.built.text = append(s.built.text, '=')
			}
			break
		}
		k = s.book.numbers
		number := append([]byte(nil), raw...)
		s.built.text = appendNumber(s.built.text[:begin], number, true)
	}
	s.built.end(k)
	return nil
}

// columnOf reads the column of a cell address, from 0.
func columnOf(address string) (column int, ok bool) {
	i := 0
	for ; i < len(address) && 'A' <= address[i] && address[i] <= 'Z'; i++ {
		if column = column*26 + int(address[i]-'A') + 1; column > mostColumns {
			return 0, false
		}
	}
	return column - 1, i > 0 && i < len(address)
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
