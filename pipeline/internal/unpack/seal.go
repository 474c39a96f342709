package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// A Lock closes and opens a seal: a passphrase, or when Keys is not empty keys of age, one a line. Those
// that close are public (age1…), those that open are not (AGE-SECRET-KEY-1…).
type Lock struct {
	Passphrase string
	Keys       string
}

// LeastPassphrase is how many bytes a passphrase has at least.
const LeastPassphrase = 12

// Errors of seals. None of them tells what is in one.
var (
	ErrNoLock     = fmt.Errorf("a passphrase has at least %d characters", LeastPassphrase)
	ErrNoKeys     = errors.New("these are no keys of age")
	ErrOtherLock  = errors.New("the passphrase or key does not open it")
	ErrNoSeal     = errors.New("it is not encrypted with age, or its beginning is damaged")
	ErrBrokenSeal = errors.New("it is damaged or cut short")
)

// mostSealed is how large a sealed secret may be, in bytes.
const mostSealed = 1 << 16

// Seal encrypts a small secret with age, as text.
func Seal(secret []byte, l Lock) ([]byte, error) {
	var recipients []age.Recipient
	if l.Keys != "" {
		var err error
		if recipients, err = age.ParseRecipients(strings.NewReader(l.Keys)); err != nil {
			return nil, ErrNoKeys // the error may tell a secret key that was given by mistake
		}
	} else {
		if len(l.Passphrase) < LeastPassphrase {
			return nil, ErrNoLock
		}
		recipient, err := age.NewScryptRecipient(l.Passphrase)
		if err != nil {
			return nil, ErrNoLock
		}
		recipients = append(recipients, recipient)
	}
	var text bytes.Buffer
	lines := armor.NewWriter(&text)
	w, err := age.Encrypt(lines, recipients...)
	if err == nil {
		_, err = w.Write(secret)
	}
	if err == nil {
		err = errors.Join(w.Close(), lines.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt with age: %w", err)
	}
	return text.Bytes(), nil
}

// Unseal takes out what Seal, or age itself, encrypted.
func Unseal(sealed io.Reader, l Lock) ([]byte, error) {
	var identities []age.Identity
	if l.Keys != "" {
		var err error
		if identities, err = age.ParseIdentities(strings.NewReader(l.Keys)); err != nil {
			return nil, ErrNoKeys
		}
	} else {
		identity, err := age.NewScryptIdentity(l.Passphrase)
		if err != nil {
			return nil, ErrOtherLock
		}
		identities = append(identities, identity)
	}
	in := bufio.NewReader(io.LimitReader(sealed, mostSealed))
	var source io.Reader = in
	if start, err := in.Peek(len("age-")); err == nil && string(start) != "age-" {
		source = armor.NewReader(in)
	}
	plain, err := age.Decrypt(source, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none), errors.Is(err, age.ErrIncorrectIdentity):
		return nil, ErrOtherLock
	case err != nil:
		return nil, ErrNoSeal
	}
	secret, err := io.ReadAll(plain)
	if err != nil {
		return nil, ErrBrokenSeal
	}
	return secret, nil
}
