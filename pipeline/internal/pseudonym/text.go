package pseudonym

import (
	"fmt"
	"regexp"
	"strings"

	"inbeeld/pipeline/internal/fingerprint"
)

// HideBSN replaces a text that contains a BSN by its length, and control characters by spaces. It is a
// second line of defence: values in quarantine are already masked.
func HideBSN(text string) string {
	if ContainsBSN(text) {
		return fmt.Sprintf("%d tekens", len([]rune(text)))
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

// quotedOrDigits matches from the first quote to the last, since a value may contain quotes and line ends.
var quotedOrDigits = regexp.MustCompile(`(?s)'.*'|".*"|[0-9]{4,}`)

// WithoutValues returns the first line of an error without the values that it quotes, which may come from a
// delivery.
func WithoutValues(err error) string {
	line, _, _ := strings.Cut(quotedOrDigits.ReplaceAllString(err.Error(), "…"), "\n")
	return strings.TrimRight(line, ". ")
}

// personKey matches a pseudonym.
var personKey = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

// HideKey returns a stable name for a group named by a person's key, which reveals nothing about the
// person. It returns other groups unchanged.
func HideKey(group string) string {
	if personKey.MatchString(group) || ContainsBSN(group) {
		return "persoon " + fingerprint.Of("group", group)[:8]
	}
	return group
}
