package records

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// XLSX is a workbook.
const XLSX Shape = "xlsx"

// Limits of a workbook. It is unpacked piece by piece in memory, never to disk.
const (
	maxParts     = 10_000
	maxUnpacked  = 8 << 30   // bytes of all parts together
	maxRatio     = 400       // of a part larger than smallPart
	smallPart    = 64 << 20  // bytes, unpacked
	maxStrings   = 512 << 20 // bytes of shared texts
	maxSmallPart = 16 << 20  // bytes of a part that is decoded at once
)

// xlsxFormat reads workbooks. Its source is sheetRows.
type xlsxFormat struct{}

func (xlsxFormat) shape() Shape { return XLSX }

func (xlsxFormat) layout() layout { return layout{cells: true, shortRows: true} }

func (xlsxFormat) claims(_ context.Context, f file) (bool, error) {
	switch {
	case bytes.HasPrefix(f.head, []byte("PK\x03\x04")):
		return true, nil
	case bytes.HasPrefix(f.head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return false, &UnreadableError{Reason: "het bestand is een Excel-bestand met een wachtwoord of een oud .xls-bestand; lever een .xlsx-bestand zonder wachtwoord"}
	case f.ext == ".xlsx" && bytes.HasPrefix(bytes.TrimSpace(f.head), []byte("<")):
		return false, &UnreadableError{Reason: "het bestand heet .xlsx, maar is een webpagina; exporteer het opnieuw als Excel-werkmap"}
	}
	return false, nil
}

func brokenWorkbook(message string, args ...any) error {
	return &UnreadableError{Reason: "het Excel-bestand is beschadigd of niet volledig; lever het opnieuw", Err: fmt.Errorf(message, args...)}
}

// A workbook is an XLSX file: a zip archive of parts.
type workbook struct {
	parts   map[string]*zip.File
	sheets  []sheetPart
	strings sharedStrings
	numbers fieldKind // what a number in a cell is
}

type sheetPart struct{ name, path string }

// open uses the declared sheet, or else the first that has a header, or else the first that has a
// header over two rows, or else the first sheet.
func (xlsxFormat) open(ctx context.Context, f file, form Form, columns []Column) (*Reader, error) {
	form.Encoding, form.Dialect = "", Dialect{}
	book, err := openWorkbook(f)
	if err != nil {
		return nil, err
	}
	sheets := slices.DeleteFunc(slices.Clone(book.sheets), func(s sheetPart) bool {
		return form.Sheet != "" && !strings.EqualFold(s.name, form.Sheet)
	})
	if len(sheets) == 0 {
		return nil, &UnreadableError{Reason: fmt.Sprintf("de werkmap heeft geen werkblad %q", form.Sheet)}
	}
	open := func(s sheetPart, merged map[int64][]merge) *Reader {
		form.Sheet = s.name
		r := newReader(&sheetRows{book: book, path: s.path}, form, columns)
		r.double, r.merged = merged != nil, merged
		return r
	}
	for _, double := range []bool{false, true} {
		for _, s := range sheets {
			var merged map[int64][]merge
			if double {
				if merged, err = book.merges(ctx, s.path); err != nil {
					return nil, err
				}
			}
			r := open(s, merged)
			if err := r.start(ctx); err != nil {
				return nil, err
			}
			if r.header.Found {
				return open(s, merged), nil
			}
		}
	}
	return open(sheets[0], nil), nil
}

func (xlsxFormat) guess(ctx context.Context, f file) (guess, error) {
	book, err := openWorkbook(f)
	if err != nil {
		return guess{}, err
	}
	var best guess
	for _, s := range book.sheets {
		if err := best.improve(ctx, &sheetRows{book: book, path: s.path}, Form{Shape: XLSX, Sheet: s.name}); err != nil {
			return guess{}, err
		}
	}
	return best, nil
}

func openWorkbook(f file) (*workbook, error) {
	archive, err := zip.NewReader(f.src, f.size)
	if err != nil {
		return nil, brokenWorkbook("%w", err)
	}
	if len(archive.File) > maxParts {
		return nil, &UnreadableError{Reason: fmt.Sprintf("het Excel-bestand heeft %d onderdelen, meer dan %d", len(archive.File), maxParts)}
	}
	b := &workbook{parts: map[string]*zip.File{}, numbers: serial1900}
	var unpacked uint64
	for _, f := range archive.File {
		unpacked += f.UncompressedSize64
		if unpacked > maxUnpacked || f.UncompressedSize64 > smallPart && f.UncompressedSize64/maxRatio > f.CompressedSize64 {
			return nil, &UnreadableError{Reason: "het Excel-bestand pakt uit tot veel meer dan zijn grootte en is daarom niet gelezen"}
		}
		b.parts[strings.ToLower(path.Clean("/"+f.Name))] = f
	}
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	return b, b.read(main)
}

// A relation points from one part to another.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

func (r relation) is(name string) bool { return path.Base(r.Type) == name }

// mainPart returns the path of the part that describes the workbook.
func (b *workbook) mainPart() (string, error) {
	relations, err := b.relations("/")
	if err != nil {
		return "", err
	}
	for _, r := range relations {
		if r.is("officeDocument") {
			return r.Target, nil
		}
	}
	return "", &UnreadableError{Reason: "het bestand is een zip-bestand, maar geen Excel-werkmap"}
}

// relations returns the relations of a part, with their targets as paths from the root.
func (b *workbook) relations(of string) ([]relation, error) {
	dir, base := path.Split(of)
	var list struct {
		Relations []relation `xml:"Relationship"`
	}
	name := dir + "_rels/" + base + ".rels"
	if b.parts[strings.ToLower(name)] == nil {
		return nil, nil
	}
	if err := b.decode(name, &list); err != nil {
		return nil, err
	}
	for i, r := range list.Relations {
		if !strings.HasPrefix(r.Target, "/") {
			list.Relations[i].Target = dir + r.Target
		}
		list.Relations[i].Target = path.Clean(list.Relations[i].Target)
	}
	return list.Relations, nil
}

// read reads the list of sheets and the texts they share.
func (b *workbook) read(main string) error {
	var doc struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name string     `xml:"name,attr"`
			Attr []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.decode(main, &doc); err != nil {
		return err
	}
	if d := doc.Properties.Date1904; d == "1" || d == "true" {
		b.numbers = serial1904
	}
	relations, err := b.relations(main)
	if err != nil {
		return err
	}
	for _, s := range doc.Sheets {
		for _, a := range s.Attr {
			at := slices.IndexFunc(relations, func(r relation) bool { return r.ID == a.Value && r.is("worksheet") })
			if a.Name.Local == "id" && at >= 0 {
				b.sheets = append(b.sheets, sheetPart{name: s.Name, path: relations[at].Target})
			}
		}
	}
	if len(b.sheets) == 0 {
		return brokenWorkbook("no sheets")
	}
	for _, r := range relations {
		if r.is("sharedStrings") {
			return b.readStrings(r.Target)
		}
	}
	return nil
}

// open opens a part.
func (b *workbook) open(name string) (io.ReadCloser, error) {
	f := b.parts[strings.ToLower(name)]
	if f == nil {
		return nil, brokenWorkbook("part %s is missing", name)
	}
	in, err := f.Open()
	if err != nil {
		return nil, brokenWorkbook("part %s: %w", name, err)
	}
	return in, nil
}

// decode unmarshals a small part.
func (b *workbook) decode(name string, into any) error {
	in, err := b.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if err := xml.NewDecoder(io.LimitReader(in, maxSmallPart)).Decode(into); err != nil {
		return brokenWorkbook("part %s: %w", name, err)
	}
	return nil
}

// sharedStrings are the texts to which cells refer by number, concatenated.
type sharedStrings struct {
	text []byte
	ends []int
}

func (s *sharedStrings) at(i int) ([]byte, bool) {
	if i < 0 || i >= len(s.ends) {
		return nil, false
	}
	if i == 0 {
		return s.text[:s.ends[0]], true
	}
	return s.text[s.ends[i-1]:s.ends[i]], true
}

// readStrings reads the part with the shared texts.
func (b *workbook) readStrings(name string) error {
	in, err := b.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	d := xml.NewDecoder(in)
	var gather xmlText
	begin := 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if gather.depth > 0 {
				return brokenWorkbook("part %s ends too early", name)
			}
			return nil
		}
		if err != nil {
			return brokenWorkbook("part %s: %w", name, err)
		}
		b.strings.text = gather.appendToken(b.strings.text, token)
		if end, ok := token.(xml.EndElement); ok && end.Name.Local == "si" {
			b.strings.text = unescapeCell(b.strings.text, begin)
			begin = len(b.strings.text)
			b.strings.ends = append(b.strings.ends, begin)
		}
		if len(b.strings.text) > maxStrings {
			return &UnreadableError{Reason: "het Excel-bestand bevat te veel tekst; lever het als CSV"}
		}
	}
}
