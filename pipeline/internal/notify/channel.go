package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// Mail is the channel of mail addresses.
const Mail = "mail"

// A Channel brings messages to addresses.
//
// Send makes one attempt and ends when ctx does. An error that is no *SendError, or one that is not
// permanent, may be tried again: what the other side makes of the same ID twice is up to it, so it
// always gets the ID. Nil means that the other side took the message.
type Channel interface {
	Send(ctx context.Context, p Parcel) error
}

// A Parcel is what goes to one target.
type Parcel struct {
	Message
	Target
	Files []File
}

// A File goes along with a message.
type File struct {
	Name string
	Data []byte
}

// A SendError is why a message did not arrive.
type SendError struct {
	Permanent   bool          // trying again is no use
	Unreachable bool          // it is not about this message: others will not arrive either
	After       time.Duration // the other side asks not to be tried before
	Err         error
}

func (f *SendError) Error() string { return f.Err.Error() }

func (f *SendError) Unwrap() error { return f.Err }

// attempt is how long one attempt may take.
const attempt = 20 * time.Second

// Open gives the channels of settings by name. A channel whose secret or certificates cannot be read
// says so whenever it is used; the others work. env is the environment.
func (s Settings) Open(env func(string) string) map[string]Channel {
	open := map[string]Channel{Mail: s.openMail(env)}
	for name, e := range s.Channels {
		channel, err := e.open(env)
		if err != nil {
			channel = broken{err}
		}
		open[name] = channel
	}
	return open
}

func (s Settings) openMail(env func(string) string) Channel {
	password, err := s.SMTP.Password.read(env)
	if err != nil {
		return broken{err}
	}
	roots, err := trust(s.SMTP.CA)
	if err != nil {
		return broken{err}
	}
	return mailer{SMTP: s.SMTP, sender: s.Sender, password: password, tls: &tls.Config{ServerName: s.SMTP.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}}
}

func (e Endpoint) open(env func(string) string) (Channel, error) {
	if e.Folder != "" {
		return folder{e.Folder}, nil
	}
	roots, err := trust(e.CA)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if e.Teams != "" {
		address, err := e.Teams.read(env)
		if err == nil && !strings.HasPrefix(address, "https://") {
			err = fmt.Errorf("the secret %s is no https address", e.Teams)
		}
		return teams{post{client, address}}, err
	}
	secret, err := e.Secret.read(env)
	return webhook{post{client, e.Webhook}, []byte(secret)}, err
}

// read fetches a secret.
func (s Secret) read(env func(string) string) (string, error) {
	kind, name, _ := strings.Cut(string(s), ":")
	switch kind {
	case "":
		return "", nil
	case "env":
		if v := env(name); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the environment has no %s; it is to hold a secret of the alerts", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read a secret of the alerts: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// trust are the certificates of the system with those in a file; nil is those of the system.
func trust(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificates to trust: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate; write them as PEM", file)
	}
	return roots, nil
}

// broken is a channel that could not be opened.
type broken struct{ err error }

func (b broken) Send(context.Context, Parcel) error { return &SendError{Unreachable: true, Err: b.err} }

// nobody is the channel of a name that settings no longer have.
var nobody = broken{errors.New("there is no such channel any more; add it to channels, or remove the message from the outbox")}
