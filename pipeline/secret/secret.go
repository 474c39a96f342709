// Package secret reads the secrets that contracts and inbeeld.yaml refer to, and the certificates for
// TLS beside them. No project file holds a secret itself.
//
// Words: a reference says where a secret is: env:NAME is a variable of the environment, file:PATH a
// file. Certificates are no secret; a bare PATH refers to them too. The naming file is the contract or
// inbeeld.yaml that holds the reference. A relative PATH is a file in the folder of the naming file, or
// else in the data directory; a naming file that is embedded in the program has no folder.
package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var form = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$`)

// Valid reports whether ref has the form of a reference.
func Valid(ref string) bool { return form.MatchString(ref) }

// Beside returns ref with the full path of its file, if that file exists in dir, the folder of the naming
// file. It returns any other reference unchanged.
func Beside(dir, ref string) string {
	name := strings.TrimPrefix(ref, "file:")
	if ref == "" || strings.HasPrefix(ref, "env:") || filepath.IsAbs(name) {
		return ref
	}
	path, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return ref
	}
	if _, err := os.Stat(path); err != nil {
		return ref
	}
	return "file:" + path
}

// A Reader reads the secrets of one mapping in a naming file.
type Reader struct {
	// At is the mapping, for errors: "sources/sonar.yaml: from".
	At string
	// Data is the data directory.
	Data string
	// Env looks up a variable of the environment; nil is an empty environment.
	Env func(name string) string
}

// Read returns the secret that key refers to, without the line break at its end. It returns "" for an
// empty reference only: a secret that is empty is an error. Errors name the key and the reference, and
// never repeat the secret.
func (r Reader) Read(key, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	var text, hint string
	if name, ok := strings.CutPrefix(ref, "env:"); ok {
		if r.Env != nil {
			text = r.Env(name)
		}
		hint = "set it for the user that runs inbeeld"
	} else {
		data, err := os.ReadFile(r.Path(ref))
		if err != nil {
			return "", r.unread(key, ref, err)
		}
		text, hint = string(data), "write the secret to that file"
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", r.Fault(key, "%s is empty; %s", ref, hint)
	}
	return text, nil
}

// Path returns the path of a file that is referred to.
func (r Reader) Path(ref string) string {
	name := filepath.FromSlash(strings.TrimPrefix(ref, "file:"))
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.Data, name)
}

func (r Reader) unread(key, ref string, err error) error {
	hint := "let the user that runs inbeeld read it"
	if errors.Is(err, fs.ErrNotExist) {
		hint = "create it, or correct the path"
		if name := strings.TrimPrefix(ref, "file:"); !filepath.IsAbs(name) {
			hint = "create it there or beside the file that names it, or correct the path"
		}
	}
	return r.Fault(key, "%w; %s", err, hint)
}

// Fault returns an error about the value of key.
func (r Reader) Fault(key, format string, args ...any) error {
	return fmt.Errorf(r.At+"."+key+": "+format, args...)
}
