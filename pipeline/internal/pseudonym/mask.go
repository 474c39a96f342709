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
// are written so. What is to be kept as it is, such as the path of the data directory, is given too.
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

// MaskError is err with a text that Mask has seen; nil stays nil.
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
