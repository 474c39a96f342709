package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"inbeeld/pipeline/secret"
)

// authority makes certificates for 127.0.0.1, one of them expired.
type authority struct {
	file            string // its own, as PEM
	valid, outdated tls.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	certify := func(of *x509.Certificate) tls.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, of, root, private.Public(), private)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
	}
	leaf := func(until time.Time) tls.Certificate {
		return certify(&x509.Certificate{
			SerialNumber: big.NewInt(2), NotBefore: now.Add(-48 * time.Hour), NotAfter: until,
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})
	}
	a := authority{file: filepath.Join(t.TempDir(), "ca.pem"), valid: leaf(now.Add(time.Hour)), outdated: leaf(now.Add(-24 * time.Hour))}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certify(root).Certificate[0]})
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// A mailServer is a real one in this process. Its faults are by address.
type mailServer struct {
	mu       sync.Mutex
	codes    map[string]int // the answer to RCPT; 250 without
	hang     chan struct{}  // DATA waits for it; nil is not
	password string         // "" asks for none
	got      []letter
	port     int
}

type letter struct{ to, id, data string }

func (s *mailServer) answer(address string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes == nil {
		s.codes = map[string]int{}
	}
	s.codes[address] = code
}

func (s *mailServer) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// serve starts it, on STARTTLS or with TLS from the first byte.
func (s *mailServer) serve(t *testing.T, certificate tls.Certificate, implicit bool) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: s}, nil }))
	server.Domain = "127.0.0.1"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.ErrorLog = silent{}
	if implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type mailSession struct {
	server   *mailServer
	to       string
	believed bool
}

func (m *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (m *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "inbeeld" || password != m.server.password {
			return errors.New("wrong password")
		}
		m.believed = true
		return nil
	}), nil
}

func (m *mailSession) Mail(string, *smtp.MailOptions) error {
	if m.server.password != "" && !m.believed {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (m *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	if code := m.server.codes[to]; code != 0 {
		return &smtp.SMTPError{Code: code, Message: "no"}
	}
	m.to = to
	return nil
}

var messageID = regexp.MustCompile(`(?m)^Message-I[Dd]: <(.*)@`)

func (m *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if m.server.hang != nil {
		<-m.server.hang
	}
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	id := ""
	if found := messageID.FindSubmatch(text); found != nil {
		id = string(found[1])
	}
	m.server.got = append(m.server.got, letter{m.to, id, string(text)})
	return nil
}

func (m *mailSession) Reset() {}

func (m *mailSession) Logout() error { return nil }

// A postServer takes what webhooks and Teams are sent, over HTTPS.
type postServer struct {
	mu      sync.Mutex
	answers []int // one for each request; 200 when they are used up
	slow    bool  // it never answers
	got     []posted
	url     string
}

// secrets reads the address of the server from the environment, and the secret "geheim".
func (s *postServer) secrets() secret.Reader {
	return secret.Reader{At: "inbeeld.yaml", Env: func(name string) string { return map[string]string{"ADDRESS": s.url, "SECRET": "geheim"}[name] }}
}

type posted struct {
	header http.Header
	body   []byte
	status int
}

func (s *postServer) serve(t *testing.T, certificate tls.Certificate) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if s.slow {
			<-r.Context().Done()
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		status := http.StatusOK
		if len(s.answers) > 0 {
			status, s.answers = s.answers[0], s.answers[1:]
		}
		s.got = append(s.got, posted{r.Header.Clone(), body, status})
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(status)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
}

func (s *postServer) taken() []posted {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ok []posted
	for _, p := range s.got {
		if p.status < 300 {
			ok = append(ok, p)
		}
	}
	return ok
}

func openPost(t *testing.T, ca authority, fault string, endpoint func(url string) Endpoint) (Channel, func() []string) {
	t.Helper()
	server := &postServer{}
	certificate := ca.valid
	switch fault {
	case "temporary":
		server.answers = []int{http.StatusServiceUnavailable}
	case "permanent":
		server.answers = []int{http.StatusNotFound}
	case "slow":
		server.slow = true
	case "expired":
		certificate = ca.outdated
	}
	if fault == "dead" {
		server.url = fmt.Sprintf("https://127.0.0.1:%d", deadPort(t))
	} else {
		server.serve(t, certificate)
	}
	channel, err := endpoint(server.url).open(server.secrets())
	if err != nil {
		t.Fatal(err)
	}
	return channel, func() []string {
		var ids []string
		for _, p := range server.taken() {
			id := p.header.Get("Idempotency-Key")
			ids = append(ids, strings.TrimSuffix(id, "-0"))
		}
		return ids
	}
}

// deadPort is one that nobody listens on.
func deadPort(t *testing.T) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it never spoke to anybody
	return listener.Addr().(*net.TCPAddr).Port
}
