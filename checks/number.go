package checks

import (
	"math/big"
	"regexp"
	"strings"
	"time"
)

// decimalText is a decimal as check files write it: no exponent, no thousands.
var decimalText = regexp.MustCompile(`^-?\d{1,20}(\.\d{1,10})?$`)

// sumText is a number as the database writes integers and decimals.
var sumText = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// FormatNumber writes a number as Dutch text reads it: decimal comma, dots for thousands, rounded
// half up (away from zero) to digits decimals. No number is "onbekend".
func FormatNumber(n *big.Rat, digits int) string {
	if n == nil {
		return "onbekend"
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

// amount is a count without decimals, any other number with two.
func amount(n *big.Rat) string {
	if n != nil && !n.IsInt() {
		return FormatNumber(n, 2)
	}
	return FormatNumber(n, 0)
}

// percentage has one decimal.
func percentage(n *big.Rat) string {
	if n == nil {
		return FormatNumber(n, 1)
	}
	return FormatNumber(n, 1) + "%"
}

// limit keeps every decimal of a limit, so that 0,25% is not told as 0,3%.
func limit(n *big.Rat, isPercentage bool) string {
	if n == nil {
		return FormatNumber(n, 0)
	}
	digits, _ := n.FloatPrec()
	if isPercentage {
		return FormatNumber(n, max(1, digits)) + "%"
	}
	return FormatNumber(n, digits)
}

var months = [...]string{
	"januari", "februari", "maart", "april", "mei", "juni",
	"juli", "augustus", "september", "oktober", "november", "december",
}

// FormatDay writes a date as "31 december 2020"; the zero date is "onbekend".
func FormatDay(t time.Time) string {
	if t.IsZero() {
		return "onbekend"
	}
	return t.Format("2 ") + months[t.Month()-1] + t.Format(" 2006")
}
