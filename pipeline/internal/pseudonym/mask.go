package pseudonym

import (
	"fmt"
	"regexp"
	"strings"

	"inbeeld/pipeline/internal/fingerprint"
)

var (
	hexRun   = regexp.MustCompile(`[0-9A-Fa-f]+`)
	plainRun = regexp.MustCompile(`[0-9]+`)
)

// Mask replaces the BSNs in text for people, such as file names, notes and errors. It recognises nine
// adjacent digits outside hashes. It keeps eight digits, since dates in names look like that, and every
// occurrence of keep, such as the path of the data directory.
func Mask(text string, keep ...string) string {
	for i, k := range keep {
		if k != "" && strings.Contains(text, k) {
			parts := strings.Split(text, k)
			for j := range parts {
				parts[j] = Mask(parts[j], keep[i+1:]...)
			}
			return strings.Join(parts, k)
		}
	}
	return hexRun.ReplaceAllStringFunc(text, func(run string) string {
		if len(run) >= 12 && strings.ContainsAny(run, "abcdefABCDEF") {
			return run
		}
		return plainRun.ReplaceAllStringFunc(run, func(digits string) string {
			if _, status := Normalise(digits); len(digits) == 9 && status == Valid {
				return "*********"
			}
			return digits
		})
	})
}

// MaskError returns err with a masked text, or nil if err is nil.
func MaskError(err error, keep ...string) error {
	if err == nil {
		return nil
	}
	text := Mask(err.Error(), keep...)
	if text == err.Error() {
		return err
	}
	return &maskedError{text, err}
}

type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Unwrap() error { return e.err }

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
