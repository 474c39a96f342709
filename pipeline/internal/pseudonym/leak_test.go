package pseudonym

import "testing"

func TestInText(t *testing.T) {
	k, err := NewKey([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	one, two := k.Pseudonym([9]byte([]byte("010000008"))), k.Pseudonym([9]byte([]byte("123456782")))
	for text, want := range map[string][]string{
		"": nil, "Hilversum": nil, "20201231": nil, "123456789": nil, "1123456782": nil, "10-00-0008": nil,
		"010000008": {one}, "10000008": {one}, "x10.000.008.": {one}, "12 34 56 782": {two}, "10000008 123456782": {one, two},
		"5 123456782": {two}, "123456782 5": {two}, "a10000008b": {one}, "1. 23456782": nil,
		"2020-12-31-a10000008bcd": nil, "550e8400-e29b-41d4-a716-010000008abc": nil,
		"000000000000000000000000a0000008": nil, "123456782012": nil,
	} {
		got := k.InText(text)
		if len(got) != len(want) {
			t.Errorf("%q: %d found, want %d", text, len(got), len(want))
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: %s is not the pseudonym", text, got[i])
			}
		}
	}
}
