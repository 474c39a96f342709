package dutch_test

import (
	"testing"

	"inbeeld/pipeline/dutch"
)

func TestPart(t *testing.T) {
	for _, c := range []struct{ part, whole, want string }{
		{"55", "240", "55 van 240, 22,9%"},
		{"238", "240", "meer dan 235 van 240, meer dan 97,9%"},
		{"4", "24", "minder dan 5 van 24, minder dan 20,8%"},
		{"0", "24", "minder dan 5 van 24, minder dan 20,8%"},
		{"5", "10", "5 van 10, 50,0%"},
		{"5", "9", "meer dan 4 van 9, meer dan 44,4%"},
		{"5", "5", "niet getoond van 5, niet getoond"},
		{"1", "5", "niet getoond van 5, niet getoond"},
		{"2", "4", "minder dan 5 van minder dan 5, niet getoond"},
		{"0", "0", "minder dan 5 van minder dan 5, niet getoond"},
		{"1200", "1000", "1.200 van 1.000, 120,0%"},
		{"996", "1000", "meer dan 995 van 1.000, meer dan 99,5%"},
	} {
		part, whole, share, masked := dutch.Part(rat(t, c.part), rat(t, c.whole))
		if got := part + " van " + whole + ", " + share; got != c.want {
			t.Errorf("Part(%s, %s) says %q, want %q", c.part, c.whole, got, c.want)
		}
		if plain := part == dutch.Amount(rat(t, c.part)); plain == masked {
			t.Errorf("Part(%s, %s) says %q, and masked is %v", c.part, c.whole, part, masked)
		}
	}
}

// TestPartGivesNothingAway checks that the texts fit at least two parts if the part or the rest is few.
func TestPartGivesNothingAway(t *testing.T) {
	told := map[string]int{}
	say := func(part, whole int64) string {
		a, b, c, _ := dutch.Part(ratOf(part), ratOf(whole))
		return a + "|" + b + "|" + c
	}
	for whole := int64(0); whole <= 60; whole++ {
		for part := int64(0); part <= whole; part++ {
			told[say(part, whole)]++
		}
	}
	for whole := int64(0); whole <= 60; whole++ {
		for part := int64(0); part <= whole; part++ {
			if few := part < 5 || whole-part < 5; few && told[say(part, whole)] < 2 {
				t.Errorf("%d of %d is told as %s, which fits nothing else", part, whole, say(part, whole))
			}
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: dutch.Few, 4: dutch.Few, 5: "5", 1384: "1.384", -3: "-3"} {
		if got := dutch.Count(ratOf(n)); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
