package lake

import (
	"cmp"
	"path/filepath"
)

// keyPath is the key file of a data directory.
func KeyPath(data, file string) string {
	return cmp.Or(file, filepath.Join(data, "secrets", "pseudonym.key"))
}
