package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// post sends JSON to an https address, which may be a secret and stands in no error.
type post struct {
	client  *http.Client
	address string
}

// do gives nil for a 2xx answer. 408, 413, 425, 429 and 5xx are for who calls, as failures that may
// pass; other answers are permanent.
func (p post) do(ctx context.Context, body []byte, header map[string]string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address, bytes.NewReader(body))
	if err != nil {
		return 0, &SendError{Permanent: true, Err: errors.New("the address is no https address")}
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // without the address
		}
		return 0, &SendError{Unreachable: true, Err: fmt.Errorf("not reached: %w", err)}
	}
	defer resp.Body.Close()                                       //nolint:errcheck // only read
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	status = resp.StatusCode
	if status >= 200 && status < 300 {
		return status, nil
	}
	f := &SendError{Permanent: true, Err: fmt.Errorf("answered %s", resp.Status)}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		f.Permanent, f.Unreachable, f.After = false, true, retryAfter(resp.Header.Get("Retry-After"))
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		f.Permanent = false
	}
	return status, f
}

// longestAfter bounds what another side may ask.
const longestAfter = 24 * time.Hour

// retryAfter reads the header in seconds; dates are not used by whom we speak to.
func retryAfter(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, longestAfter)
}

// teams posts Adaptive Cards to a workflow.
type teams struct{ post }

// Send posts one part of a message. What Teams finds too large goes as a card that says where to look.
func (c teams) Send(ctx context.Context, p Parcel) error {
	parts := cards(p.Message)
	body := parts[min(max(p.Part, 1), len(parts))-1]
	status, err := c.do(ctx, body, map[string]string{"Idempotency-Key": fmt.Sprintf("%s-%d", p.ID, p.Part)})
	if status == http.StatusRequestEntityTooLarge {
		_, err = c.do(ctx, shortCard(p.Message), map[string]string{"Idempotency-Key": fmt.Sprintf("%s-%d-kort", p.ID, p.Part)})
	}
	return named("Teams", err)
}

// webhook posts a signed announcement.
type webhook struct {
	post
	secret []byte
}

// An Announcement is what a webhook gets; announcement.schema.json is its JSON schema. It is signed: the header
// X-Inbeeld-Signature holds "sha256=" and the HMAC-SHA-256, in hex, of the header X-Inbeeld-Timestamp
// (seconds since 1970), a full stop, and the body.
type Announcement struct {
	Version   int       `json:"version"` // 1
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Recipient string    `json:"recipient"`
	Run       string    `json:"run"`
	Created   time.Time `json:"created"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Changed   []Entry   `json:"changed"`
	Open      []Entry   `json:"open"`
}

func announce(m Message) Announcement {
	return Announcement{
		Version: 1, ID: m.ID, Kind: m.Kind, Recipient: m.Recipient, Run: m.Run, Created: m.Created, Subject: m.Subject, Text: m.Text,
		Changed: append([]Entry{}, m.Changed...), Open: append([]Entry{}, m.Open...),
	}
}

// Send posts a message whole. The timestamp is that of the message: a repetition is the same to the byte.
func (c webhook) Send(ctx context.Context, p Parcel) error {
	body, err := json.Marshal(announce(p.Message))
	if err != nil {
		return &SendError{Permanent: true, Err: err}
	}
	stamp := strconv.FormatInt(p.Created.Unix(), 10)
	_, err = c.do(ctx, body, map[string]string{
		"Idempotency-Key": p.ID, "X-Inbeeld-Timestamp": stamp, "X-Inbeeld-Signature": "sha256=" + sign(c.secret, stamp, body),
	})
	return named("webhook", err)
}

func sign(secret []byte, stamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// named puts before an error who gave it.
func named(who string, err error) error {
	var f *SendError
	if errors.As(err, &f) {
		f.Err = fmt.Errorf("%s: %w", who, f.Err)
		return f
	}
	return err
}
