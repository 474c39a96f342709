package dashboard

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// Access says where the dashboard listens and who may see it.
type Access struct {
	// Listen is host:port.
	Listen string
	// Users may see it; nil means everybody on this machine.
	Users *Users
	// TLS reports whether the listener uses TLS.
	TLS bool
}

// Check returns an error if other machines can reach the dashboard without TLS or without a password.
func (a Access) Check() error {
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return fmt.Errorf("listen on %q: %w; write it as 127.0.0.1:8080", a.Listen, err)
	}
	if isLoopback(host) || a.TLS && a.Users != nil {
		return nil
	}
	return fmt.Errorf("listen on %s: beyond this machine the dashboard needs both TLS (serve: tls_cert and tls_key) and users (serve: users)", a.Listen)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Users maps names to bcrypt hashes of passwords.
type Users struct {
	hashes map[string][]byte
	dummy  []byte     // compared for unknown names, so that they take equally long
	mu     sync.Mutex // one comparison at a time: guessing must not take all processors
}

// ParseUsers reads lines name:hash, as htpasswd -B writes them.
func ParseUsers(path string, text []byte) (*Users, error) {
	dummy, err := bcrypt.GenerateFromPassword([]byte("nobody has this password"), bcrypt.DefaultCost)
	if err != nil {
		return nil, err
	}
	u := &Users{hashes: map[string][]byte{}, dummy: dummy}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, hash, _ := strings.Cut(line, ":")
		if _, err := bcrypt.Cost([]byte(hash)); name == "" || err != nil {
			return nil, fmt.Errorf("%s:%d: not a name and a bcrypt hash; write it with: htpasswd -nB NAME", path, i+1)
		}
		u.hashes[name] = []byte(hash)
	}
	if len(u.hashes) == 0 {
		return nil, fmt.Errorf("%s has no users; add a line with: htpasswd -nB NAME", path)
	}
	return u, nil
}

func (u *Users) admit(r *http.Request) bool {
	name, password, ok := r.BasicAuth()
	if !ok {
		return false
	}
	hash, known := u.hashes[name]
	if !known {
		hash = u.dummy
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	err := bcrypt.CompareHashAndPassword(hash, []byte(password))
	return known && err == nil
}

// guard sets the security headers of every page, and admits only those with access.
func (a Access) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if a.TLS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		case a.Users == nil && !isLocalHost(r.Host):
			// Another site can make its own name resolve to this machine (DNS rebinding); Host shows it.
			http.Error(w, "this address is not served here; use http://"+a.Listen, http.StatusMisdirectedRequest)
		case a.Users != nil && !a.Users.admit(r):
			h.Set("WWW-Authenticate", `Basic realm="inbeeld", charset="UTF-8"`)
			http.Error(w, "log in with a name and a password", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isLocalHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	var address *net.AddrError
	if errors.As(err, &address) {
		name = strings.Trim(host, "[]")
	}
	return isLoopback(name)
}
