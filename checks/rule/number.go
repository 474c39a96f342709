package rule

import (
	"math"
	"math/big"
	"regexp"

	"inbeeld/pipeline/dutch"
)

// decimalText matches a decimal in a check file: no exponent and no thousands separators.
var decimalText = regexp.MustCompile(`^-?\d{1,20}(\.\d{1,10})?$`)

// SumText matches an integer or decimal in a result of the database.
var SumText = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// LimitText formats a limit with all its decimals, so that 0,25% does not become 0,3%.
func LimitText(n *big.Rat, isPercentage bool) string {
	switch {
	case n == nil:
		return dutch.Unknown
	case isPercentage:
		return dutch.Exact(n, 1, math.MaxInt) + "%"
	}
	return dutch.Exact(n, 0, math.MaxInt)
}
