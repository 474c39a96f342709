package dutch

import "math/big"

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
