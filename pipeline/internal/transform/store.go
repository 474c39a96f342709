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

// A ResultStore holds the results of one query, in stand/<query>/. A result on one peildatum is
//
//	<fingerprint>.<checksum>.parquet
//
// and a yearly bundle is two files, the second listing the fingerprints in the first:
//
//	<year>-<fingerprint>.<checksum>.parquet
//	<year>-<fingerprint>.json
//
// The checksum covers the bytes of the file. Column peildatumColumn says which result a row belongs to.
type ResultStore struct {
	Dir     string
	Results map[string]string   // by fingerprint
	Bundles map[string]string   // by "<year>-<fingerprint>"
	inside  map[string]location // by fingerprint: results in bundles; filled at first use
	broken  []string            // bundles whose list is missing or damaged
}

const peildatumColumn = "__peildatum"

// A location is the file of a result and, inside a bundle, the peildatum of its rows.
type location struct {
	path      string
	peildatum string
}

// short is how many digits of a fingerprint or checksum file names have.
const short = 32

// OpenStore lists the results in a directory; a missing one is empty. It reads no files.
func OpenStore(dir string) (*ResultStore, error) {
	s := &ResultStore{Dir: dir, Results: map[string]string{}, Bundles: map[string]string{}}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".parquet")
		key, sum, found := strings.Cut(name, ".")
		switch path := filepath.Join(dir, e.Name()); {
		case !ok || !found || len(sum) != short:
		case len(key) == short:
			s.Results[key] = path
		case len(key) == 5+short:
			s.Bundles[key] = path
		}
	}
	return s, nil
}

// Find returns the location of a result by its fingerprint.
func (s *ResultStore) Find(digest string) (location, bool) {
	if path, ok := s.Results[digest[:short]]; ok {
		return location{path: path}, true
	}
	if s.inside == nil {
		s.inside = map[string]location{}
		for key, path := range s.Bundles {
			digests, err := ReadBundle(s.Dir, key)
			if err != nil {
				s.broken = append(s.broken, path)
				continue
			}
			for peildatum, d := range digests {
				s.inside[d] = location{path: path, peildatum: peildatum}
			}
		}
	}
	at, ok := s.inside[digest]
	return at, ok
}

func bundleKey(year, digest string) string { return year + "-" + digest[:short] }

func bundleListPath(dir, key string) string { return filepath.Join(dir, key+".json") }

// listOfBundle returns the path of the list beside a bundle.
func listOfBundle(path string) string {
	key, _, _ := strings.Cut(filepath.Base(path), ".")
	return bundleListPath(filepath.Dir(path), key)
}

// A bundleContent is the list beside a bundle. Sum covers the key of the bundle and the fingerprints.
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

// ReadBundle returns the fingerprints in a bundle by peildatum. A list with another sum is a
// DamagedError.
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

// put moves a finished file into the store under a name and its checksum.
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

// A DamagedError reports a stored result whose bytes changed since it was written.
type DamagedError struct{ Path string }

func (e *DamagedError) Error() string { return "stored result " + e.Path + " is damaged" }

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

// sweep removes all files but those in use.
func (s *ResultStore) sweep(inUse map[string]bool) error {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path := filepath.Join(s.Dir, e.Name()); !inUse[path] {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}
