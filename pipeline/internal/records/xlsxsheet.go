package records

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
)

// maxColumns is the maximum number of columns of a sheet.
const maxColumns = 16_384

// sheetRows is the source of the rows of one sheet, hidden ones included. The regel of a row is its
// number in the sheet; field i is in column i, counted from A.
type sheetRows struct {
	book  *workbook
	path  string
	in    io.ReadCloser
	xml   *xml.Decoder
	row   int64
	built fields
	ended bool
}

func (s *sheetRows) next(ctx context.Context) (record, error) {
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

// rest reads the part to its end, which checks its checksum, and returns io.EOF.
func (s *sheetRows) rest() error {
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

func (s *sheetRows) token() (xml.Token, error) {
	token, err := s.xml.RawToken()
	if errors.Is(err, io.EOF) {
		return nil, brokenWorkbook("part %s ends too early", s.path)
	}
	if err != nil {
		return nil, brokenWorkbook("part %s: %w", s.path, err)
	}
	return token, nil
}

func (s *sheetRows) readRow(start xml.StartElement) (record, error) {
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

// readCell adds a cell, preceded by empty fields for the cells that the row leaves out.
func (s *sheetRows) readCell(start xml.StartElement) error {
	at := len(s.built.cuts)
	if r := attribute(start, "r"); r != "" {
		column, ok := columnOf(r)
		if !ok || column < at {
			return brokenWorkbook("the cells of row %d are out of order", s.row)
		}
		at = column
	}
	if at >= maxColumns {
		return brokenWorkbook("row %d has more than %d cells", s.row, maxColumns)
	}
	for len(s.built.cuts) < at {
		s.built.end(plainText)
	}
	begin := len(s.built.text)
	var gather xmlText
	formula := false
	for {
		token, err := s.token()
		if err != nil {
			return err
		}
		if len(s.built.text) <= 2*MaxRecord {
			s.built.text = gather.appendToken(s.built.text, token)
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

// closeCell turns the text from begin on into the value of a cell of type t. The types are those of
// ECMA-376 part 1, 18.18.11.
func (s *sheetRows) closeCell(begin int, t string, formula bool) error {
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
			return brokenWorkbook("a cell of row %d refers to a missing text", s.row)
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
			if formula { // it was never calculated
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

// columnOf returns the column of a cell address such as B7, counted from 0.
func columnOf(address string) (column int, ok bool) {
	i := 0
	for ; i < len(address) && 'A' <= address[i] && address[i] <= 'Z'; i++ {
		if column = column*26 + int(address[i]-'A') + 1; column > maxColumns {
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
