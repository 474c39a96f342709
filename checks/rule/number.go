package rule

import (
	"math"
	"math/big"
	"regexp"

	"inbeeld/pipeline/dutch"
)

// decimalText is a decimal as check files write it: no exponent, no thousands.
var decimalText = regexp.MustCompile(`^-?\d{1,20}(\.\d{1,10})?$`)

// SumText is a number as the database writes integers and decimals.
var SumText = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// LimitText keeps every decimal of a limit, so that 0,25% is not told as 0,3%.
func LimitText(n *big.Rat, isPercentage bool) string {
	switch {
	case n == nil:
		return dutch.Unknown
	case isPercentage:
		return dutch.Exact(n, 1, math.MaxInt) + "%"
	}
	return dutch.Exact(n, 0, math.MaxInt)
}
