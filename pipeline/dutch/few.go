package dutch

import "math/big"

// Masked texts.
const (
	Few    = "minder dan 5" // a count below five, zero too
	Hidden = "niet getoond" // a number that would give such a count away
)

var five = big.NewRat(5, 1)

// IsFew reports whether n is at least 0 and below five. Nil is not.
func IsFew(n *big.Rat) bool { return n != nil && n.Sign() >= 0 && n.Cmp(five) < 0 }

// Count writes a count of persons: Few below five.
func Count(n *big.Rat) string {
	if IsFew(n) {
		return Few
	}
	return Amount(n)
}

// Part writes a count of persons, the whole that it is a part of, and what percentage of it that is.
// When fewer than five persons are in the part, in the rest or in the whole, masked is set and the
// texts give no number from which they can be worked out, but the bound that follows: of 238 of 240
// "meer dan 235" and "meer dan 97,9%", of 4 of 24 "minder dan 5" and "minder dan 20,8%".
func Part(part, whole *big.Rat) (partText, wholeText, share string, masked bool) {
	percentage := func(of *big.Rat) string {
		if whole.Sign() <= 0 {
			return Unknown
		}
		of = new(big.Rat).Quo(of, whole)
		return Percentage(of.Mul(of, big.NewRat(100, 1)))
	}
	switch {
	case IsFew(whole):
		return Few, Few, Hidden, true
	case whole.Cmp(five) == 0: // all of five would be the only part that is told as "meer dan 0"
		return Hidden, Amount(whole), Hidden, true
	case IsFew(part):
		return Few, Amount(whole), "minder dan " + percentage(five), true
	case IsFew(new(big.Rat).Sub(whole, part)):
		most := new(big.Rat).Sub(whole, five)
		return "meer dan " + Amount(most), Amount(whole), "meer dan " + percentage(most), true
	}
	return Amount(part), Amount(whole), percentage(part), false
}
