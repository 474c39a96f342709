package records

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func profile(t testing.TB, data string, pieces func(left int) int) Profile {
	t.Helper()
	var p Profiler
	for data != "" {
		n := pieces(len(data))
		if got, err := p.Write([]byte(data[:n])); got != n || err != nil {
			t.Fatalf("Write of %d bytes gave %d, %v", n, got, err)
		}
		data = data[n:]
	}
	return p.Profile()
}

func TestProfile(t *testing.T) {
	line := func(n int, s string) string { return strings.Repeat(s+"\n", n) }
	tests := []struct {
		name, in string
		want     Profile
	}{
		{"nothing", "", Profile{Encoding: UTF8}},
		{"ascii", "a;b\r\n1;2", Profile{Encoding: UTF8, Bytes: 8, Lines: 2}},
		{"two bytes", "\xFF\xFE", Profile{Encoding: UTF16LE, BOM: true, Bytes: 2}},
		{"one byte of a mark", "\xEF", Profile{Encoding: Windows1252, Bytes: 1, Lines: 1, Failing: 1}},
		{"two bytes of a mark", "\xEF\xBB", Profile{Encoding: Windows1252, Bytes: 2, Lines: 1, Failing: 1}},
		{"utf-8 mark", "\xEF\xBB\xBF\xE9\n", Profile{Encoding: UTF8, BOM: true, Bytes: 5, Lines: 1, Failing: 1}},
		{"utf-16le mark", "\xFF\xFEa\x00\n\x00", Profile{Encoding: UTF16LE, BOM: true, Bytes: 6}},
		{"utf-16be mark", "\xFE\xFF\x00a", Profile{Encoding: UTF16BE, BOM: true, Bytes: 4}},
		{"utf-8", "é\n€\n😀\n", Profile{Encoding: UTF8, Bytes: 12, Lines: 3, MultiByte: 3}},
		{"every line end", "a\n\nb\r\n\rc\r\r\n", Profile{Encoding: UTF8, Bytes: 11, Lines: 6}},
		{"windows-1252", "caf\xE9\n", Profile{Encoding: Windows1252, Bytes: 5, Lines: 1, Failing: 1}},
		{"a line fails once", "é\xE9\xE9é\n", Profile{Encoding: Windows1252, Bytes: 7, Lines: 1, Failing: 1, MultiByte: 2}},
		{"one line in 100", line(99, "é") + "\xE9\n", Profile{Encoding: Windows1252, Bytes: 299, Lines: 100, Failing: 1, MultiByte: 99}},
		{"one line in 101", line(100, "é") + "\xE9\n", Profile{Encoding: UTF8, Bytes: 302, Lines: 101, Failing: 1, MultiByte: 100}},
		{"one line in 101, nothing valid", line(100, "e") + "\xE9\n", Profile{Encoding: Windows1252, Bytes: 202, Lines: 101, Failing: 1}},
		{"a sequence that the line end breaks off", "\xE2\x82\n\x82", Profile{Encoding: Windows1252, Bytes: 4, Lines: 2, Failing: 2}},
		{"a sequence that the file breaks off", "é\n\xE2\x82", Profile{Encoding: Windows1252, Bytes: 5, Lines: 2, Failing: 1, MultiByte: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for size := 1; size <= 9; size++ {
				got := profile(t, tt.in, func(left int) int { return min(size, left) })
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("writes of %d (-want +got)\n%s", size, diff)
				}
			}
		})
	}
}

// TestProfileMidway calls Profile between writes, which must not change the result.
func TestProfileMidway(t *testing.T) {
	var p Profiler
	for _, b := range []byte("\xEF\xBB\xBFé\r\n€") {
		if _, err := p.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
		p.Profile()
	}
	want := Profile{Encoding: UTF8, BOM: true, Bytes: 10, Lines: 2, MultiByte: 2}
	if diff := cmp.Diff(want, p.Profile()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestProfileRandom compares the profile with a count line by line.
func TestProfileRandom(t *testing.T) {
	parts := []string{"\n", "\r\n", "\r", "a", "bcdefghijklm", "é", "€", "😀", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F", "\x80", "\xED\xA0\x80", "\uFFFD"}
	for seed := range uint64(4000) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		data := "x"
		for range rnd.IntN(60) {
			data += parts[rnd.IntN(len(parts))]
		}
		want := Profile{Bytes: int64(len(data))}
		plain := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data)
		for _, l := range strings.Split(strings.TrimSuffix(plain, "\n"), "\n") {
			want.Lines++
			if !utf8.ValidString(l) {
				want.Failing++
			}
		}
		for _, r := range strings.ReplaceAll(strings.ToValidUTF8(data, ""), "\uFFFD", "é") {
			if r >= utf8.RuneSelf {
				want.MultiByte++
			}
		}
		want.Encoding = Windows1252
		if want.Failing == 0 || want.MultiByte > 0 && float64(want.Failing)/float64(want.Lines) < 0.01 {
			want.Encoding = UTF8
		}
		got := profile(t, data, func(left int) int { return 1 + rnd.IntN(min(left, 1+rnd.IntN(30))) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %q (-want +got)\n%s", seed, data, diff)
		}
	}
}
