// Package bucket reads and writes object stores: S3 and what speaks its language, and Azure Blob.
//
// Words: a bucket is what holds objects (Azure says container). An object is bytes under a key, put
// and replaced as a whole; its ETag names the bytes that are there now. A folder is the part of a key
// up to a slash: stores know keys only. Who opens a bucket brings the HTTP client, and with it trust,
// proxy and time to connect. Nothing is tried again here, and nothing is looked for in the environment.
package bucket

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A Bucket is one bucket of a store. Its methods may be called side by side; each ends when ctx does.
type Bucket struct {
	driver
	client *http.Client
}

// An Object is what a store tells of an object.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
	ETag     string // without quotes: servers put them in one place and leave them out in another
}

// A driver says it in the words of one kind of store.
type driver interface {
	list(ctx context.Context, prefix, delimiter string) ([]Object, []string, error)
	stat(ctx context.Context, key string) (Object, error)
	// open also tells what it opened, as far as the answer says.
	open(ctx context.Context, o Object, offset int64) (io.ReadCloser, Object, error)
	// put lets the store compare what came with its MD5.
	put(ctx context.Context, key string, body io.ReadSeeker, size int64, sum []byte) error
	copy(ctx context.Context, from Object, to string) error
	remove(ctx context.Context, key string) error
	// answer is the status and code of an answer other than success; not ok when there was none.
	answer(err error) (status int, code string, ok bool)
}

// List gives the objects whose key begins with prefix. With a delimiter only those that do not have it
// behind the prefix, and the rest as folders, up to and with their delimiter.
func (b *Bucket) List(ctx context.Context, prefix, delimiter string) (objects []Object, folders []string, err error) {
	objects, folders, err = b.list(ctx, prefix, delimiter)
	return objects, folders, b.said(err)
}

// Stat tells of an object.
func (b *Bucket) Stat(ctx context.Context, key string) (Object, error) {
	o, err := b.stat(ctx, key)
	return o, b.said(err)
}

// Open reads an object from offset, as one version to its end, whatever is written over it meanwhile.
// It gives ErrChanged when the object is not the one that was listed.
func (b *Bucket) Open(ctx context.Context, o Object, offset int64) (io.ReadCloser, error) {
	r, is, err := b.open(ctx, o, offset)
	if err != nil {
		return nil, b.said(err)
	}
	if is.ETag != o.ETag || is.Size != o.Size {
		_ = r.Close()
		return nil, ErrChanged
	}
	return reader{r}, nil
}

// Read gives the bytes of a small object, as it is now.
func (b *Bucket) Read(ctx context.Context, key string) ([]byte, error) {
	r, is, err := b.open(ctx, Object{Key: key}, 0)
	if err != nil {
		return nil, b.said(err)
	}
	defer func() { _ = r.Close() }()
	if is.Size > mostRead {
		return nil, fmt.Errorf("%s has %d bytes, and is none of ours", key, is.Size)
	}
	text, err := io.ReadAll(io.LimitReader(reader{r}, mostRead))
	return text, b.said(err)
}

// mostRead is the largest object that is read into memory, in bytes.
const mostRead = 16 << 20

// Put writes the whole of body as an object. With a sha256, in hex, that body does not have, nothing is
// written. The store refuses what does not arrive as it was sent.
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
	return b.said(b.put(ctx, key, body, size, transfer.Sum(nil)))
}

// Write writes a small object.
func (b *Bucket) Write(ctx context.Context, key string, text []byte) error {
	return b.Put(ctx, key, bytes.NewReader(text), "")
}

// Copy makes another object with the same bytes, without fetching them. It gives ErrChanged when the
// object is no longer what was told of it.
func (b *Bucket) Copy(ctx context.Context, from Object, to string) error {
	return b.said(b.copy(ctx, from, to))
}

// Delete takes an object away. One that is gone already is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.said(b.remove(ctx, key)); !errors.Is(err, ErrMissing) {
		return err
	}
	return nil
}

// Close ends connections.
func (b *Bucket) Close() { b.client.CloseIdleConnections() }

// A reader says that the connection broke as everybody does, and not in the words of a library.
type reader struct{ io.ReadCloser }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func bare(etag string) string { return strings.Trim(etag, `"`) }

func quoted(etag string) string { return `"` + etag + `"` }

// whole is the size of an object of which length bytes come from offset.
func whole(offset int64, length *int64) int64 {
	if length == nil {
		return -1
	}
	return offset + *length
}
