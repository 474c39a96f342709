package records

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Limits of a workbook: it is unpacked in memory, piece by piece, and nothing of it goes to disk.
const (
	mostParts    = 10_000
	mostUnpacked = 8 << 30   // bytes of all parts together
	mostRatio    = 400       // of a part larger than smallPart
	smallPart    = 64 << 20  // bytes, unpacked
	mostStrings  = 512 << 20 // bytes of shared texts
)

func brokenWorkbook(format string, args ...any) error {
	return &UnreadableError{Reason: "het Excel-bestand is beschadigd of niet volledig; lever het opnieuw", Err: fmt.Errorf(format, args...)}
}

// workbook is an XLSX file: a zip of parts.
type workbook struct {
	parts   map[string]*zip.File
	sheets  []sheetPart
	strings sharedStrings
	numbers kind // what a number in a cell is
}

type sheetPart struct{ name, path string }

// openXLSX finds the sheet: the one that is declared, or the first that has a header; where none has
// one, the first that has a header over two rows. Where there is none either, it is the first.
func openXLSX(ctx context.Context, src io.ReaderAt, size int64, form Form, columns []Column) (*Reader, error) {
	form.Encoding, form.Dialect = "", Dialect{}
	book, err := openWorkbook(src, size)
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
		r := newReader(&sheet{book: book, path: s.path}, form, columns)
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

func openWorkbook(src io.ReaderAt, size int64) (*workbook, error) {
	archive, err := zip.NewReader(src, size)
	if err != nil {
		return nil, brokenWorkbook("%w", err)
	}
	if len(archive.File) > mostParts {
		return nil, &UnreadableError{Reason: fmt.Sprintf("het Excel-bestand heeft %d onderdelen, meer dan %d", len(archive.File), mostParts)}
	}
	b := &workbook{parts: map[string]*zip.File{}, numbers: serial1900}
	var unpacked uint64
	for _, f := range archive.File {
		unpacked += f.UncompressedSize64
		if unpacked > mostUnpacked || f.UncompressedSize64 > smallPart && f.UncompressedSize64/mostRatio > f.CompressedSize64 {
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

// relation is one part pointing to another.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

func (r relation) is(kind string) bool { return path.Base(r.Type) == kind }

// mainPart is the path of the workbook among the parts.
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

// relations of a part, their targets as paths from the root.
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

// read reads which sheets there are, and the texts that they share.
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

// open begins to read a part.
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

// mostSmall is how long a part may be that is read as a whole.
const mostSmall = 16 << 20

func (b *workbook) decode(name string, into any) error {
	in, err := b.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if err := xml.NewDecoder(io.LimitReader(in, mostSmall)).Decode(into); err != nil {
		return brokenWorkbook("part %s: %w", name, err)
	}
	return nil
}

// sharedStrings are the texts of cells that hold a number of a text, one behind the other.
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

func (b *workbook) readStrings(name string) error {
	in, err := b.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	d := xml.NewDecoder(in)
	var text xmlText
	begin := 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if text.depth > 0 {
				return brokenWorkbook("part %s ends too early", name)
			}
			return nil
		}
		if err != nil {
			return brokenWorkbook("part %s: %w", name, err)
		}
		b.strings.text = text.take(b.strings.text, token)
		if end, ok := token.(xml.EndElement); ok && end.Name.Local == "si" {
			b.strings.text = unescapeCell(b.strings.text, begin)
			begin = len(b.strings.text)
			b.strings.ends = append(b.strings.ends, begin)
		}
		if len(b.strings.text) > mostStrings {
			return &UnreadableError{Reason: "het Excel-bestand bevat te veel tekst; lever het als CSV"}
		}
	}
}
