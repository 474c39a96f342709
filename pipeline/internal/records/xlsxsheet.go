package records

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
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

// xmlText collects the text within <v> and <t>, except within <rPh>, which has the pronunciation of
// another text.
type xmlText struct {
	depth    int // in <v> and <t>
	phonetic int // in <rPh>
}

// appendToken appends the text of a token.
func (x *xmlText) appendToken(dst []byte, token xml.Token) []byte {
	switch t := token.(type) {
	case xml.StartElement:
		switch t.Name.Local {
		case "v", "t":
			x.depth++
		case "rPh":
			x.phonetic++
		}
	case xml.EndElement:
		switch t.Name.Local {
		case "v", "t":
			x.depth--
		case "rPh":
			x.phonetic--
		}
	case xml.CharData:
		if x.depth > 0 && x.phonetic == 0 {
			return append(dst, t...)
		}
	}
	return dst
}

// unescapeCell replaces escapes such as _x000D_, from begin on, by the character they stand for.
func unescapeCell(cell []byte, begin int) []byte {
	const length = len("_x000D_")
	out := begin
	for i := begin; i < len(cell); {
		if i+length <= len(cell) && cell[i] == '_' && cell[i+1] == 'x' && cell[i+length-1] == '_' {
			if n, err := strconv.ParseUint(string(cell[i+2:i+length-1]), 16, 16); err == nil && utf8.ValidRune(rune(n)) {
				out += utf8.EncodeRune(cell[out:], rune(n))
				i += length
				continue
			}
		}
		cell[out] = cell[i]
		out++
		i++
	}
	return cell[:out]
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

// A merge is a range of merged cells in one row, by column.
type merge struct{ from, to int }

// maxMerges is the number of merges of a sheet that are read.
const maxMerges = 10_000

// merges returns the merged cells of a sheet by row. They follow the rows in its part, so it reads the
// part to its end.
func (b *workbook) merges(ctx context.Context, name string) (map[int64][]merge, error) {
	in, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	found, n := map[int64][]merge{}, 0
	for d := xml.NewDecoder(in); n < maxMerges; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, brokenWorkbook("part %s: %w", name, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if start.Name.Local != "mergeCell" {
			continue
		}
		first, last, _ := strings.Cut(attribute(start, "ref"), ":")
		from, okFrom := columnOf(first)
		to, okTo := columnOf(last)
		row, err := strconv.ParseInt(strings.TrimLeft(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 64)
		if okFrom && okTo && err == nil && from < to {
			found[row] = append(found[row], merge{from, to})
			n++
		}
	}
	return found, nil
}
