package dutch

import (
	"math/big"
	"strings"
)

// Unknown is written for a number or a date that is not there.
const Unknown = "onbekend"

// Number writes n with a decimal comma and dots for thousands, rounded half away from zero to digits
// decimals. Nil is Unknown.
func Number(n *big.Rat, digits int) string {
	if n == nil {
		return Unknown
	}
	whole, fraction, _ := strings.Cut(n.FloatString(digits), ".")
	minus := ""
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		whole = rest
		if strings.Trim(whole+fraction, "0") != "" {
			minus = "-"
		}
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	if fraction == "" {
		return minus + whole
	}
	return minus + whole + "," + fraction
}

// Whole writes a whole number with dots for thousands.
func Whole(n int64) string { return Number(big.NewRat(n, 1), 0) }

// Float writes n with digits decimals.
func Float(n float64, digits int) string { return Number(new(big.Rat).SetFloat64(n), digits) }

// Amount writes a whole number without decimals, any other with two.
func Amount(n *big.Rat) string {
	if n != nil && !n.IsInt() {
		return Number(n, 2)
	}
	return Number(n, 0)
}

// Percentage writes n with one decimal and a percent sign. Nil is Unknown.
func Percentage(n *big.Rat) string {
	if n == nil {
		return Unknown
	}
	return Number(n, 1) + "%"
}

// Exact writes n with the decimals it has, but no fewer than least and no more than most. Of a
// repeating fraction the repeating decimals do not count. Nil is Unknown.
func Exact(n *big.Rat, least, most int) string {
	if n == nil {
		return Unknown
	}
	digits, _ := n.FloatPrec()
	return Number(n, min(max(digits, least), most))
}

// Plain turns a decimal of a program into one with a comma, without zeros at its end or dots for
// thousands: the notation in which a reader compares two figures, or finds one in a file.
func Plain(decimal string) string {
	if strings.Contains(decimal, ".") {
		decimal = strings.TrimSuffix(strings.TrimRight(decimal, "0"), ".")
	}
	return strings.Replace(decimal, ".", ",", 1)
}

// Size writes a number of bytes in powers of 1000: "612 bytes", "84,7 kB".
func Size(bytes int64) string {
	if bytes < 1000 {
		return Whole(bytes) + " bytes"
	}
	size, unit := float64(bytes)/1000, "kB"
	for _, next := range []string{"MB", "GB", "TB"} {
		if size < 1000 {
			break
		}
		size, unit = size/1000, next
	}
	return Float(size, 1) + " " + unit
}
