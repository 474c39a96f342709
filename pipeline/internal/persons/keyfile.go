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

// A KeyView describes a pseudonym key without revealing it.
type KeyView struct {
	File string `json:"file"`
	Mode string `json:"mode"`
	// Fingerprint identifies the key. Chain lists its fingerprints, from the first to the present one.
	Fingerprint string   `json:"fingerprint"`
	Chain       []string `json:"chain"`
	// Changed is the modification time of the file, in UTC.
	Changed time.Time `json:"changed"`
	// Loads counts the deliveries that were loaded with a key, Other those with a key other than this one.
	Loads int `json:"loads"`
	Other int `json:"other"`
}

// ShowKey describes the key of a data directory.
func ShowKey(o datadir.Dir) (*KeyView, error) {
	b, err := readBook(o)
	if err != nil {
		return nil, err
	}
	key, info, err := readKeyFile(o)
	if err != nil {
		return nil, err
	}
	v := &KeyView{File: lake.KeyPath(o.Path, o.KeyFile), Mode: fmt.Sprintf("%04o", info.Mode().Perm()), Fingerprint: key.Fingerprint(), Changed: info.ModTime().UTC(), Loads: len(b.Loads)}
	lines := bytes.Fields(key.Text())
	for i := range lines {
		before, err := pseudonym.ParseKey(bytes.Join(lines[:i+1], []byte("\n")))
		if err != nil {
			return nil, err
		}
		v.Chain = append(v.Chain, before.Fingerprint())
	}
	for _, l := range b.Loads {
		if l.Key != key.Fingerprint() {
			v.Other++
		}
	}
	return v, nil
}

// readBook reads the deliveries of a data directory without a project.
func readBook(o datadir.Dir) (*intake.Book, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	b := &intake.Book{Dir: o}
	return b, b.ReadDeliveries()
}

func readKeyFile(o datadir.Dir) (*pseudonym.Key, fs.FileInfo, error) {
	file := lake.KeyPath(o.Path, o.KeyFile)
	key, err := pseudonym.ReadKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usage.Errorf("there is no key in %s; the first run makes one, or import one with: inbeeld key import", file)
	}
	if err != nil {
		return nil, nil, usage.Errorf("%v", err)
	}
	info, err := os.Stat(file)
	return key, info, err
}

// A KeyTransfer describes an export or import of a key.
type KeyTransfer struct {
	File   string
	Reason string
	// Keys is a file with age keys: public ones to encrypt, secret ones to decrypt. If it is "", Passphrase
	// asks for a passphrase once everything else is in order.
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
		return l, usage.Errorf("cannot read the age keys: %v", err)
	}
	if l.Keys = string(text); l.Keys == "" {
		return l, usage.Errorf("%s is empty; give age keys, one per line", t.Keys)
	}
	return l, nil
}

// ExportKey writes the key, encrypted with age, to a new file outside the data directory. It returns the
// fingerprint of the key.
func ExportKey(o datadir.Dir, t KeyTransfer) (fingerprint string, err error) {
	if err := datadir.CheckPurpose(t.Reason, o.Who); err != nil {
		return "", err
	}
	if err := datadir.CheckOutput(o.Path, t.File); err != nil {
		return "", err
	}
	if _, err := readBook(o); err != nil {
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
		return "", usage.Errorf("a key can only be exported encrypted: %v", err)
	case errors.Is(err, unpack.ErrBadKeys):
		return "", usage.Errorf("%s: %v; give public ones (age1…), one per line", t.Keys, err)
	case err != nil:
		return "", err
	}
	if err := datadir.Record(o, "key export "+key.Fingerprint(), t.Reason, nil); err != nil {
		return "", err
	}
	return key.Fingerprint(), datadir.WriteNew(t.File, sealed)
}

// ImportKey installs an exported key where there is none, and returns its fingerprint. The lake must be
// empty or made with this key.
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
	b, err := readBook(o)
	if err != nil {
		return "", err
	}
	key, err := t.read()
	if err != nil {
		return "", err
	}
	if err := checkFits(b, key); err != nil {
		return "", err
	}
	file := lake.KeyPath(o.Path, o.KeyFile)
	present, err := pseudonym.ReadKey(file)
	switch {
	case err == nil && present.Fingerprint() == key.Fingerprint():
		return key.Fingerprint(), nil
	case err == nil:
		return "", usage.Errorf("%s contains another key, %s; this one is %s. If nothing was made with that key, move the file away first", file, present.Fingerprint(), key.Fingerprint())
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
		return nil, usage.Errorf("cannot read the exported key: %v", err)
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
		return nil, usage.Errorf("%s does not contain a pseudonym key: %v; nothing was changed", t.File, err)
	}
	return key, nil
}

// checkFits returns an error if the lake was made with another key.
func checkFits(b *intake.Book, key *pseudonym.Key) error {
	for _, l := range b.Loads {
		if l.Key != key.Fingerprint() {
			return usage.Errorf("the lake was made with key %s, but this is key %s, which would give every person another pseudonym; import the first key", l.Key, key.Fingerprint())
		}
	}
	if len(b.Loads) > 0 {
		return nil
	}
	// Without load records, nothing says which key made the lake.
	if rows, err := fs.Glob(os.DirFS(b.Path), "lake/*/*"); err != nil || len(rows) > 0 {
		return usage.Errorf("the lake is not empty, but has no load records that say which key made it; restore landing and lake from one backup first")
	}
	return nil
}
