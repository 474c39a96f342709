package pseudonym

import (
	"regexp"
	"strings"
)

var (
	// numbers are digits with at most one dot or space between two of them.
	numbers = regexp.MustCompile(`[0-9](?:[. ]?[0-9])*`)
	// hashes are what may hold any digits: UUIDs, and hexadecimal texts of the lengths of fingerprints.
	hashes = regexp.MustCompile(`\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{12})\b`)
)

// InText gives the pseudonyms of what in a text may be a BSN: runs of eight or nine digits that pass
// the elfproef, also with dots or spaces between them, outside UUIDs and hashes. Whose they are, the
// caller knows.
func (k *Key) InText(text string) []string {
	text = hashes.ReplaceAllStringFunc(text, func(hash string) string {
		if strings.ContainsAny(hash, "abcdef") {
			return "#"
		}
		return hash
	})
	var found []string
	for _, number := range numbers.FindAllString(text, -1) {
		groups := strings.FieldsFunc(number, func(r rune) bool { return r == '.' || r == ' ' })
		for i := range groups {
			digits := ""
			for j := i; j < len(groups) && len(digits) < 9; j++ {
				digits += groups[j]
				if nine, status := Normalise(digits); len(digits) >= 8 && status.IsBSN() {
					found = append(found, k.Pseudonym(nine))
				}
			}
		}
	}
	return found
}
