package dutch

import (
	"math/big"
	"strings"
)

// Unknown is the text for a missing number or date.
const Unknown = "onbekend"

// Number writes n with a decimal comma and dots for thousands, rounded half away from zero to a number of
// decimals. Nil is Unknown.
func Number(n *big.Rat, digits int) string {
	if n == nil {
		return Unknown
	}
	integer, fraction, _ := strings.Cut(n.FloatString(digits), ".")
	minus := ""
	if rest, negative := strings.CutPrefix(integer, "-"); negative {
		integer = rest
		if strings.Trim(integer+fraction, "0") != "" {
			minus = "-"
		}
	}
	for i := len(integer) - 3; i > 0; i -= 3 {
		integer = integer[:i] + "." + integer[i:]
	}
	if fraction == "" {
		return minus + integer
	}
	return minus + integer + "," + fraction
}

// Integer writes n with dots for thousands.
func Integer(n int64) string { return Number(big.NewRat(n, 1), 0) }

// Float writes n with a number of decimals.
func Float(n float64, digits int) string { return Number(new(big.Rat).SetFloat64(n), digits) }

// Amount writes an integer without decimals, any other number with two.
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

// Exact writes n with as many decimals as it needs, at least minDigits and at most maxDigits. Repeating
// decimals do not count. Nil is Unknown.
func Exact(n *big.Rat, minDigits, maxDigits int) string {
	if n == nil {
		return Unknown
	}
	digits, _ := n.FloatPrec()
	return Number(n, min(max(digits, minDigits), maxDigits))
}

// Plain writes a decimal such as "1384.50" with a comma, without trailing zeros or dots for thousands, so
// that a reader can search for it in a file.
func Plain(decimal string) string {
	if strings.Contains(decimal, ".") {
		decimal = strings.TrimSuffix(strings.TrimRight(decimal, "0"), ".")
	}
	return strings.Replace(decimal, ".", ",", 1)
}

// Size writes a number of bytes in powers of 1000: "612 bytes", "84,7 kB".
func Size(bytes int64) string {
	if bytes < 1000 {
		return Integer(bytes) + " bytes"
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

// Masked texts.
const (
	Few    = "minder dan 5" // a count below five, including zero
	Hidden = "niet getoond" // a number that would reveal such a count
)

var five = big.NewRat(5, 1)

// IsFew reports whether n is at least 0 and below five. It returns false for nil.
func IsFew(n *big.Rat) bool { return n != nil && n.Sign() >= 0 && n.Cmp(five) < 0 }

// Count writes a count of persons, or Few if it is below five.
func Count(n *big.Rat) string {
	if IsFew(n) {
		return Few
	}
	return Amount(n)
}

// Part writes a count of persons, the total that it is a part of, and the percentage. If the part, the
// rest or the total is below five, masked is set and the texts give only a bound: for 238 of 240
// "meer dan 235" and "meer dan 97,9%", for 4 of 24 "minder dan 5" and "minder dan 20,8%".
func Part(part, total *big.Rat) (partText, totalText, share string, masked bool) {
	percentage := func(of *big.Rat) string {
		if total.Sign() <= 0 {
			return Unknown
		}
		of = new(big.Rat).Quo(of, total)
		return Percentage(of.Mul(of, big.NewRat(100, 1)))
	}
	switch {
	case IsFew(total):
		return Few, Few, Hidden, true
	case total.Cmp(five) == 0: // "meer dan 0" could only mean all five
		return Hidden, Amount(total), Hidden, true
	case IsFew(part):
		return Few, Amount(total), "minder dan " + percentage(five), true
	case IsFew(new(big.Rat).Sub(total, part)):
		bound := new(big.Rat).Sub(total, five)
		return "meer dan " + Amount(bound), Amount(total), "meer dan " + percentage(bound), true
	}
	return Amount(part), Amount(total), percentage(part), false
}
