// Package need gives tests two speeds. By default a test takes a small sample, and skips if the machine lacks
// a program. With INBEELD_TEST=full, as in CI, it takes everything, and a missing program fails it. Nothing
// else skips a test.
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var full = isFull(os.Getenv("INBEELD_TEST"))

// Full reports whether INBEELD_TEST=full.
func Full() bool { return full }

func isFull(value string) bool {
	if value != "" && value != "full" {
		panic("INBEELD_TEST is " + value + "; set it to full, or not at all")
	}
	return value == "full"
}

// Count returns sample by default and all with INBEELD_TEST=full.
func Count(sample, all int) int {
	if full {
		return all
	}
	return sample
}

// Slow skips a test that has no small sample, unless INBEELD_TEST=full. Another test must cover the same rule.
func Slow(t testing.TB) {
	t.Helper()
	if !full {
		t.Skip("slow; it runs with INBEELD_TEST=full")
	}
}

// Program returns the path of the first of names that is in PATH or, if it is an absolute pattern, of the last
// file that matches. If there is none, it skips or fails the test, and says which Debian packages to install.
func Program(t testing.TB, packages string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if filepath.IsAbs(name) {
			if found, err := filepath.Glob(name); err == nil && len(found) > 0 {
				return slices.Max(found)
			}
		} else if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	end := t.Skip
	if full {
		end = t.Fatal
	}
	end("there is no " + strings.Join(names, " or ") + "; install it: apt-get install " + packages)
	return ""
}
