package demo

import (
	"fmt"
	"math/rand/v2"
)

// issuer issues synthetic BSNs, each only once.
type issuer struct {
	rng  *rand.Rand
	used map[int]bool
}

// next issues a BSN from 999…… .
func (i *issuer) next() string { return i.from(999_000_000, 1_000_000) }

// nextWithZero issues a BSN from 01000…., which a spreadsheet writes with eight digits. There are
// about 900 of them.
func (i *issuer) nextWithZero() string { return i.from(10_000_000, 10_000) }

func (i *issuer) from(start, span int) string {
	for {
		n := start + i.rng.IntN(span)
		if !i.used[n] && elfproef(n) {
			i.used[n] = true
			return fmt.Sprintf("%09d", n)
		}
	}
}

// elfproef reports whether n is a valid BSN: weights 9 to 2 and −1 give a sum divisible by 11.
func elfproef(n int) bool {
	sum := -(n % 10)
	for weight := 2; weight <= 9; weight++ {
		n /= 10
		sum += weight * (n % 10)
	}
	return sum%11 == 0
}
