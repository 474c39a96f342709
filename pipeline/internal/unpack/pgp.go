package unpack

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
)

const pgpArmor = "-----BEGIN PGP "

// isPGP reports whether a file is encrypted with OpenPGP, judged by its first bytes: armour, or a packet
// with the session key of the message. It also goes by the extension, so that a file that is not
// encrypted after all is refused with a reason.
func isPGP(head []byte, name string) bool {
	ext := strings.ToLower(path.Ext(name))
	if ext == ".pgp" || ext == ".gpg" || bytes.HasPrefix(bytes.TrimSpace(head), []byte(pgpArmor+"MESSAGE-----")) {
		return true
	}
	tag, body := packetOf(head)
	const (
		forKey      = 1
		forPassword = 3
	)
	switch {
	case tag == forKey && len(body) > 9:
		// version 3: key ID and algorithm; version 6: length, key version and fingerprint
		return body[0] == 3 && body[9] >= 1 && body[9] <= 30 || body[0] == 6 && body[1] <= 33 && body[2] >= 4 && body[2] <= 6
	case tag == forPassword && len(body) > 1:
		return body[0] >= 4 && body[0] <= 6 && body[1] >= 1 && body[1] <= 13
	}
	return false
}

// packetOf parses the header of an OpenPGP packet. It returns the tag and the start of the body, or 0 if
// head is not a packet.
func packetOf(head []byte) (tag byte, body []byte) {
	if len(head) < 6 || head[0]&0x80 == 0 {
		return 0, nil
	}
	lengthBytes := 0 // bytes of the length field
	if head[0]&0x40 != 0 {
		tag = head[0] & 0x3F
		switch first := head[1]; {
		case first < 192:
			lengthBytes = 1
		case first < 224:
			lengthBytes = 2
		case first == 255:
			lengthBytes = 5
		}
	} else {
		tag = head[0] >> 2 & 0x0F
		lengthBytes = []int{1, 2, 4, 0}[head[0]&3]
	}
	if lengthBytes == 0 || lengthBytes == 4 && binary.BigEndian.Uint32(head[1:]) > 1<<16 {
		return 0, nil
	}
	return tag, head[1+lengthBytes:]
}

var errPassword = errors.New("the message or the key needs a password")

// decryptPGP writes the content of a message. It ignores signatures, since there is no list of trusted
// keys, and refuses a message without integrity protection.
func (e Envelope) decryptPGP(dst io.Writer, secret func() (io.ReadCloser, error)) error {
	keys, err := pgpKeys(secret)
	if err != nil {
		return err
	}
	file := e.reader()
	if first, err := file.Peek(1); err == nil && first[0] < 0x80 && !armoured(file) {
		return &RefusedError{Reason: "het bestand heet alsof het met PGP is versleuteld, maar dat is het niet; versleutel het met de publieke sleutel van de regio"}
	}
	in, err := unarmored(file)
	if err != nil {
		return damaged("versleutelde bestand", err)
	}
	password := false
	msg, err := openpgp.ReadMessage(in, keys, func(_ []openpgp.Key, symmetric bool) ([]byte, error) {
		password = symmetric
		return nil, errPassword
	}, nil)
	var unsupported pgperrors.UnsupportedError
	switch {
	case errors.Is(err, errPassword) && password:
		return &RefusedError{Reason: "het bestand is met PGP versleuteld met een wachtwoord; gebruik de publieke sleutel van de regio"}
	case errors.Is(err, errPassword):
		return &RefusedError{Reason: "het bestand is versleuteld met PGP, en onze sleutel heeft een wachtwoord", Ours: true}
	case errors.Is(err, pgperrors.ErrKeyIncorrect):
		return wrongKey()
	case errors.As(err, &unsupported):
		return &RefusedError{Reason: "het bestand is met PGP versleuteld op een manier die te oud of onbekend is; versleutel het met een nieuwe versie", Err: err}
	case err != nil:
		return damaged("versleutelde bestand", err)
	case !msg.IsEncrypted:
		return &RefusedError{Reason: "het PGP-bestand is niet versleuteld; versleutel het met de publieke sleutel van de regio"}
	}
	return copyContent(dst, msg.UnverifiedBody, "versleutelde bestand")
}

// pgpKeys reads our private keys, armoured or not.
func pgpKeys(secret func() (io.ReadCloser, error)) (openpgp.EntityList, error) {
	file, err := openKey("PGP", secret)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	in, err := unarmored(bufio.NewReader(io.LimitReader(file, maxKeyFile)))
	if err != nil {
		return nil, unreadableKey("PGP", err)
	}
	keys, err := openpgp.ReadKeyRing(in)
	if err != nil {
		return nil, unreadableKey("PGP", err)
	}
	if !slices.ContainsFunc(keys, func(k *openpgp.Entity) bool { return k.PrivateKey != nil }) {
		return nil, unreadableKey("PGP", errors.New("the key file has no private key"))
	}
	return keys, nil
}

// armoured reports whether the next bytes are ASCII armour.
func armoured(in *bufio.Reader) bool {
	start, _ := in.Peek(len(pgpArmor) + 16) // a later read returns the error
	return bytes.HasPrefix(bytes.TrimSpace(start), []byte(pgpArmor))
}

// unarmored removes the ASCII armour, if any.
func unarmored(in *bufio.Reader) (io.Reader, error) {
	if !armoured(in) {
		return in, nil
	}
	block, err := armor.Decode(in)
	if err != nil {
		return nil, err
	}
	return block.Body, nil
}
