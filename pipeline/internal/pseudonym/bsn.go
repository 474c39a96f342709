package pseudonym

import (
	"regexp"
	"slices"
	"strings"
)

// A Status is the verdict on a text as a BSN.
type Status byte

// The verdicts. A text that is Repaired or Padded is a BSN after repair.
const (
	Valid      Status = '0' // nine digits
	Repaired   Status = '1' // spaces or dots between the digits were removed
	Padded     Status = '2' // eight digits: the leading zero was lost
	NineDigits Status = 'a' // fault: not nine digits
	Zeros      Status = 'b' // fault: 000000000
	Elfproef   Status = 'c' // fault: nine digits that fail the elfproef
)

// IsBSN reports whether the text is a BSN, possibly after repair.
func (s Status) IsBSN() bool { return s <= Padded }

// Normalise removes spaces and dots, pads eight digits with a leading zero, and judges the result.
func Normalise(text string) (digits [9]byte, status Status) {
	status = Valid
	n := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if n == 9 {
				return digits, NineDigits
			}
			digits[n] = c
			n++
		case c == ' ' || c == '.':
			status = Repaired
		default:
			return digits, NineDigits
		}
	}
	if n == 8 {
		copy(digits[1:], digits[:8])
		digits[0] = '0'
		status = Padded
		n = 9
	}
	switch {
	case n != 9:
		return digits, NineDigits
	case string(digits[:]) == "000000000":
		return digits, Zeros
	case !elfproef(digits):
		return digits, Elfproef
	}
	return digits, status
}

func elfproef(d [9]byte) bool {
	sum := -int(d[8] - '0')
	for i := range 8 {
		sum += (9 - i) * int(d[i]-'0')
	}
	return sum%11 == 0
}

// ContainsBSN reports whether a text contains a BSN: eight or nine digits that pass the elfproef, possibly
// with spaces and dots between them, or nine with other characters that occur in numbers and dates. Such
// a text must never be written anywhere.
func ContainsBSN(text string) bool {
	return containsBSN(text, " .", 8) || containsBSN(text, " .,-/:+eE", 9)
}

// containsBSN checks every sequence of adjacent groups of digits, at least minDigits together, that are
// separated only by the characters of between.
func containsBSN(text, between string, minDigits int) bool {
	group := func(r rune) bool { return r < '0' || r > '9' }
	parts := strings.FieldsFunc(text, func(r rune) bool { return group(r) && !strings.ContainsRune(between, r) })
	return slices.ContainsFunc(parts, func(part string) bool {
		return len(bsns(strings.FieldsFunc(part, group), minDigits)) > 0
	})
}

// bsns returns the BSNs in adjacent groups of digits, of at least minDigits digits together.
func bsns(groups []string, minDigits int) (found [][9]byte) {
	for i := range groups {
		digits := ""
		for j := i; j < len(groups) && len(digits) < 9; j++ {
			digits += groups[j]
			if nine, status := Normalise(digits); len(digits) >= minDigits && status.IsBSN() {
				found = append(found, nine)
			}
		}
	}
	return found
}

// A BSN is nine digits to search for.
type BSN [9]byte

// In reports whether a text contains the BSN, possibly with dots and spaces between its digits or without
// its leading zero. A longer number does not count.
func (b BSN) In(text []byte) bool {
	return b.in(text, b[:]) || b[0] == '0' && b.in(text, b[1:])
}

func (b BSN) in(text, digits []byte) bool {
	for i := range text {
		if text[i] != digits[0] || i > 0 && isDigit(text[i-1]) {
			continue
		}
		at := i
		for n := range digits {
			for n > 0 && at < len(text) && (text[at] == '.' || text[at] == ' ') {
				at++
			}
			if at == len(text) || text[at] != digits[n] {
				break
			}
			at++
			if n == len(digits)-1 && (at == len(text) || !isDigit(text[at])) {
				return true
			}
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

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
