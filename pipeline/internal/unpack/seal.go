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

// A Lock closes and opens a seal: a passphrase or, if Keys is not empty, age keys, one per line. Public
// keys (age1…) close it, secret keys (AGE-SECRET-KEY-1…) open it.
type Lock struct {
	Passphrase string
	Keys       string
}

// MinPassphrase is the minimum number of bytes in a passphrase.
const MinPassphrase = 12

// Errors of seals. None of them reveals the secret.
var (
	ErrShortPassphrase = fmt.Errorf("the passphrase must have at least %d characters", MinPassphrase)
	ErrBadKeys         = errors.New("not valid age keys")
	ErrWrongLock       = errors.New("wrong passphrase or key")
	ErrNotSealed       = errors.New("not encrypted with age, or damaged at the start")
	ErrDamagedSeal     = errors.New("damaged or truncated")
)

// maxSeal is the maximum size of a seal, in bytes.
const maxSeal = 1 << 16

// Seal encrypts a small secret with age. The result is ASCII armour.
func Seal(secret []byte, l Lock) ([]byte, error) {
	var recipients []age.Recipient
	if l.Keys != "" {
		var err error
		if recipients, err = age.ParseRecipients(strings.NewReader(l.Keys)); err != nil {
			return nil, ErrBadKeys // the error may quote a secret key given by mistake
		}
	} else {
		if len(l.Passphrase) < MinPassphrase {
			return nil, ErrShortPassphrase
		}
		recipient, err := age.NewScryptRecipient(l.Passphrase)
		if err != nil {
			return nil, ErrShortPassphrase
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

// Unseal decrypts what Seal, or the age program, encrypted.
func Unseal(sealed io.Reader, l Lock) ([]byte, error) {
	var identities []age.Identity
	if l.Keys != "" {
		var err error
		if identities, err = age.ParseIdentities(strings.NewReader(l.Keys)); err != nil {
			return nil, ErrBadKeys
		}
	} else {
		identity, err := age.NewScryptIdentity(l.Passphrase)
		if err != nil {
			return nil, ErrWrongLock
		}
		identities = append(identities, identity)
	}
	in := bufio.NewReader(io.LimitReader(sealed, maxSeal))
	var source io.Reader = in
	if start, err := in.Peek(len("age-")); err == nil && string(start) != "age-" {
		source = armor.NewReader(in)
	}
	plain, err := age.Decrypt(source, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none), errors.Is(err, age.ErrIncorrectIdentity):
		return nil, ErrWrongLock
	case err != nil:
		return nil, ErrNotSealed
	}
	secret, err := io.ReadAll(plain)
	if err != nil {
		return nil, ErrDamagedSeal
	}
	return secret, nil
}
