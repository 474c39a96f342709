package place

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// An httpsPlace is one file at one URL. With a peildatum in the contract it is named after source and day;
// without one, its name is that in the response or else that in the URL.
type httpsPlace struct {
	client        *http.Client
	address, name string
	// Every request has user and password, or token.
	user, password, token string
	// dated means that the URL or name contains a day, for which there may be no file yet.
	dated bool
	now   time.Time
}

func (h *httpsPlace) request(ctx context.Context, method, span, version string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("request: %w", withoutURL(err))
	}
	switch {
	case h.token != "":
		r.Header.Set("Authorization", "Bearer "+h.token)
	case h.password != "":
		r.SetBasicAuth(h.user, h.password)
	}
	if span != "" {
		r.Header.Set("Range", span)
		r.Header.Set("If-Range", version)
	}
	res, err := h.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("request: %w", withoutURL(err))
	}
	return res, nil
}

// List requests the headers of the file with HEAD, or with GET if the server does not support HEAD.
func (h *httpsPlace) List(ctx context.Context) ([]Found, error) {
	res, err := h.request(ctx, http.MethodHead, "", "")
	if err == nil && (res.StatusCode == http.StatusMethodNotAllowed || res.StatusCode == http.StatusNotImplemented) {
		_ = res.Body.Close()
		res, err = h.request(ctx, http.MethodGet, "", "")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if h.dated && res.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	if res.StatusCode != http.StatusOK {
		return nil, statusError(res.StatusCode, "")
	}
	f := h.found(res)
	if !h.dated {
		f.Name = cmp.Or(disposition(res.Header), h.name)
	}
	f.Ignored = ignoredName(f.Name)
	return []Found{f}, nil
}

// found returns the file that the headers describe. Without ETag or Last-Modified, each request may return
// another one.
func (h *httpsPlace) found(res *http.Response) Found {
	f := Found{Name: h.name, Size: res.ContentLength, Modified: h.now, Version: res.Header.Get("ETag")}
	at, err := http.ParseTime(res.Header.Get("Last-Modified"))
	if err == nil {
		f.Modified = at
	}
	f.Generated = f.Version == "" && err != nil
	return f
}

// disposition returns the file name in Content-Disposition, without folder, or "".
func disposition(h http.Header) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil || params["filename"] == "" {
		return ""
	}
	name := path.Base(strings.ReplaceAll(params["filename"], `\`, "/"))
	if name == "." || name == "/" {
		return ""
	}
	return name
}

// Open opens the file. An offset requires a strong ETag, which identifies the bytes.
func (h *httpsPlace) Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error) {
	span := ""
	if offset > 0 {
		if found.Version == "" || strings.HasPrefix(found.Version, "W/") {
			return nil, ErrNoResume
		}
		span = fmt.Sprintf("bytes=%d-", offset)
	}
	res, err := h.request(ctx, http.MethodGet, span, found.Version)
	if err != nil {
		return nil, err
	}
	if err := h.checkResponse(res, found, offset); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res.Body, nil
}

// checkResponse returns an error unless the response has the bytes of found from offset.
func (h *httpsPlace) checkResponse(res *http.Response, found Found, offset int64) error {
	switch res.StatusCode {
	case http.StatusOK, http.StatusPartialContent:
	case http.StatusNotFound, http.StatusGone, http.StatusRequestedRangeNotSatisfiable:
		return ErrChanged
	default:
		return statusError(res.StatusCode, "")
	}
	f := h.found(res)
	if f.Version != found.Version || !found.Generated && !f.Modified.Equal(found.Modified) {
		return ErrChanged
	}
	if res.StatusCode == http.StatusOK {
		if offset > 0 {
			return ErrNoResume
		}
		if found.Size >= 0 && f.Size >= 0 && f.Size != found.Size {
			return ErrChanged
		}
		if f.Size < 0 && res.ProtoMajor == 1 && len(res.TransferEncoding) == 0 {
			return errors.New("the server does not send the size of the file, so a broken connection would look like its end; ask the supplier for a Content-Length")
		}
		return nil
	}
	var from, to, size int64
	if n, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); n != 3 || err != nil || from != offset || found.Size >= 0 && size != found.Size {
		return ErrNoResume
	}
	return nil
}

func (h *httpsPlace) Remove(context.Context, Found) error {
	return fmt.Errorf("remove with HTTPS: %w", ErrReadOnly)
}

func (h *httpsPlace) Close() { h.client.CloseIdleConnections() }

// statusError returns the error of an HTTP status other than success; code is the server's name for it, or "".
func statusError(status int, code string) error {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", status, cmp.Or(code, http.StatusText(status))))
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
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
