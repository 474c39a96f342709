package records

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"
)

// A guess is a record that may be a header. The higher its score, the more it looks like one.
type guess struct {
	names []string
	form  Form
	score int
}

// titlesOf returns the names of a file whose format has them outside its records.
func titlesOf(ctx context.Context, driver format, f file) (guess, error) {
	r, err := driver.open(ctx, f, Form{Shape: driver.shape(), Encoding: f.enc}, nil)
	if err != nil {
		return guess{}, err
	}
	rec, err := r.src.(titledSource).titles(ctx)
	return guess{names: rec.names(Dialect{}), form: r.form}, err
}

// improve replaces the guess by a better one among the first records of src, if there is one. A
// header has only names and is as wide as the records below it; its score is its number of names
// times the number of such records.
func (g *guess) improve(ctx context.Context, src source, form Form) error {
	var candidates [][]string
	for len(candidates) < headerSearch {
		rec, err := src.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		names := rec.names(form.Dialect)
		if rec.fault == NoFault && strings.TrimSpace(strings.Join(names, "")) != "" {
			candidates = append(candidates, names)
		}
	}
	short := form.layout().shortRows
	for i, names := range candidates {
		n := countTitles(names)
		if n < 2 {
			continue
		}
		score := n
		for _, below := range candidates[i+1:] {
			if w := len(below); w == len(names) || short && w < len(names) && w > 1 {
				score += n
			}
		}
		if score > g.score {
			*g = guess{names: names, form: form, score: score}
		}
	}
	return nil
}

// countTitles counts the names in a record; it returns 0 if any of them cannot be a column name.
func countTitles(names []string) int {
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
