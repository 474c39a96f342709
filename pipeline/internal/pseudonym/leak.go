package pseudonym

import (
	"regexp"
	"slices"
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
	var found []string
	var within [][]int // hashes; looked for only when there is something to be within
	for _, number := range numbers.FindAllStringIndex(text, -1) {
		nine := bsns(text[number[0]:number[1]])
		if len(nine) == 0 {
			continue
		}
		if within == nil {
			within = append([][]int{{-1, -1}}, hashes.FindAllStringIndex(text, -1)...)
		}
		if slices.ContainsFunc(within, func(h []int) bool {
			return h[0] <= number[0] && number[1] <= h[1] && strings.ContainsAny(text[h[0]:h[1]], "abcdef")
		}) {
			continue
		}
		for _, n := range nine {
			found = append(found, k.Pseudonym(n))
		}
	}
	return found
}

// bsns are what neighbouring groups of a number, of eight or nine digits together, are as BSNs.
func bsns(number string) (found [][9]byte) {
	groups := strings.FieldsFunc(number, func(r rune) bool { return r == '.' || r == ' ' })
	for i := range groups {
		digits := ""
		for j := i; j < len(groups) && len(digits) < 9; j++ {
			digits += groups[j]
			if nine, status := Normalise(digits); len(digits) >= 8 && status.IsBSN() {
				found = append(found, nine)
			}
		}
	}
	return found
}
