package truth

import (
	"math/big"
	"strconv"
)

// Null is the cell of a value that is empty. In the rows of deliveries the empty text is.
const Null = "NULL"

// orNull is a value of a delivery as a cell.
func orNull(text string) string {
	if text == "" {
		return Null
	}
	return text
}

// whole is a count as a cell.
func whole(n int) string { return strconv.Itoa(n) }

// number is a decimal of a delivery or reference table; it is exact, and nil when it is empty.
func number(text string) *big.Rat {
	if text == "" {
		return nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("truth: " + strconv.Quote(text) + " is no number")
	}
	return n
}

// rounded is a number as a cell with so many digits behind the comma: a half goes away from zero.
func rounded(n *big.Rat, digits int) string {
	if n == nil {
		return Null
	}
	text := n.FloatString(digits)
	if z, ok := new(big.Rat).SetString(text); ok && z.Sign() == 0 {
		return new(big.Rat).FloatString(digits) // no minus before nothing
	}
	return text
}

// amount is a cell of ten digits and two behind the comma, percent one of four and one. What is too
// large for its column is empty.
func amount(n *big.Rat) string  { return fitting(n, 2, "9999999999.99") }
func percent(n *big.Rat) string { return fitting(n, 1, "9999.9") }

func fitting(n *big.Rat, digits int, most string) string {
	text := rounded(n, digits)
	if text == Null || new(big.Rat).Abs(number(text)).Cmp(number(most)) > 0 {
		return Null
	}
	return text
}

// quotient is a / b, nil when there is no b or it is 0.
func quotient(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil || b.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(a, b)
}

// percentage is 100 × a / b, nil when there is no b or it is 0.
func percentage(a, b *big.Rat) *big.Rat {
	q := quotient(a, b)
	if q == nil {
		return nil
	}
	return q.Mul(q, big.NewRat(100, 1))
}

// count is a number of persons or things as an exact number.
func count(n int) *big.Rat { return big.NewRat(int64(n), 1) }

// hoursPerJob are the paid hours a week of one job (baan).
var hoursPerJob = big.NewRat(255, 10)
