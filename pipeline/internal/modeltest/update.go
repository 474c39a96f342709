package modeltest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/durable"
)

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
