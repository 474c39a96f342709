package secret

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRead checks that a relative file is found next to the naming file first, then in the data directory,
// and that an error has the key, the reference and a remedy, and never the secret.
func TestRead(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "both"), "naast\r\n")
	write(t, filepath.Join(data, "both"), "data\n")
	write(t, filepath.Join(data, "secrets", "een"), " data \n")
	write(t, filepath.Join(data, "leeg"), "\n")
	if err := os.Mkdir(filepath.Join(data, "map"), 0o700); err != nil {
		t.Fatal(err)
	}
	absolute := write(t, filepath.Join(t.TempDir(), "absoluut"), "absoluut")
	r := Reader{At: "sources/sonar.yaml: from", Data: data, Env: func(name string) string { return map[string]string{"ER": "omgeving"}[name] }}
	const at = "sources/sonar.yaml: from.token: "
	for ref, want := range map[string]string{
		"":                 "",
		"env:ER":           "omgeving",
		"file:both":        "naast",
		"file:secrets/een": " data ",
		"file:" + absolute: "absoluut",
		"env:NIET":         at + "env:NIET is empty; set it for the user that runs inbeeld",
		"file:leeg":        at + "file:leeg is empty; write the secret to that file",
		"file:niets":       at + "open " + filepath.Join(data, "niets") + ": no such file or directory; create it there or next to the file that refers to it, or correct the path",
		"file:/niets/hier": at + "open /niets/hier: no such file or directory; create it, or correct the path",
		"file:map":         at + "read " + filepath.Join(data, "map") + ": is a directory; let the user that runs inbeeld read it",
	} {
		got, err := r.Read("token", Beside(dir, ref))
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, not %q", ref, got, want)
		}
	}
	if _, err := (Reader{At: "x"}).Read("k", "env:ER"); err == nil {
		t.Error("without an environment there is a variable")
	}
}

func TestValid(t *testing.T) {
	for ref, want := range map[string]bool{
		"env:NAME": true, "file:a b": true, "file:/x": true,
		"": false, "geheim": false, "env:": false, "env:1X": false, "env:A B": false, "file:": false, "File:x": false, " env:A": false,
	} {
		if Valid(ref) != want {
			t.Errorf("%q: %t", ref, !want)
		}
	}
}

// TestTLS checks that a ca replaces the authorities of the system, and that a certificate needs its key.
func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	data := t.TempDir()
	write(t, filepath.Join(data, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, filepath.Join(data, "geen.pem"), "geen")
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(data, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	r := Reader{At: "inbeeld.yaml: alerts.smtp", Data: data}
	only := x509.NewCertPool()
	only.AddCert(server.Certificate())
	for _, ref := range []string{"file:ca.pem", "ca.pem", filepath.Join(data, "ca.pem")} {
		if c, err := r.TLS(Beside("/niets", ref), "", ""); err != nil || !c.RootCAs.Equal(only) || len(c.Certificates) > 0 {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if c, err := r.TLS("", "", ""); err != nil || c.RootCAs != nil {
		t.Errorf("without ca: %v", err)
	}
	if c, err := r.TLS("", "file:ca.pem", "file:key.pem"); err != nil || len(c.Certificates) != 1 {
		t.Errorf("with a certificate: %v", err)
	}
	for _, c := range []struct{ ca, certificate, key, want string }{
		{"geen.pem", "", "", "inbeeld.yaml: alerts.smtp.ca: geen.pem contains no certificate; write it as PEM"},
		{"file:niets", "", "", "inbeeld.yaml: alerts.smtp.ca: open "},
		{"", "file:ca.pem", "file:niets", "inbeeld.yaml: alerts.smtp.key: open "},
		{"", "file:ca.pem", "file:geen.pem", "inbeeld.yaml: alerts.smtp.certificate: file:ca.pem and file:geen.pem are not a certificate and its key: "},
	} {
		if _, err := r.TLS(c.ca, c.certificate, c.key); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
