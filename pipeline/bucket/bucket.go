package bucket

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Bucket is one bucket of a store. It may be used by several goroutines at once. Its errors are a
// *Fault, an error of the network, or an error of the context.
type Bucket struct {
	driver
	client *http.Client
}

// An Object is the metadata of an object.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
	ETag     string // without quotes, which servers send inconsistently
}

// A driver is the client of one kind of store.
type driver interface {
	list(ctx context.Context, prefix, delimiter string) ([]Object, []string, error)
	stat(ctx context.Context, key string) (Object, error)
	// open also returns the metadata in the response. A condition on the ETag is set if o has one.
	open(ctx context.Context, o Object, offset int64) (io.ReadCloser, Object, error)
	// put makes the store verify the MD5 of the body.
	put(ctx context.Context, key string, body io.ReadSeeker, size int64, sum []byte) error
	copy(ctx context.Context, from Object, to string) error
	remove(ctx context.Context, key string) error
	// answer returns the HTTP status and code of a response other than success; ok is false if err is not
	// of a response.
	answer(err error) (status int, code string, ok bool)
}

// List returns the objects whose key begins with prefix. With a delimiter, it returns keys that contain
// it after the prefix as folders instead, cut off after the delimiter.
func (b *Bucket) List(ctx context.Context, prefix, delimiter string) (objects []Object, folders []string, err error) {
	objects, folders, err = b.list(ctx, prefix, delimiter)
	return objects, folders, b.sanitize(err)
}

// Stat returns the metadata of an object.
func (b *Bucket) Stat(ctx context.Context, key string) (Object, error) {
	o, err := b.stat(ctx, key)
	return o, b.sanitize(err)
}

// Open reads an object from offset. It reads one version to the end, even if the object is replaced
// meanwhile, and returns ErrChanged if that is not version o.
func (b *Bucket) Open(ctx context.Context, o Object, offset int64) (io.ReadCloser, error) {
	r, is, err := b.open(ctx, o, offset)
	if err != nil {
		return nil, b.sanitize(err)
	}
	if is.ETag != o.ETag || is.Size != o.Size {
		_ = r.Close()
		return nil, ErrChanged
	}
	return reader{r}, nil
}

// Read returns the current bytes of a small object.
func (b *Bucket) Read(ctx context.Context, key string) ([]byte, error) {
	r, is, err := b.open(ctx, Object{Key: key}, 0)
	if err != nil {
		return nil, b.sanitize(err)
	}
	defer func() { _ = r.Close() }()
	if is.Size > maxRead {
		return nil, fmt.Errorf("%s has %d bytes, more than any object that inbeeld writes", key, is.Size)
	}
	text, err := io.ReadAll(io.LimitReader(reader{r}, maxRead))
	return text, b.sanitize(err)
}

// maxRead is the maximum size of an object for Read, in bytes.
const maxRead = 16 << 20

// Put writes body as an object. It writes nothing if sha is set and is not the hexadecimal SHA-256 of
// body. The store rejects content that was damaged in transit.
func (b *Bucket) Put(ctx context.Context, key string, body io.ReadSeeker, sha string) error {
	content, transfer := sha256.New(), md5.New()
	size, err := io.Copy(io.MultiWriter(content, transfer), body)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(content.Sum(nil)); sha != "" && got != sha {
		return fmt.Errorf("the sha256 is %s, not %s", got, sha)
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return b.sanitize(b.put(ctx, key, body, size, transfer.Sum(nil)))
}

// Write writes a small object.
func (b *Bucket) Write(ctx context.Context, key string, text []byte) error {
	return b.Put(ctx, key, bytes.NewReader(text), "")
}

// Copy copies an object within the store. It returns ErrChanged if the object is no longer version from.
func (b *Bucket) Copy(ctx context.Context, from Object, to string) error {
	return b.sanitize(b.copy(ctx, from, to))
}

// Delete removes an object. A missing object is not an error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.sanitize(b.remove(ctx, key)); !errors.Is(err, ErrMissing) {
		return err
	}
	return nil
}

// Close closes idle connections.
func (b *Bucket) Close() { b.client.CloseIdleConnections() }

// A reader replaces an error that wraps io.ErrUnexpectedEOF by that error itself.
type reader struct{ io.ReadCloser }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func unquote(etag string) string { return strings.Trim(etag, `"`) }

func quote(etag string) string { return `"` + etag + `"` }

// totalSize returns the size of an object that has length bytes from offset, or -1 if unknown.
func totalSize(offset int64, length *int64) int64 {
	if length == nil {
		return -1
	}
	return offset + *length
}

var (
	// ErrMissing means that no object has the key.
	ErrMissing = errors.New("no such object")
	// ErrChanged means that an object is no longer the expected version.
	ErrChanged = errors.New("the object has changed")
)

// A Fault is a response of the store other than success. It matches ErrMissing or ErrChanged if it means
// that.
type Fault struct { //nolint:errname // a fault is the word of this package
	Status int    // HTTP status
	Code   string // the store's error code, or ""
}

// Error returns the status and the code.
func (f *Fault) Error() string {
	code := cmp.Or(f.Code, http.StatusText(f.Status))
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", f.Status, code))
}

// Is reports whether the response means target: ErrMissing or ErrChanged.
func (f *Fault) Is(target error) bool {
	switch target {
	case ErrMissing:
		isBucket := f.Code == "NoSuchBucket" || f.Code == "ContainerNotFound"
		return f.Status == http.StatusNotFound && !isBucket
	case ErrChanged:
		return f.Status == http.StatusPreconditionFailed || f.Status == http.StatusRequestedRangeNotSatisfiable
	}
	return false
}

// Transient reports whether the request may succeed later.
func (f *Fault) Transient() bool {
	return f.Status == http.StatusTooManyRequests || f.Status == http.StatusRequestTimeout || f.Status >= 500
}

// sanitize removes from an error the texts of the library and the URL, which may contain a token.
func (b *Bucket) sanitize(err error) error {
	if err == nil {
		return nil
	}
	if status, code, ok := b.answer(err); ok {
		return &Fault{Status: status, Code: code}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
