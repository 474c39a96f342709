package sources

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"inbeeld/pipeline/secret"
)

// client returns the HTTP client of a place. It checks certificates, and uses the proxy that the
// environment names.
func (o Options) client(secrets secret.Reader, f From) (*http.Client, error) {
	config, err := secrets.TLS(f.CA, f.Certificate, f.Key)
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
	proxyFor := proxy.ProxyFunc()
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       func(r *http.Request) (*url.URL, error) { return proxyFor(r.URL) },
			DialContext: (&net.Dialer{Timeout: connectTime}).DialContext, TLSClientConfig: config, TLSHandshakeTimeout: connectTime,
			// The server sends the bytes of the file as they are.
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

// answered returns the error of an answer that is no success; code is the server's own name for it, or "".
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

// bare strips the address, whose parameters may be secret, from the error of an HTTP client.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
