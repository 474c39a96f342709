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

// A Key makes pseudonyms. It is a chain of secrets, one for each time that it was made or rotated: the
// first makes a pseudonym of a BSN, each next one makes another of the pseudonym before it. So what is
// kept can follow a rotation without any BSN. It is never printed.
type Key struct {
	fingerprint string
	origin      string // fingerprint of the first secret alone
	secrets     [][]byte
	macs        sync.Pool // of []hash.Hash, one for each secret
}

// NewKey makes a key of secrets, the oldest first, of at least 16 bytes each.
func NewKey(secrets ...[]byte) (*Key, error) {
	k := &Key{}
	for _, secret := range secrets {
		if len(secret) < leastSecret {
			return nil, fmt.Errorf("each secret of a pseudonym key has at least %d bytes (%d hexadecimal digits)", leastSecret, 2*leastSecret)
		}
		k.secrets = append(k.secrets, append([]byte(nil), secret...))
	}
	if len(k.secrets) == 0 {
		return nil, errors.New("a pseudonym key has at least one secret")
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
	leastSecret = 16 // bytes
	newSecret   = 32 // bytes
)

func fingerprintOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Rotated is the key with one more secret, made of 32 bytes by chance.
func (k *Key) Rotated(random io.Reader) (*Key, error) {
	secret := make([]byte, newSecret)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	return NewKey(append(slices.Clone(k.secrets), secret)...)
}

// Secrets is how many secrets the key is a chain of: one more than it was rotated.
func (k *Key) Secrets() int { return len(k.secrets) }

// Follow is the pseudonym, under the whole key, of a person who has this one under the key without its
// last secret. Of a key of one secret there is no such person.
func (k *Key) Follow(pseudonym string) string {
	macs := k.macs.Get().(*[]hash.Hash)
	defer k.macs.Put(macs)
	var out [1 + 32]byte
	link((*macs)[len(*macs)-1], &out, []byte(pseudonym))
	return string(out[1:])
}

// Fingerprint names the key: 16 hexadecimal digits that do not lead back to it.
func (k *Key) Fingerprint() string { return k.fingerprint }

// Origin names the key as it was before it was ever rotated. Who is the same person under the one key is
// so under the other.
func (k *Key) Origin() string { return k.origin }

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
	macs := k.macs.Get().(*[]hash.Hash)
	defer k.macs.Put(macs)
	link((*macs)[0], out, digits[:])
	for _, mac := range (*macs)[1:] {
		before := [32]byte(out[1:])
		link(mac, out, before[:])
	}
}

// link is one step of a chain.
func link(mac hash.Hash, out *[1 + 32]byte, in []byte) {
	mac.Reset()
	mac.Write(in)
	var sum [sha256.Size]byte
	hex.Encode(out[1:], mac.Sum(sum[:0])[:16])
}

// ReadKey reads a key file: a secret on each line, the oldest first, in hexadecimal digits; white space
// around them is ignored. It refuses a file that others may read. A missing file is fs.ErrNotExist.
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
			return nil, errors.New("it does not hold hexadecimal digits only") // the error would tell some
		}
		secrets = append(secrets, secret)
	}
	return NewKey(secrets...)
}

// Write writes the key to a file that only its owner may read, in the place of what was there.
func (k *Key) Write(path string) error {
	if err := durable.WriteFile(path, k.Text(), 0o600); err != nil {
		return fmt.Errorf("write the pseudonym key: %w", err)
	}
	return nil
}

// Text is what a key file holds. It is for key files only.
func (k *Key) Text() []byte {
	var text []byte
	for _, secret := range k.secrets {
		text = append(hex.AppendEncode(text, secret), '\n')
	}
	return text
}

// CreateKey writes a new random key to path, mode 0600, and never replaces one.
func CreateKey(path string) (*Key, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create the pseudonym key: %s exists", path)
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
