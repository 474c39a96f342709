package modeltest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"inbeeld/pipeline/durable"
)

// A pair matches an expected row to a row of the result, by index; -1 means none.
type pair struct{ expected, got int }

// compare compares the result with the expectation, and adds differences to Failure.
func (t *CaseRun) compare() {
	if len(t.expect.Columns) == 0 {
		t.Failure += "there is no expectation yet; write " + expectName + ", or run: inbeeld test --project DIR --update\n"
		return
	}
	expected := t.expect.Values()
	t.pairs = pairRows(expected, t.Got, t.keys())
	if slices.ContainsFunc(t.pairs, func(p pair) bool { return p.expected < 0 || p.got < 0 || !same(expected[p.expected], t.Got[p.got]) }) {
		t.Failure += difference(t.expect.Columns, expected, t.Got, t.pairs)
		return
	}
	if t.ordered && !slices.EqualFunc(expected, t.Got, same) {
		all := make([]pair, len(t.Got))
		for i := range t.Got {
			all[i] = pair{i, i}
		}
		t.Failure += "the rows are as expected, but in another order\n" + difference(t.expect.Columns, expected, t.Got, all)
	}
}

// keys returns the indexes in the expectation of the grain columns that it contains.
func (t *CaseRun) keys() []int {
	var keys []int
	for _, g := range t.Node.Model.Grain {
		i := slices.Index(t.expect.Columns, strings.ToLower(g))
		if i < 0 {
			continue // the other columns often identify a row
		}
		keys = append(keys, i)
	}
	return keys
}

// pairRows pairs equal rows first, then rows with the same unique key. The pairs are in the order of the
// expectation, followed by unexpected rows.
func pairRows(expected, got [][]*string, keys []int) []pair {
	free := map[string][]int{}
	for i, row := range got {
		free[RowText(row)] = append(free[RowText(row)], i)
	}
	pairs := make([]pair, len(expected))
	taken := make([]bool, len(got))
	for i, row := range expected {
		pairs[i] = pair{i, -1}
		if list := free[RowText(row)]; len(list) > 0 {
			pairs[i].got, free[RowText(row)] = list[0], list[1:]
			taken[list[0]] = true
		}
	}
	byKey, byKeyExpected := map[string][]int{}, map[string]int{}
	for i, row := range got {
		if !taken[i] {
			byKey[keyText(row, keys)] = append(byKey[keyText(row, keys)], i)
		}
	}
	for i, row := range expected {
		if pairs[i].got < 0 {
			byKeyExpected[keyText(row, keys)]++
		}
	}
	for i, row := range expected {
		key := keyText(row, keys)
		if list := byKey[key]; pairs[i].got < 0 && len(keys) > 0 && len(list) == 1 && byKeyExpected[key] == 1 {
			pairs[i].got = list[0]
			taken[list[0]] = true
		}
	}
	for i := range got {
		if !taken[i] {
			pairs = append(pairs, pair{-1, i})
		}
	}
	return pairs
}

func keyText(row []*string, keys []int) string {
	values := make([]*string, len(keys))
	for i, k := range keys {
		values[i] = row[k]
	}
	return RowText(append(values, nil))
}

func same(a, b []*string) bool {
	return slices.EqualFunc(a, b, func(x, y *string) bool { return (x == nil) == (y == nil) && (x == nil || *x == *y) })
}

// difference shows missing rows with -, unexpected rows with +, and changed rows with both, with [ ] around
// the cells that differ.
func difference(columns []string, expected, got [][]*string, pairs []pair) string {
	lines := [][]string{append([]string{" "}, columns...)}
	equal := 0
	for _, p := range pairs {
		if p.expected >= 0 && p.got >= 0 && same(expected[p.expected], got[p.got]) {
			equal++
			continue
		}
		if p.expected >= 0 {
			lines = append(lines, append([]string{"-"}, cellTexts(expected[p.expected])...))
		}
		if p.got >= 0 {
			line := append([]string{"+"}, cellTexts(got[p.got])...)
			for i := range got[p.got] {
				if p.expected >= 0 && !same(expected[p.expected][i:i+1], got[p.got][i:i+1]) {
					line[i+1] = "[" + line[i+1] + "]"
				}
			}
			lines = append(lines, line)
		}
	}
	text := aligned(lines)
	if equal > 0 {
		text += fmt.Sprintf("  (%d more as expected)\n", equal)
	}
	return text
}

func cellTexts(row []*string) []string {
	texts := make([]string, len(row))
	for i, v := range row {
		texts[i] = strings.ReplaceAll(cellText(v), "\n", `\n`)
	}
	return texts
}

// aligned writes lines with their cells in columns.
func aligned(lines [][]string) string {
	width := make([]int, len(lines[0]))
	for _, l := range lines {
		for i, c := range l {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, l := range lines {
		var line strings.Builder
		for i, c := range l {
			line.WriteString(c + strings.Repeat(" ", width[i]-utf8.RuneCountInString(c)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// updateCases writes the results of failed cases into the case files of a project folder, and returns the
// changed files. Correct rows and comments stay.
func updateCases(dir string, runs []*CaseRun) ([]string, error) {
	changed := map[*caseFile]bool{}
	var updated []string
	for _, t := range runs {
		if t.Failure == "" || t.Got == nil {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(t.File.path))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue // the embedded project has it
		}
		text, err := t.updatedSection(string(t.File.archive.Files[t.section].Data))
		if err != nil {
			return nil, fmt.Errorf("update %s: case %s: %w", t.File.path, t.name, err)
		}
		t.File.archive.Files[t.section].Data = []byte(text)
		if !changed[t.File] {
			updated = append(updated, t.File.path)
		}
		changed[t.File] = true
	}
	for f := range changed {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("update %s: %w", f.path, err)
		}
		if err := durable.WriteFile(path, txtar.Format(f.archive), info.Mode().Perm()); err != nil {
			return nil, fmt.Errorf("update %s: %w", f.path, err)
		}
	}
	slices.Sort(updated)
	return updated, nil
}

// updatedSection returns the section of the expectation with the rows of the result.
func (t *CaseRun) updatedSection(section string) (string, error) {
	for _, row := range t.Got {
		if slices.ContainsFunc(row, func(v *string) bool { return v != nil && strings.Contains(*v, "\n") }) {
			return "", errors.New("a value has a line break, which a case cannot contain; leave out its column")
		}
	}
	lines := strings.Split(strings.TrimSuffix(section, "\n"), "\n")
	if len(t.expect.Columns) == 0 {
		return strings.TrimLeft(section, "\n") + t.firstExpectation(), nil
	}
	now := map[int]int{} // row of the result that replaces the row on a line
	var extra []int
	if t.ordered {
		for i := range t.Got {
			if i < len(t.expect.Rows) {
				now[t.expect.Rows[i].Line] = i
			} else {
				extra = append(extra, i)
			}
		}
	} else {
		for _, p := range t.pairs {
			switch {
			case p.got >= 0 && p.expected >= 0:
				now[t.expect.Rows[p.expected].Line] = p.got
			case p.got >= 0:
				extra = append(extra, p.got)
			}
		}
	}
	var out []string
	for i, line := range lines {
		at := t.expect.line + 1 + i
		row := slices.IndexFunc(t.expect.Rows, func(r caseRow) bool { return r.Line == at })
		if row < 0 {
			out = append(out, line)
			continue
		}
		got, stays := now[at]
		if !stays {
			continue
		}
		if !same(t.expect.Rows[row].values, t.Got[got]) {
			line = RowText(t.Got[got])
		}
		out = append(out, line)
	}
	end := len(out)
	for end > 0 && strings.TrimSpace(out[end-1]) == "" {
		end--
	}
	added := make([]string, len(extra))
	for i, g := range extra {
		added[i] = RowText(t.Got[g])
	}
	return strings.Join(slices.Insert(out, end, added...), "\n") + "\n", nil
}

// firstExpectation returns every column of every row.
func (t *CaseRun) firstExpectation() string {
	names := make([]string, len(t.Node.Columns))
	for i, c := range t.Node.Columns {
		names[i] = strings.ToLower(c.Name)
	}
	text := strings.Join(names, ";") + "\n"
	for _, row := range t.Got {
		text += RowText(row) + "\n"
	}
	return text
}
