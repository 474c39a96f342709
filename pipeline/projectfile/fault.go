package projectfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// A Fault is one error in a project file. Line and Col count from 1; 0 means unknown.
type Fault struct { //nolint:errname // a fault is the word of this package
	Path    string `json:"path"`
	Line    int    `json:"line,omitempty"`
	Col     int    `json:"col,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error returns "path:line:col: message; hint" without the parts that are unknown.
func (f Fault) Error() string {
	text := f.Path
	if f.Line > 0 {
		text += fmt.Sprintf(":%d", f.Line)
	}
	if f.Line > 0 && f.Col > 0 {
		text += fmt.Sprintf(":%d", f.Col)
	}
	text += ": " + f.Message
	if f.Hint != "" {
		text += "; " + f.Hint
	}
	return text
}

// Faults are the faults of one or more project files.
type Faults []Fault //nolint:errname // a fault is the word of this package

// Error lists the faults, one per line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the faults as one error, or nil if there are none.
func (fs Faults) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// Sorted returns the faults by path, line, column and message, without duplicates.
func (fs Faults) Sorted() Faults {
	out := slices.Clone(fs)
	slices.SortFunc(out, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(out)
}

// Nearest returns the candidate that is closest to name, or "" if none is close.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(c))
		if d < bestDistance || (d == bestDistance && best != "" && c < best) {
			best, bestDistance = c, d
		}
	}
	return best
}

// maxKnown is the maximum number of names in a hint.
const maxKnown = 16

// DidYouMean returns a hint with the nearest candidate, or with all of them if they are few, or "".
func DidYouMean(name string, candidates []string) string {
	if n := Nearest(name, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	if len(candidates) > 0 && len(candidates) <= maxKnown {
		return "known: " + strings.Join(candidates, ", ")
	}
	return ""
}
