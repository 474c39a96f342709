package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"inbeeld/pipeline/secret"
)

// A poster posts JSON to an https address. No error contains the address: it may be a secret.
type poster struct {
	name    string // of the other side, for errors
	client  *http.Client
	address string
}

func newPoster(name, address string, e Endpoint, secrets secret.Reader) (poster, error) {
	config, err := secrets.TLS(e[caSetting.key], "", "")
	if err != nil {
		return poster{}, err
	}
	return poster{name, &http.Client{
		Transport:     &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, address}, nil
}

// post returns nil for a 2xx answer. After 408, 425, 429 and 5xx an attempt may be repeated; other answers
// are permanent. status is 0 when there was no answer.
func (p poster) post(ctx context.Context, body []byte, header map[string]string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address, bytes.NewReader(body))
	if err != nil {
		return 0, &SendError{Permanent: true, Err: fmt.Errorf("%s: the address is no https address", p.name)}
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		var withAddress *url.Error
		if errors.As(err, &withAddress) {
			err = withAddress.Err
		}
		return 0, &SendError{Unreachable: true, Err: fmt.Errorf("%s: not reached: %w", p.name, err)}
	}
	defer resp.Body.Close()                                       //nolint:errcheck // only read
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be reused
	status = resp.StatusCode
	if status >= 200 && status < 300 {
		return status, nil
	}
	f := &SendError{Permanent: true, Err: fmt.Errorf("%s: answered %s", p.name, resp.Status)}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		f.Permanent, f.Unreachable, f.After = false, true, retryAfter(resp.Header.Get("Retry-After"))
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		f.Permanent = false
	}
	return status, f
}

// longestAfter is the longest delay that the other side can ask for.
const longestAfter = 24 * time.Hour

// retryAfter reads the header in seconds; Teams and our webhooks send no dates.
func retryAfter(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, longestAfter)
}
