package sources

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secret gives what a contract keeps elsewhere, without the line break at its end: env:NAME from the
// environment, file:PATH from a file, relative to the data directory. Nothing gives "".
func (o Options) secret(ref string) (string, error) {
	kind, name, _ := strings.Cut(ref, ":")
	var text string
	switch kind {
	case "":
		return "", nil
	case "env":
		if o.Env != nil {
			text = o.Env(name)
		}
	case "file":
		data, err := os.ReadFile(o.path(name))
		if err != nil {
			return "", fmt.Errorf("read a secret: %w", err)
		}
		text = string(data)
	}
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty; a secret must be there", ref)
	}
	return text, nil
}

// path is where a file named in a contract is.
func (o Options) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(o.DataDir, filepath.FromSlash(name))
}
