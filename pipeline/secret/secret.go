package secret

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var reference = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$`)

// Valid reports whether ref has the form of a reference.
func Valid(ref string) bool { return reference.MatchString(ref) }

// Beside returns ref with the absolute path of its file, if dir, the folder of the naming file, has that
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
	// Env looks up an environment variable; nil is an empty environment.
	Env func(name string) string
}

// Read returns the secret that key refers to, without the line break at its end. It returns "" only for
// an empty reference: an empty secret is an error. Errors have the key and the reference, never the
// secret.
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
			return "", r.readError(key, ref, err)
		}
		text, hint = string(data), "write the secret to that file"
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", r.Fault(key, "%s is empty; %s", ref, hint)
	}
	return text, nil
}

// Path returns the path of the file of a reference.
func (r Reader) Path(ref string) string {
	name := filepath.FromSlash(strings.TrimPrefix(ref, "file:"))
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.Data, name)
}

func (r Reader) readError(key, ref string, err error) error {
	hint := "let the user that runs inbeeld read it"
	if errors.Is(err, fs.ErrNotExist) {
		hint = "create it, or correct the path"
		if name := strings.TrimPrefix(ref, "file:"); !filepath.IsAbs(name) {
			hint = "create it there or next to the file that refers to it, or correct the path"
		}
	}
	return r.Fault(key, "%w; %s", err, hint)
}

// Fault returns an error about the value of key.
func (r Reader) Fault(key, format string, args ...any) error {
	return fmt.Errorf(r.At+"."+key+": "+format, args...)
}

// TLS returns the configuration of a client, for TLS 1.2 and later. The keys ca, certificate and key of
// the mapping refer to PEM. With a ca, only that authority may sign the certificate of the server. With a
// certificate and its key, the client presents that certificate.
func (r Reader) TLS(ca, certificate, key string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		text, err := r.Read("ca", ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(text)) {
			return nil, r.Fault("ca", "%s contains no certificate; write it as PEM", ca)
		}
	}
	if certificate == "" {
		return c, nil
	}
	public, err := r.Read("certificate", certificate)
	if err != nil {
		return nil, err
	}
	private, err := r.Read("key", key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(public), []byte(private))
	if err != nil {
		return nil, r.Fault("certificate", "%s and %s are not a certificate and its key: %w", certificate, key, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}
