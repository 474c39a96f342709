package sources

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// client makes the HTTP client of a place: certificates are checked, against those of the system or of
// `ca`, and a proxy is the one that the environment names.
func (o Options) client(f From) (*http.Client, error) {
	trust, err := o.trust(f)
	if err != nil {
		return nil, err
	}
	env := func(name string) string {
		if o.Env == nil {
			return ""
		}
		if v := o.Env(name); v != "" {
			return v
		}
		return o.Env(strings.ToLower(name))
	}
	proxy := httpproxy.Config{HTTPProxy: env("HTTP_PROXY"), HTTPSProxy: env("HTTPS_PROXY"), NoProxy: env("NO_PROXY")}
	through := proxy.ProxyFunc()
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       func(r *http.Request) (*url.URL, error) { return through(r.URL) },
			DialContext: (&net.Dialer{Timeout: connectTime}).DialContext, TLSClientConfig: trust, TLSHandshakeTimeout: connectTime,
			// The bytes are those of the file, whatever the server would make of them.
			DisableCompression: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
				return errors.New("the server sends us to an address without TLS")
			}
			if len(via) > 10 {
				return errors.New("the server sends us on more than ten times")
			}
			return nil
		},
	}, nil
}

// trust says which certificates a place may show, and which we show.
func (o Options) trust(f From) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	ca, err := o.secret(f.CA)
	if err != nil {
		return nil, err
	}
	if ca != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			return nil, fmt.Errorf("%s holds no certificate; it must be PEM", f.CA)
		}
	}
	if f.Certificate == "" {
		return c, nil
	}
	certificate, err := o.secret(f.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := o.secret(f.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no certificate with its key: %w", f.Certificate, f.Key, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// answered is what an answer other than success means. code is what the server calls it, "" when it
// does not.
func answered(status int, code string) error {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", status, code))
	if code == "" {
		text = strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		return fmt.Errorf("no access (%s); check the credentials, and what they may read", text)
	case status == http.StatusNotFound || status == http.StatusGone:
		return fmt.Errorf("it does not exist (%s); check the address in the contract", text)
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return passing{fmt.Errorf("the server answers %s", text)}
	}
	return fmt.Errorf("the server answers %s", text)
}

// bare takes the address, which may hold parameters that are secret, out of an error of a client.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
