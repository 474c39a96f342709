package pseudonym

import (
	"fmt"
	"regexp"
	"strings"

	"inbeeld/pipeline/internal/fingerprint"
)

// hideBSN is a second lock on the door: values in quarantine are masked already.
func HideBSN(text string) string {
	if Holds(text) {
		return fmt.Sprintf("%d tekens", len([]rune(text)))
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

// quotedOrDigits goes from the first quote to the last: a value may hold quotes and line ends itself.
var quotedOrDigits = regexp.MustCompile(`(?s)'.*'|".*"|[0-9]{4,}`)

// withoutValues is the first line of an error without the values that it quotes: they may be anything
// that a delivery holds.
func WithoutValues(err error) string {
	line, _, _ := strings.Cut(quotedOrDigits.ReplaceAllString(err.Error(), "…"), "\n")
	return strings.TrimRight(line, ". ")
}

// personKey is a pseudonym.
var personKey = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

// hideKey gives a group that is named by the key of a person a name that says nothing of that person, and
// stays the same.
func HideKey(group string) string {
	if personKey.MatchString(group) || Holds(group) {
		return "persoon " + fingerprint.Of("group", group)[:8]
	}
	return group
}
