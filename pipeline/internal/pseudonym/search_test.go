package pseudonym

import "testing"

func TestBSNIn(t *testing.T) {
	for _, bsn := range []struct {
		digits string
		in     map[string]bool
	}{
		{"123456782", map[string]bool{
			"": false, "123456782": true, "x123456782y": true, "wie 1234.56.782 kent": true, "12 34 56 782": true, "1.23456782E8": true,
			"1123456782": false, "1234567820": false, "123456781": false, "12345678": false, "123456782 123456781": true, "23456782": false,
			"123-456-782": false, "1123456782 123456782": true, "99 123456782": true,
		}},
		{"010000008", map[string]bool{"010000008": true, "10000008": true, "10.000.008": true, "110000008": false, "1 0000008": true, "10000009": false}},
	} {
		for text, want := range bsn.in {
			if got := BSN([]byte(bsn.digits)).In([]byte(text)); got != want {
				t.Errorf("%s in %q: %v", bsn.digits, text, got)
			}
		}
	}
}
