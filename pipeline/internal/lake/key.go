package lake

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
)

// KeyPath returns the path of the pseudonym key: file, or by default one in the data directory.
func KeyPath(data, file string) string {
	return cmp.Or(file, filepath.Join(data, "secrets", "pseudonym.key"))
}

// OpenKey reads the pseudonym key of a data directory, or creates one if the lake is empty. It refuses a key
// that the lake was not made with.
func OpenKey(data, file string, loads map[string]*Load) (*pseudonym.Key, error) {
	file = KeyPath(data, file)
	key, err := pseudonym.ReadKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		for _, l := range loads {
			return nil, usage.Errorf("the pseudonym key %s is missing, and the lake was made with key %s; put that key back", file, l.Key)
		}
		// Without load records it is unknown which key the lake was made with.
		if rows, err := fs.Glob(os.DirFS(data), "lake/*/*"); err != nil || len(rows) > 0 {
			return nil, usage.Errorf("the pseudonym key %s is missing, and the lake is not empty; put back the key that it was made with", file)
		}
		return pseudonym.CreateKey(file)
	}
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	for _, l := range loads {
		if l.Key != key.Fingerprint() {
			return nil, usage.Errorf("the key %s in %s is not the key %s that made the lake (%s/%s); put that key back", key.Fingerprint(), file, l.Key, l.Source, l.Delivery)
		}
	}
	return key, nil
}
