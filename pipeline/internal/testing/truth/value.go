package truth

import (
	"cmp"
	"fmt"
	"math/big"
	"strconv"
	"time"
)

func parseDate(date string) time.Time {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic("truth: " + err.Error())
	}
	return t
}

// plus returns the date a number of days later.
func plus(date string, days int) string {
	return parseDate(date).AddDate(0, 0, days).Format(time.DateOnly)
}

// daysBetween returns the number of days from one date to another.
func daysBetween(from, to string) int {
	return int((parseDate(to).Unix() - parseDate(from).Unix()) / (24 * 60 * 60))
}

// quarter returns the quarter of a date, as 2020-Q4.
func quarter(date string) string {
	t := parseDate(date)
	return fmt.Sprintf("%04d-Q%d", t.Year(), (int(t.Month())+2)/3)
}

// quarterBegin returns the first day of the quarter of a date, quarterEnd the last.
func quarterBegin(date string) string {
	t := parseDate(date)
	return time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func quarterEnd(date string) string {
	return parseDate(quarterBegin(date)).AddDate(0, 3, -1).Format(time.DateOnly)
}

// between reports whether a date is in a period, including its last day. A period without a last day is
// open.
func between(first, last, date string) bool {
	return first <= date && (last == "" || last >= date)
}

// Null is the cell of an empty value. In a Row, an empty value is "".
const Null = "NULL"

// orNull returns the cell of a value of a delivery.
func orNull(text string) string {
	return cmp.Or(text, Null)
}

// integer returns the cell of a count.
func integer(n int) string { return strconv.Itoa(n) }

// number parses a decimal exactly. It returns nil for "".
func number(text string) *big.Rat {
	if text == "" {
		return nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("truth: " + strconv.Quote(text) + " is not a number")
	}
	return n
}

// rounded returns a number as a cell with a number of decimals, rounded half away from zero.
func rounded(n *big.Rat, digits int) string {
	if n == nil {
		return Null
	}
	text := n.FloatString(digits)
	if z, ok := new(big.Rat).SetString(text); ok && z.Sign() == 0 {
		return new(big.Rat).FloatString(digits) // zero without a minus
	}
	return text
}

// amount returns a cell of DECIMAL(12,2), percentCell one of DECIMAL(5,1). A value too large for its column
// is empty.
func amount(n *big.Rat) string      { return fitting(n, 2, "9999999999.99") }
func percentCell(n *big.Rat) string { return fitting(n, 1, "9999.9") }

func fitting(n *big.Rat, digits int, largest string) string {
	text := rounded(n, digits)
	if text == Null || new(big.Rat).Abs(number(text)).Cmp(number(largest)) > 0 {
		return Null
	}
	return text
}

// quotient returns a / b, or nil if either is nil or b is 0.
func quotient(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil || b.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(a, b)
}

// percentage returns 100 × a / b, or nil if either is nil or b is 0.
func percentage(a, b *big.Rat) *big.Rat {
	q := quotient(a, b)
	if q == nil {
		return nil
	}
	return q.Mul(q, big.NewRat(100, 1))
}

// count returns a count as an exact number.
func count(n int) *big.Rat { return big.NewRat(int64(n), 1) }

// hoursPerJob is the paid hours per week of one job (baan).
var hoursPerJob = big.NewRat(255, 10)
