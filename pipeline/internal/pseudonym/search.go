package pseudonym

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
