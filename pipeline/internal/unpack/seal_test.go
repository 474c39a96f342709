package unpack

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
)

// A seal opens only with its own lock, and not if a byte is missing.
func TestSeal(t *testing.T) {
	t.Parallel()
	own, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("00112233445566778899aabbccddeeff\n")
	phrase := Lock{Passphrase: "paard batterij nietje"}
	seal := func(l Lock) []byte {
		t.Helper()
		sealed, err := Seal(secret, l)
		if err != nil || bytes.Contains(sealed, secret[:8]) || !bytes.HasPrefix(sealed, []byte("-----BEGIN AGE ENCRYPTED FILE-----\n")) {
			t.Fatalf("%v: %s", err, sealed)
		}
		return sealed
	}
	byPhrase, byKey := seal(phrase), seal(Lock{Keys: "# regio\n" + own.Recipient().String() + "\n"})
	for _, c := range []struct {
		name   string
		sealed []byte
		with   Lock
		err    error
	}{
		{"passphrase", byPhrase, phrase, nil},
		{"key", byKey, Lock{Keys: own.String()}, nil},
		{"another passphrase", byPhrase, Lock{Passphrase: "paard batterij nietjes"}, ErrWrongLock},
		{"no passphrase", byPhrase, Lock{}, ErrWrongLock},
		{"another key", byKey, Lock{Keys: other.String()}, ErrWrongLock},
		{"a passphrase for a key", byKey, phrase, ErrWrongLock},
		{"a public key", byKey, Lock{Keys: own.Recipient().String()}, ErrBadKeys},
		{"plain text", secret, phrase, ErrNotSealed},
		{"nothing", nil, phrase, ErrNotSealed},
		{"half", byKey[:len(byKey)/2], Lock{Keys: own.String()}, ErrNotSealed},
		{"without its last line", byKey[:len(byKey)-40], Lock{Keys: own.String()}, ErrDamagedSeal},
	} {
		got, err := Unseal(bytes.NewReader(c.sealed), c.with)
		if !errors.Is(err, c.err) || err == nil && !bytes.Equal(got, secret) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	for lock, want := range map[Lock]error{
		{}: ErrShortPassphrase, {Passphrase: "kort"}: ErrShortPassphrase, {Keys: "age1nergens"}: ErrBadKeys, {Keys: own.String()}: ErrBadKeys,
	} {
		if sealed, err := Seal(secret, lock); !errors.Is(err, want) || sealed != nil || strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%v, not %v", err, want)
		}
	}
}
