package pseudonym

import (
	"regexp"
	"strings"
)

var (
	hexRun   = regexp.MustCompile(`[0-9A-Fa-f]+`)
	plainRun = regexp.MustCompile(`[0-9]+`)
)

// Mask takes the BSNs out of text that was made for people: names of files, notes, errors. It sees
// nine digits in a row, but not in a hash; numbers of eight digits are left, because dates in names
// are written so.
func Mask(text string) string {
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

// MaskError is err with a text that Mask has seen; nil stays nil.
func MaskError(err error) error {
	if err == nil {
		return nil
	}
	text := Mask(err.Error())
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
