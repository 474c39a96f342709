package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNormalise(t *testing.T) {
	for text, want := range map[string]Status{
		"123456782": Valid, "111222333": Valid, "010000008": Valid, "10000008": Padded, "1234.56.782": Repaired,
		"123 456 782": Repaired, "1000 0008": Padded, "123456789": Elfproef, "12345678": Elfproef, "000000000": Zeros, "00000000": Zeros,
		"1234567820": NineDigits, "1234567": NineDigits, "": NineDigits, "12345678x": NineDigits, "123-456-782": NineDigits,
		"1,23456782E+08": NineDigits, "１２３４５６７８２": NineDigits, " ": NineDigits, "...": NineDigits,
	} {
		if _, got := Normalise(text); got != want {
			t.Errorf("%q: status %c, want %c", text, got, want)
		}
	}
}

// The elfproef as a definition, over every BSN of a range.
func TestElfproef(t *testing.T) {
	valid := 0
	for n := 999000000; n <= 999999999; n++ {
		sum, rest := 0, n
		for w := 1; w <= 9; w++ {
			d := rest % 10
			rest /= 10
			if w == 1 {
				sum -= d
			} else {
				sum += w * d
			}
		}
		var digits [9]byte
		copy(digits[:], []byte(itoa(n)))
		if got := elfproef(digits); got != (sum%11 == 0) {
			t.Fatalf("%d: %v", n, got)
		} else if got {
			valid++
		}
	}
	if valid != 90909 {
		t.Errorf("%d valid numbers from 999000000, want 90909", valid)
	}
}

func itoa(n int) string {
	out := make([]byte, 9)
	for i := 8; i >= 0; i-- {
		out[i] = byte('0' + n%10)
		n /= 10
	}
	return string(out)
}

func TestContainsBSN(t *testing.T) {
	for text, want := range map[string]bool{
		"123456782": true, "zie 123456782!": true, "1234.56.782": true, "12 34 56 782": true, "10000008": true, "x10000008y": true,
		"123456789": false, "1123456782": false, "": false, "31-02-2020": false, "12 123456782": true, "123456782 12": true, "abc": false, "0000 0000": false,
		"1234.56.782 5": true, "12345678 2 5": true, "1,23456782E+08": true, "123-456-782": true, "1 2345 6782 3": true, "123456782,00": true,
		"31-12-2020 10:15": false, "123;456782": false, "10-00-0008": false, "10 00 0008": true,
	} {
		if got := ContainsBSN(text); got != want {
			t.Errorf("ContainsBSN(%q) = %v", text, got)
		}
	}
}

func TestPseudonym(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	k, err := NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("010000008"))
	want := hex.EncodeToString(mac.Sum(nil)[:16])
	for text, status := range map[string]string{"010000008": "0", "10000008": "2", "010.000.008": "1"} {
		if got := k.Judge(text); got != status+want {
			t.Errorf("Judge(%q) = %s, want %s", text, got, status+want)
		}
		if got := string(k.AppendJudge([]byte("x"), []byte(text))); got != "x"+status+want {
			t.Errorf("AppendJudge(%q) = %s, want %s", text, got, status+want)
		}
	}
	if got := k.Judge("123456789"); got != "c" {
		t.Errorf("Judge of a number that fails the elfproef = %q", got)
	}
	if got := string(k.AppendJudge(nil, []byte("zoë"))); got != "a3" {
		t.Errorf("AppendJudge of three letters = %q", got)
	}
	if strings.Contains(k.String()+k.Fingerprint(), hex.EncodeToString(secret)) {
		t.Error("the key tells itself")
	}
}

// A chain is the HMAC of the HMAC, in the order of the key file; a pseudonym from before a rotation can follow.
func TestChain(t *testing.T) {
	first, second := []byte("0123456789abcdef0123456789abcdef"), bytes.Repeat([]byte{7}, secretLen)
	one, err := NewKey(first)
	if err != nil {
		t.Fatal(err)
	}
	two, err := one.Rotated(bytes.NewReader(second))
	if err != nil {
		t.Fatal(err)
	}
	mac := func(secret []byte, text string) string {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(text))
		return hex.EncodeToString(m.Sum(nil)[:16])
	}
	want := mac(second, mac(first, "010000008"))
	bsn := [9]byte([]byte("010000008"))
	if got := two.Pseudonym(bsn); got != want {
		t.Errorf("pseudonym of a chain %s, want %s", got, want)
	}
	if got := two.Judge("10000008"); got != "2"+want {
		t.Errorf("judgement of a chain %s, want 2%s", got, want)
	}
	if got := two.Follow(one.Pseudonym(bsn)); got != want {
		t.Errorf("followed %s, want %s", got, want)
	}
	read, err := ParseKey(two.Text())
	if err != nil || read.Fingerprint() != two.Fingerprint() || len(read.secrets) != 2 || read.Pseudonym(bsn) != want {
		t.Errorf("read %v, %v; written %v", read, err, two)
	}
	if one.Origin() != one.Fingerprint() || two.Origin() != one.Origin() {
		t.Errorf("origins %s and %s", one.Origin(), two.Origin())
	}
	other, err := NewKey(second, first)
	if err != nil {
		t.Fatal(err)
	}
	prints := map[string]bool{}
	for _, k := range []*Key{one, two, other} {
		prints[k.Fingerprint()] = true
	}
	if len(prints) != 3 {
		t.Errorf("three keys have the fingerprints %v", prints)
	}
	// a key of one secret, which must never change
	if got := one.Fingerprint(); got != "706369c6cb5b19b5" {
		t.Errorf("fingerprint of a key of one secret: %s", got)
	}
	if _, err := one.Rotated(bytes.NewReader(second[1:])); err == nil {
		t.Error("a secret was made of too little chance")
	}
}

func BenchmarkPseudonym(b *testing.B) {
	for secrets := range 3 {
		var all [][]byte
		for range secrets + 1 {
			all = append(all, make([]byte, secretLen))
		}
		k, err := NewKey(all...)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(itoa(secrets + 1)[8:], func(b *testing.B) {
			var into []byte
			for b.Loop() {
				into = k.AppendJudge(into[:0], []byte("010000008"))
			}
		})
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets", "pseudonym.key")
	made, err := CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateKey(path); err == nil {
		t.Error("a key was replaced")
	}
	read, err := ReadKey(path)
	if err != nil || read.Fingerprint() != made.Fingerprint() {
		t.Errorf("read %v, %v; made %v", read, err, made)
	}
	for text, want := range map[string]string{"zz": "hexadecimal", "0011": "at least 16 bytes", "": "at least one secret", strings.Repeat("0a", 16) + "\n0011": "at least 16 bytes"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("key %q: %v, want %q", text, err, want)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that the group may read: %v", err)
	}
}
