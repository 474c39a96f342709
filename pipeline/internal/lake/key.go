package lake

import (
	"cmp"
	"path/filepath"
)

// KeyPath is the key file of a data directory.
func KeyPath(data, file string) string {
	return cmp.Or(file, filepath.Join(data, "secrets", "pseudonym.key"))
}
