package dutch_test

import (
	"math/big"
	"testing"

	"inbeeld/pipeline/dutch"
)

// rat reads a number; "" is nil.
func rat(t *testing.T, text string) *big.Rat {
	t.Helper()
	if text == "" {
		return nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return n
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		n      string
		digits int
		want   string
	}{
		{"", 1, "onbekend"},
		{"0", 0, "0"},
		{"0", 1, "0,0"},
		{"13900/567", 1, "24,5"},
		{"24.45", 1, "24,5"},
		{"24.4499999999", 1, "24,4"},
		{"999", 0, "999"},
		{"1000", 0, "1.000"},
		{"999.95", 1, "1.000,0"},
		{"1234567.891", 2, "1.234.567,89"},
		{"-1234.5", 0, "-1.235"},
		{"-999", 0, "-999"},
		{"-0.04", 1, "0,0"},
		{"-0.05", 1, "-0,1"},
		{"1/3", 3, "0,333"},
		{"123456789012345678901234567890", 0, "123.456.789.012.345.678.901.234.567.890"},
	} {
		if got := dutch.Number(rat(t, c.n), c.digits); got != c.want {
			t.Errorf("Number(%s, %d) = %q, want %q", c.n, c.digits, got, c.want)
		}
	}
}

func ratOf(n int64) *big.Rat { return big.NewRat(n, 1) }
