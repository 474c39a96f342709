package pseudonym

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// numbers matches digits with at most one dot or space between any two.
	numbers = regexp.MustCompile(`[0-9](?:[. ]?[0-9])*`)
	// hashes matches UUIDs, and hexadecimal text as long as a fingerprint: both may contain any digits.
	hashes = regexp.MustCompile(`\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{12})\b`)
)

// InText returns the pseudonyms of everything in a text that may be a BSN: runs of eight or nine digits
// that pass the elfproef, possibly with dots or spaces between them, outside UUIDs and hashes. Only the
// caller can tell whether they belong to a person.
func (k *Key) InText(text string) []string {
	var found []string
	var within [][]int // hashes; searched only once a number is found
	for _, number := range numbers.FindAllStringIndex(text, -1) {
		groups := strings.FieldsFunc(text[number[0]:number[1]], func(r rune) bool { return r == '.' || r == ' ' })
		nine := bsns(groups, 8)
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
