package pseudonym

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"inbeeld/pipeline/durable"
)

// A Key makes pseudonyms. It is a chain of secrets: the first makes a pseudonym of a BSN, each later one,
// added by a rotation, makes a pseudonym of the pseudonym before it. A Key is never printed.
type Key struct {
	fingerprint string
	origin      string // fingerprint of the first secret alone
	secrets     [][]byte
	macs        sync.Pool // of []hash.Hash, one for each secret
}

// NewKey returns the key with these secrets, oldest first. Each must have at least 16 bytes.
func NewKey(secrets ...[]byte) (*Key, error) {
	k := &Key{}
	for _, secret := range secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("each secret of a pseudonym key must have at least %d bytes (%d hexadecimal digits)", minSecret, 2*minSecret)
		}
		k.secrets = append(k.secrets, append([]byte(nil), secret...))
	}
	if len(k.secrets) == 0 {
		return nil, errors.New("a pseudonym key must have at least one secret")
	}
	k.origin = fingerprintOf(append([]byte("inbeeld pseudonym key\x00"), k.secrets[0]...))
	k.fingerprint = k.origin
	if len(k.secrets) > 1 {
		text := []byte("inbeeld pseudonym keys")
		for _, secret := range k.secrets {
			text = append(binary.BigEndian.AppendUint64(text, uint64(len(secret))), secret...)
		}
		k.fingerprint = fingerprintOf(text)
	}
	k.macs.New = func() any {
		macs := make([]hash.Hash, len(k.secrets))
		for i, secret := range k.secrets {
			macs[i] = hmac.New(sha256.New, secret)
		}
		return &macs
	}
	return k, nil
}

const (
	minSecret = 16 // bytes
	secretLen = 32 // bytes
)

func fingerprintOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Rotated returns the key with one more secret: 32 bytes read from random.
func (k *Key) Rotated(random io.Reader) (*Key, error) {
	secret := make([]byte, secretLen)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	return NewKey(append(slices.Clone(k.secrets), secret)...)
}

// Follow returns the pseudonym under the complete key for a pseudonym under the key without its last
// secret. It is meaningless for a key of one secret.
func (k *Key) Follow(pseudonym string) string {
	macs := k.macs.Get().(*[]hash.Hash)
	defer k.macs.Put(macs)
	var out [1 + 32]byte
	link((*macs)[len(*macs)-1], &out, []byte(pseudonym))
	return string(out[1:])
}

// Fingerprint identifies the key: 16 hexadecimal digits that do not reveal it.
func (k *Key) Fingerprint() string { return k.fingerprint }

// Origin returns the fingerprint of the key before its first rotation. Keys with the same origin give the
// same person corresponding pseudonyms.
func (k *Key) Origin() string { return k.origin }

// String keeps the key out of logs.
func (k *Key) String() string { return "key " + k.fingerprint }

// Pseudonym returns the pseudonym of a BSN.
func (k *Key) Pseudonym(digits [9]byte) string {
	var out [1 + 32]byte
	k.write(&out, digits)
	return string(out[1:])
}

// Judge returns the status of a text as a BSN, one character, followed by its pseudonym if it is one.
func (k *Key) Judge(text string) string {
	digits, status := Normalise(text)
	if !status.IsBSN() {
		return string(rune(status))
	}
	var out [1 + 32]byte
	k.write(&out, digits)
	out[0] = byte(status)
	return string(out[:])
}

// AppendJudge appends the replacement of a text in a column of BSNs: its status, followed by its pseudonym
// if it is a BSN, or else by its length in characters.
func (k *Key) AppendJudge(dst, text []byte) []byte {
	digits, status := Normalise(string(text))
	if !status.IsBSN() {
		return strconv.AppendInt(append(dst, byte(status)), int64(utf8.RuneCount(text)), 10)
	}
	var out [1 + 32]byte
	k.write(&out, digits)
	out[0] = byte(status)
	return append(dst, out[:]...)
}

func (k *Key) write(out *[1 + 32]byte, digits [9]byte) {
	macs := k.macs.Get().(*[]hash.Hash)
	defer k.macs.Put(macs)
	link((*macs)[0], out, digits[:])
	for _, mac := range (*macs)[1:] {
		before := [32]byte(out[1:])
		link(mac, out, before[:])
	}
}

// link applies one secret of the chain.
func link(mac hash.Hash, out *[1 + 32]byte, in []byte) {
	mac.Reset()
	mac.Write(in)
	var sum [sha256.Size]byte
	hex.Encode(out[1:], mac.Sum(sum[:0])[:16])
}

// ReadKey reads a key file: one secret per line, oldest first, in hexadecimal digits. It ignores white
// space and refuses a file that other users may read. A missing file is fs.ErrNotExist.
func ReadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read the pseudonym key: %s is readable by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %w", err)
	}
	k, err := ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %s: %w", path, err)
	}
	return k, nil
}

// ParseKey reads the text of a key file.
func ParseKey(text []byte) (*Key, error) {
	var secrets [][]byte
	for _, line := range strings.Fields(string(text)) {
		secret, err := hex.DecodeString(line)
		if err != nil {
			return nil, errors.New("a line has characters other than hexadecimal digits") // err would quote some
		}
		secrets = append(secrets, secret)
	}
	return NewKey(secrets...)
}

// Write writes the key to a file that only its owner may read, replacing any file there.
func (k *Key) Write(path string) error {
	if err := durable.WriteFile(path, k.Text(), 0o600); err != nil {
		return fmt.Errorf("write the pseudonym key: %w", err)
	}
	return nil
}

// Text returns the content of a key file, for nothing else.
func (k *Key) Text() []byte {
	var text []byte
	for _, secret := range k.secrets {
		text = append(hex.AppendEncode(text, secret), '\n')
	}
	return text
}

// CreateKey writes a new random key to path with mode 0600. It never replaces a file.
func CreateKey(path string) (*Key, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create the pseudonym key: %s already exists", path)
	}
	k, err := (&Key{}).Rotated(rand.Reader)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("create the pseudonym key: %w", err)
	}
	return k, k.Write(path)
}
