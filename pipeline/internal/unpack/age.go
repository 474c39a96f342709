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

const ageArmor = armor.Header

// maxKeyFile is the maximum number of bytes read from a key file.
const maxKeyFile = 1 << 20

// openKey opens the key named by the contract.
func openKey(kind string, secret func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	file, err := secret()
	if err != nil {
		return nil, unreadableKey(kind, err)
	}
	if file == nil {
		return nil, &RefusedError{Reason: fmt.Sprintf("het bestand is versleuteld met %s, maar het contract noemt geen sleutel", kind)}
	}
	return file, nil
}

func unreadableKey(kind string, err error) error {
	return &RefusedError{Reason: fmt.Sprintf("het bestand is versleuteld met %s, en onze sleutel is niet te lezen", kind), Ours: true, Err: err}
}

func wrongKey() error {
	return &RefusedError{Reason: "het bestand is niet versleuteld voor de sleutel in het contract; gebruik de publieke sleutel van de regio"}
}

func (e Envelope) decryptAge(dst io.Writer, secret func() (io.ReadCloser, error)) error {
	file, err := openKey("age", secret)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	identities, err := age.ParseIdentities(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return unreadableKey("age", nil) // the error may quote the key
	}
	plain, err := age.Decrypt(unarmoredAge(e.reader()), identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return wrongKey()
	case err != nil:
		return damaged("versleutelde bestand", err)
	}
	return copyContent(dst, plain, "versleutelde bestand")
}

// unarmoredAge removes the ASCII armour, if any.
func unarmoredAge(in *bufio.Reader) io.Reader {
	if start, err := in.Peek(len("age-")); err == nil && string(start) != "age-" {
		return armor.NewReader(in)
	}
	return in
}

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
		recipient, err := age.NewScryptRecipient(l.Passphrase)
		if err != nil || len(l.Passphrase) < MinPassphrase {
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
	plain, err := age.Decrypt(unarmoredAge(bufio.NewReader(io.LimitReader(sealed, maxSeal))), identities...)
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
