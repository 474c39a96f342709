package unpack

import (
	"errors"
	"fmt"
	"io"

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
	in := e.reader()
	var plain io.Reader = in
	if start, err := in.Peek(len("age-")); err == nil && string(start) != "age-" {
		plain = armor.NewReader(in)
	}
	plain, err = age.Decrypt(plain, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return wrongKey()
	case err != nil:
		return damaged("versleutelde bestand", err)
	}
	return copyContent(dst, plain, "versleutelde bestand")
}
