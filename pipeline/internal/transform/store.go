package transform

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/fingerprint"
)

// A shelf keeps the results of one query by content, in stand/<query>/. A result on one peildatum is
//
//	<fingerprint>.<checksum>.parquet
//
// and the results of a closed year together are one bundle, with the fingerprints in it beside it:
//
//	<year>-<fingerprint>.<checksum>.parquet
//	<year>-<fingerprint>.json
//
// The checksum is over the bytes of the file. Every row says in column peildatumColumn which result it
// belongs to.
type ResultStore struct {
	Dir     string
	Results map[string]string   // by fingerprint
	Bundles map[string]string   // by "<year>-<fingerprint>"
	inside  map[string]location // by fingerprint: results in bundles; read when first asked for
	broken  []string            // bundles whose list is missing or damaged
}

const peildatumColumn = "__peildatum"

// A kept result is a file, and in a bundle the peildatum of the rows that are meant.
type location struct {
	path      string
	peildatum string
}

// short is how much of a fingerprint names a file.
const short = 32

func OpenStore(dir string) (*ResultStore, error) {
	s := &ResultStore{Dir: dir, Results: map[string]string{}, Bundles: map[string]string{}}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".parquet")
		print, sum, whole := strings.Cut(name, ".")
		switch path := filepath.Join(dir, e.Name()); {
		case !ok || !whole || len(sum) != short:
		case len(print) == short:
			s.Results[print] = path
		case len(print) == 5+short:
			s.Bundles[print] = path
		}
	}
	return s, nil
}

// Find gives the place of a result.
func (s *ResultStore) Find(print string) (location, bool) {
	if path, ok := s.Results[print[:short]]; ok {
		return location{path: path}, true
	}
	if s.inside == nil {
		s.inside = map[string]location{}
		for key, path := range s.Bundles {
			prints, err := ReadBundle(s.Dir, key)
			if err != nil { // nothing can be found in it
				s.broken = append(s.broken, path)
				continue
			}
			for peildatum, print := range prints {
				s.inside[print] = location{path: path, peildatum: peildatum}
			}
		}
	}
	at, ok := s.inside[print]
	return at, ok
}

func bundleKey(year, print string) string { return year + "-" + print[:short] }

func bundleListPath(dir, key string) string { return filepath.Join(dir, key+".json") }

// bundleOf is the list beside a bundle.
func listOfBundle(path string) string {
	key, _, _ := strings.Cut(filepath.Base(path), ".")
	return bundleListPath(filepath.Dir(path), key)
}

// A bundleContent is the list beside a bundle. Sum is over its key and what it holds.
type bundleContent struct {
	Fingerprints map[string]string `json:"prints"` // by peildatum
	Sum          string            `json:"sum"`
}

func (c bundleContent) sum(key string) string {
	parts := []string{"bundle", key}
	for _, p := range slices.Sorted(maps.Keys(c.Fingerprints)) {
		parts = append(parts, p, c.Fingerprints[p])
	}
	return fingerprint.Of(parts...)
}

// ReadBundle gives the fingerprints in a bundle by peildatum.
func ReadBundle(dir, key string) (map[string]string, error) {
	list := bundleListPath(dir, key)
	text, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	var content bundleContent
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, err
	}
	if content.Sum != content.sum(key) {
		return nil, &DamagedError{Path: list}
	}
	return content.Fingerprints, nil
}

// put moves a finished file onto the shelf under a name, with its checksum.
func (s *ResultStore) put(tmp, name string) (string, error) {
	sum, err := checksum(tmp)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return "", err
	}
	if err := os.Chmod(tmp, 0o600); err != nil {
		return "", err
	}
	path := filepath.Join(s.Dir, name+"."+sum+".parquet")
	return path, os.Rename(tmp, path)
}

// A DamagedError is a kept result whose bytes are not those that were written.
type DamagedError struct{ Path string }

func (e *DamagedError) Error() string { return "kept result " + e.Path + " is damaged" }

// Verify compares a file with the checksum in its name.
func Verify(path string) error {
	sum, err := checksum(path)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(path, "."+sum+".parquet") {
		return &DamagedError{Path: path}
	}
	return nil
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil))[:short], nil
}

// sweep removes what is not to be kept.
func (s *ResultStore) sweep(keep map[string]bool) error {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path := filepath.Join(s.Dir, e.Name()); !keep[path] {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}
