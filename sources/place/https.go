package place

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// A download by HTTPS is one file at one address. With a peildatum in the contract it is called after
// source and day; without one it has the name that the server gives it, or that of the address.
type httpsPlace struct {
	client        *http.Client
	address, name string
	// user and password, or token, go with every request.
	user, password, token string
	// dated says that the address or name is that of a day, on which there need be nothing yet.
	dated bool
	now   time.Time
}

func (h *httpsPlace) request(ctx context.Context, method, span, version string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", withoutURL(err))
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
		return nil, fmt.Errorf("ask: %w", withoutURL(err))
	}
	return res, nil
}

// List asks for the head of the file. A server that gives no heads is asked for the file, of which
// only the head is read.
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

// found is the file as its headers describe it. Without a validator it may be another one each time.
func (h *httpsPlace) found(res *http.Response) Found {
	f := Found{Name: h.name, Size: res.ContentLength, Modified: h.now, Version: res.Header.Get("ETag")}
	at, err := http.ParseTime(res.Header.Get("Last-Modified"))
	if err == nil {
		f.Modified = at
	}
	f.Generated = f.Version == "" && err != nil
	return f
}

// disposition is the file name that the server gives, without folder; "" when it gives none.
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

// Open reads the file. Only a strong ETag promises that what follows belongs to what was read.
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
	err = h.checkResponse(res, found, offset)
	if err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res.Body, nil
}

// checkResponse says whether an answer brings the bytes of found from offset on.
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
			return fmt.Errorf("the server does not say how long the file is, so that a broken connection would look like its end; ask the supplier for a Content-Length")
		}
		return nil
	}
	var from, to, size int64
	if n, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); n != 3 || err != nil || from != offset || found.Size >= 0 && size != found.Size {
		return ErrNoResume
	}
	return nil
}

// Remove is not for us to do.
func (h *httpsPlace) Remove(context.Context, Found) error {
	return fmt.Errorf("remove by HTTPS: %w", ErrReadOnly)
}

// Close ends connections.
func (h *httpsPlace) Close() { h.client.CloseIdleConnections() }
