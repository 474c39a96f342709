package persons

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/unpack"
	"inbeeld/pipeline/internal/usage"
)

// A KeyView is what may be told of a pseudonym key.
type KeyView struct {
	File string `json:"file"`
	Mode string `json:"mode"`
	// Fingerprint names the key; Chain what it was named before each rotation, the oldest first, itself last.
	Fingerprint string   `json:"fingerprint"`
	Chain       []string `json:"chain"`
	// Changed is when the file was written last: made, rotated, imported or put back.
	Changed time.Time `json:"changed"`
	// Loads is how many deliveries were loaded with a key, Other those with another one than this.
	Loads int `json:"loads"`
	Other int `json:"other"`
}

// ShowKey tells about the key of a data directory, and never the key.
func ShowKey(o datadir.Dir) (*KeyView, error) {
	r, err := deliveriesOf(o)
	if err != nil {
		return nil, err
	}
	key, info, err := readKeyFile(o)
	if err != nil {
		return nil, err
	}
	v := &KeyView{File: lake.KeyPath(o.Path, o.KeyFile), Mode: fmt.Sprintf("%04o", info.Mode().Perm()), Fingerprint: key.Fingerprint(), Changed: info.ModTime().UTC(), Loads: len(r.Loads)}
	lines := bytes.Fields(key.Text())
	for i := range lines {
		before, err := pseudonym.ParseKey(bytes.Join(lines[:i+1], []byte("\n")))
		if err != nil {
			return nil, err
		}
		v.Chain = append(v.Chain, before.Fingerprint())
	}
	for _, l := range r.Loads {
		if l.Key != key.Fingerprint() {
			v.Other++
		}
	}
	return v, nil
}

// deliveriesOf reads what has landed in a data directory, whatever the project.
func deliveriesOf(o datadir.Dir) (*intake.Book, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	r := &intake.Book{Dir: o}
	return r, r.ReadDeliveries()
}

func readKeyFile(o datadir.Dir) (*pseudonym.Key, fs.FileInfo, error) {
	file := lake.KeyPath(o.Path, o.KeyFile)
	key, err := pseudonym.ReadKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usage.Errorf("there is no key in %s; the first run makes one, or bring one in with: inbeeld key import", file)
	}
	if err != nil {
		return nil, nil, usage.Errorf("%v", err)
	}
	info, err := os.Stat(file)
	return key, info, err
}

// A KeyTransfer says how a key leaves or comes in, and why.
type KeyTransfer struct {
	File   string
	Reason string
	// Keys is a file with public keys of age to encrypt for, or with secret ones that decrypt; "" is a
	// passphrase, for which Passphrase asks when all else is in order.
	Keys       string
	Passphrase func() (string, error)
}

func (t KeyTransfer) lock() (l unpack.Lock, err error) {
	if t.Keys == "" {
		l.Passphrase, err = t.Passphrase()
		return l, err
	}
	text, err := os.ReadFile(t.Keys)
	if err != nil {
		return l, usage.Errorf("the keys of age cannot be read: %v", err)
	}
	if l.Keys = string(text); l.Keys == "" {
		return l, usage.Errorf("%s is empty; it takes keys of age, one a line", t.Keys)
	}
	return l, nil
}

// ExportKey writes the key, encrypted with age, to a new file outside the data directory, and gives its
// fingerprint.
func ExportKey(o datadir.Dir, t KeyTransfer) (fingerprint string, err error) {
	if err := datadir.CheckPurpose(t.Reason, o.Who); err != nil {
		return "", err
	}
	if err := datadir.CheckOut(o.Path, t.File); err != nil {
		return "", err
	}
	if _, err := deliveriesOf(o); err != nil {
		return "", err
	}
	key, _, err := readKeyFile(o)
	if err != nil {
		return "", err
	}
	lock, err := t.lock()
	if err != nil {
		return "", err
	}
	sealed, err := unpack.Seal(key.Text(), lock)
	switch {
	case errors.Is(err, unpack.ErrShortPassphrase):
		return "", usage.Errorf("a key is exported encrypted only: %v", err)
	case errors.Is(err, unpack.ErrBadKeys):
		return "", usage.Errorf("%s: %v; give public ones (age1…), one per line", t.Keys, err)
	case err != nil:
		return "", err
	}
	if err := datadir.Record(o, "key export "+key.Fingerprint(), t.Reason, nil); err != nil {
		return "", err
	}
	return key.Fingerprint(), datadir.HandOver(t.File, sealed)
}

// ImportKey puts an exported key in its place, where none is yet, and gives its fingerprint. The lake is
// empty, or was made with it.
func ImportKey(o datadir.Dir, t KeyTransfer) (fingerprint string, err error) {
	if err := datadir.CheckPurpose(t.Reason, o.Who); err != nil {
		return "", err
	}
	if err := datadir.Check(o.Path); err != nil {
		return "", err
	}
	release, err := datadir.Lock(o, "inbeeld key import")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	r, err := deliveriesOf(o)
	if err != nil {
		return "", err
	}
	key, err := t.read()
	if err != nil {
		return "", err
	}
	if err := fits(r, key); err != nil {
		return "", err
	}
	file := lake.KeyPath(o.Path, o.KeyFile)
	there, err := pseudonym.ReadKey(file)
	switch {
	case err == nil && there.Fingerprint() == key.Fingerprint():
		return key.Fingerprint(), nil
	case err == nil:
		return "", usage.Errorf("%s holds another key, %s; this one is %s. Move that file away first, if nothing was made with it", file, there.Fingerprint(), key.Fingerprint())
	case !errors.Is(err, fs.ErrNotExist):
		return "", usage.Errorf("%v", err)
	}
	if err := datadir.Record(o, "key import "+key.Fingerprint(), t.Reason, nil); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("import the key: %w", err)
	}
	return key.Fingerprint(), key.Write(file)
}

// read decrypts an exported key.
func (t KeyTransfer) read() (*pseudonym.Key, error) {
	f, err := os.Open(t.File)
	if err != nil {
		return nil, usage.Errorf("the exported key cannot be read: %v", err)
	}
	defer func() { _ = f.Close() }()
	lock, err := t.lock()
	if err != nil {
		return nil, err
	}
	text, err := unpack.Unseal(f, lock)
	if errors.Is(err, unpack.ErrBadKeys) {
		return nil, usage.Errorf("%s: %v; give secret ones (AGE-SECRET-KEY-1…), one per line", t.Keys, err)
	}
	if err != nil {
		return nil, usage.Errorf("%s: %v; nothing was changed", t.File, err)
	}
	key, err := pseudonym.ParseKey(text)
	if err != nil {
		return nil, usage.Errorf("%s holds no pseudonym key: %v; nothing was changed", t.File, err)
	}
	return key, nil
}

// fits refuses a key that did not make the lake.
func fits(r *intake.Book, key *pseudonym.Key) error {
	for _, l := range r.Loads {
		if l.Key != key.Fingerprint() {
			return usage.Errorf("the lake was made with key %s, and this is key %s: with it every person would be another one; import that key", l.Key, key.Fingerprint())
		}
	}
	if len(r.Loads) > 0 {
		return nil
	}
	// Without what was counted, the lake does not say which key made it.
	if rows, err := fs.Glob(os.DirFS(r.Path), "lake/*/*"); err != nil || len(rows) > 0 {
		return usage.Errorf("the lake is not empty, and does not say which key made it; restore landing and lake from one backup first")
	}
	return nil
}
