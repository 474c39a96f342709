package records

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"
)

// Titles guesses what the columns of a file are called of which nothing is known, and with which form
// it is read. It gives no names when no record looks like a header.
func Titles(ctx context.Context, src io.ReaderAt, size int64, name string, p Profile) ([]string, Form, error) {
	shape, err := shapeOf(ctx, src, size, name, p.Encoding)
	if err != nil {
		return nil, Form{}, err
	}
	switch shape {
	case JSON, JSONLines:
		return namesOf(ctx, openJSON(src, size, Form{Shape: shape, Encoding: p.Encoding}, nil))
	case Parquet:
		r, err := openParquet(src, size, nil)
		if err != nil {
			return nil, Form{}, err
		}
		return namesOf(ctx, r)
	case XLSX:
		return sheetTitles(ctx, src, size)
	case CSV:
	}
	var best guess
	for _, quote := range quotes {
		for _, sep := range separators {
			d := Dialect{Separator: sep, Quote: quote}
			form := Form{Shape: CSV, Encoding: p.Encoding, Dialect: d}
			s := newScanner(decoder{src: src, size: min(size, dialectWithin), enc: p.Encoding, chunk: chunk}, d)
			g, err := guessTitles(ctx, &s, form)
			if err != nil {
				return nil, Form{}, err
			}
			if g.score > best.score {
				best = g
			}
		}
	}
	return best.names, best.form, nil
}

// namesOf are the names of a source that has them apart.
func namesOf(ctx context.Context, r *Reader) ([]string, Form, error) {
	rec, err := r.src.(titled).titles(ctx)
	var names []string
	for _, f := range rec.fields(Dialect{}) {
		names = append(names, string(f))
	}
	return names, r.form, err
}

func sheetTitles(ctx context.Context, src io.ReaderAt, size int64) ([]string, Form, error) {
	book, err := openWorkbook(src, size)
	if err != nil {
		return nil, Form{}, err
	}
	var best guess
	for _, s := range book.sheets {
		g, err := guessTitles(ctx, &sheet{book: book, path: s.path}, Form{Shape: XLSX, Sheet: s.name})
		if err != nil {
			return nil, Form{}, err
		}
		if g.score > best.score {
			best = g
		}
	}
	return best.names, best.form, nil
}

// guess is a record that may be a header, and how much it looks like one.
type guess struct {
	names []string
	form  Form
	score int
}

// guessTitles looks for the header among the first records: the first with names only, as wide as
// most records below it. The more fields that makes, over all of them, the better the guess.
func guessTitles(ctx context.Context, src source, form Form) (guess, error) {
	best := guess{form: form}
	var candidates [][]string
	var widths []int
	for len(widths) < headerWithin {
		rec, err := src.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return best, err
		}
		var names []string
		for _, f := range rec.fields(form.Dialect) {
			names = append(names, string(f))
		}
		if rec.fault != NoFault || strings.TrimSpace(strings.Join(names, "")) == "" {
			continue
		}
		candidates = append(candidates, names)
		widths = append(widths, len(names))
	}
	for i, names := range candidates {
		n := titles(names)
		if n < 2 {
			continue
		}
		score := n
		for _, w := range widths[i+1:] {
			if w == len(names) || form.Shape == XLSX && w <= len(names) && w > 1 {
				score += n
			}
		}
		if score > best.score {
			best.names, best.score = names, score
		}
	}
	return best, nil
}

// titles counts the fields of a record of which each could be the name of a column; it is 0 when one
// cannot.
func titles(names []string) int {
	n, seen := 0, map[string]bool{}
	for _, name := range names {
		if name == "" {
			continue
		}
		key := strings.ToLower(name)
		if seen[key] || len(name) > 80 || !strings.ContainsFunc(name, unicode.IsLetter) || strings.ContainsAny(name, "\r\n\x00") {
			return 0
		}
		seen[key] = true
		n++
	}
	return n
}
