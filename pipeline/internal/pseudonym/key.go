package pseudonym

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"inbeeld/pipeline/durable"
)

// A Key makes pseudonyms. It is never printed.
type Key struct {
	fingerprint string
	macs        sync.Pool
}

// NewKey makes a key of at least 16 secret bytes.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) < 16 {
		return nil, errors.New("a pseudonym key has at least 16 bytes (32 hexadecimal digits)")
	}
	sum := sha256.Sum256(append([]byte("inbeeld pseudonym key\x00"), secret...))
	k := &Key{fingerprint: hex.EncodeToString(sum[:8])}
	secret = append([]byte(nil), secret...)
	k.macs.New = func() any { return hmac.New(sha256.New, secret) }
	return k, nil
}

// Fingerprint names the key: 16 hexadecimal digits that do not lead back to it.
func (k *Key) Fingerprint() string { return k.fingerprint }

// String keeps the key out of logs.
func (k *Key) String() string { return "key " + k.fingerprint }

// Pseudonym is the pseudonym of nine digits.
func (k *Key) Pseudonym(digits [9]byte) string {
	var out [1 + 32]byte
	k.write(&out, digits)
	return string(out[1:])
}

// Judge gives, for SQL, the status of a text as a BSN (one character) and, when it is one, its
// pseudonym behind it.
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

// AppendJudge appends to dst what takes the place of a text in a column of BSNs: its status and, when
// it is one, its pseudonym, else its length in characters.
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
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(digits[:])
	var sum [sha256.Size]byte
	hex.Encode(out[1:], mac.Sum(sum[:0])[:16])
}

// ReadKey reads a key file: hexadecimal digits, white space around them ignored. It refuses a file
// that others may read. A missing file is fs.ErrNotExist.
func ReadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read the pseudonym key: %s may be read by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %s does not hold hexadecimal digits only", path)
	}
	k, err := NewKey(secret)
	if err != nil {
		return nil, fmt.Errorf("read the pseudonym key: %s: %w", path, err)
	}
	return k, nil
}

// CreateKey writes a new random key to path, mode 0600, and never replaces one.
func CreateKey(path string) (*Key, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create the pseudonym key: %s exists", path)
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("create the pseudonym key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the pseudonym key: %w", err)
	}
	if err := durable.WriteFile(path, []byte(hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("create the pseudonym key: %w", err)
	}
	return NewKey(secret)
}
