package pseudonym

import (
	"regexp"
	"strings"
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
