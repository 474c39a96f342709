package records

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A header over two records is only looked for where no record alone is one: in each column the text of
// the first record, a space, and that of the record below it. In a sheet a title in merged cells stands
// above each of them.

// mostTitle is how long the first record of a header over two may be.
const mostTitle = 1 << 20

// titleRow is the record at hand while the one below it is read.
type titleRow struct {
	regel int64
	names []string
}

// above keeps a record as the first of two; nil when it can be none.
func (r *Reader) above(rec *record) *titleRow {
	if rec.fault != NoFault || len(rec.text) > mostTitle {
		return nil
	}
	row := titleRow{regel: rec.regel}
	for _, name := range rec.fields(r.dialect) {
		row.names = append(row.names, string(name))
	}
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

// joined is a record of the names of a row with those of the record below it.
func (t *titleRow) joined(below *record, d Dialect) record {
	var built fields
	names := t.names
	join := func(i int, under string) {
		over := ""
		if i < len(names) {
			over = names[i]
		}
		built.text = append(built.text, strings.TrimSpace(over+" "+under)...)
		built.end(plainText)
	}
	n := 0
	for i, name := range below.fields(d) {
		join(i, string(name))
		n = i + 1
	}
	for ; n < len(names); n++ {
		join(n, "")
	}
	return built.record(t.regel, false)
}

// pair looks for the header in a record with the one above it.
func (r *Reader) pair(above *titleRow, rec *record) bool {
	if above == nil || rec.fault != NoFault {
		return false
	}
	both := above.joined(rec, r.dialect)
	h, ok := r.matcher.match(&both, r.dialect)
	if !ok || both.fault != NoFault {
		return false
	}
	h.Second = rec.regel
	r.header = h
	return true
}

// merge is a title that stands over cells of one row, by column.
type merge struct{ from, to int }

// mostMerges bounds how many titles of a sheet are kept.
const mostMerges = 10_000

// merges are the titles in merged cells of a sheet, by row. They stand behind the rows, so it is read to
// its end.
func (b *workbook) merges(ctx context.Context, name string) (map[int64][]merge, error) {
	in, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	found, n := map[int64][]merge{}, 0
	for d := xml.NewDecoder(in); n < mostMerges; {
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
