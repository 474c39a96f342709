package records

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// If no single record is a header, two consecutive records may be one. Each name is the text of the first
// record, a space, and the text of the second. In a sheet, a title in merged cells counts for each of them.

// maxTitle is the maximum length in bytes of the first record of a header over two.
const maxTitle = 1 << 20

// A titleRow is a record that may be the first of a header over two.
type titleRow struct {
	regel int64
	names []string
}

// above returns a copy of a record as the first of two, or nil if it cannot be that.
func (r *Reader) above(rec *record) *titleRow {
	if rec.fault != NoFault || len(rec.text) > maxTitle {
		return nil
	}
	row := titleRow{regel: rec.regel, names: rec.names(r.dialect)}
	for _, m := range r.merged[rec.regel] {
		for at := m.from + 1; at <= m.to && m.from < len(row.names); at++ {
			for len(row.names) <= at {
				row.names = append(row.names, "")
			}
			if row.names[at] == "" {
				row.names[at] = row.names[m.from]
			}
		}
	}
	return &row
}

// joined returns a record whose names are those of t joined with those of the record below it.
func (t *titleRow) joined(below *record, d Dialect) record {
	var built fields
	under := below.names(d)
	at := func(names []string, i int) string {
		if i < len(names) {
			return names[i]
		}
		return ""
	}
	for i := range max(len(t.names), len(under)) {
		built.text = append(built.text, strings.TrimSpace(at(t.names, i)+" "+at(under, i))...)
		built.end(plainText)
	}
	return built.record(t.regel, false)
}

// pair reports whether a record and the one above it are the header, and stores it.
func (r *Reader) pair(above *titleRow, rec *record) bool {
	if above == nil || rec.fault != NoFault {
		return false
	}
	both := above.joined(rec, r.dialect)
	header, ok := r.matcher.match(&both, r.dialect)
	if !ok || both.fault != NoFault {
		return false
	}
	header.Second = rec.regel
	r.header = header
	return true
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
