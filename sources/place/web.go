package place

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// statusError returns the error of an HTTP status other than success; code is the server's name for it, or "".
func statusError(status int, code string) error {
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
		return TransientError{Err: fmt.Errorf("the server answers %s", text)}
	}
	return fmt.Errorf("the server answers %s", text)
}

// withoutURL strips the URL, whose parameters may be secret, from the error of an HTTP client.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
