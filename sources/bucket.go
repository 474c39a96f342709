package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// A bucketPlace is a folder, that is a prefix, of an object store. An object is read as one version
// from beginning to end, whatever is written over it meanwhile.
type bucketPlace struct {
	from   From
	bucket *blob.Bucket
	client *http.Client
	// prefix ends with a slash, or is "" for the whole bucket.
	prefix string
	dialect
}

// A dialect is what object stores say each in their own way.
type dialect struct {
	// listed and opened give the ETag of what was listed or is read.
	listed func(*blob.ListObject) string
	opened func(*blob.Reader) string
	// answer is the status and code of an answer other than success; not ok when there was none.
	answer func(error) (status int, code string, ok bool)
}

// folderOf splits the address of a place in an object store into bucket and prefix.
func folderOf(f From) (bucket, prefix string, err error) {
	u, err := url.Parse(f.Address)
	if err != nil {
		return "", "", errors.New("the address is no URL; correct the contract")
	}
	if prefix = strings.Trim(path.Clean("/"+u.Path), "/"); prefix != "" {
		prefix += "/"
	}
	return u.Host, prefix, nil
}

// said is an error of the server in short words.
func (b *bucketPlace) said(err error) error {
	if err == nil {
		return nil
	}
	if status, code, ok := b.answer(err); ok {
		return answered(status, code)
	}
	return bare(err)
}

// List gives what is in the folder.
func (b *bucketPlace) List(ctx context.Context) ([]Found, error) {
	return walk(ctx, b.from, func(ctx context.Context, folder string) ([]Found, error) {
		prefix := b.prefix
		if folder != "" {
			prefix += folder + "/"
		}
		var found []Found
		for objects := b.bucket.List(&blob.ListOptions{Prefix: prefix, Delimiter: "/"}); ; {
			o, err := objects.Next(ctx)
			switch {
			case errors.Is(err, io.EOF) && ctx.Err() == nil:
				return found, nil
			case err != nil:
				return nil, b.said(err)
			}
			name := strings.TrimSuffix(strings.TrimPrefix(o.Key, prefix), "/")
			switch {
			case o.IsDir && name != "":
				found = append(found, Found{Name: name, Ignored: IsFolder})
			case name != "" && !strings.HasSuffix(o.Key, "/"): // a key with a slash at its end marks a folder
				found = append(found, Found{Name: name, Size: o.Size, Modified: o.ModTime.UTC(), Version: b.listed(o)})
			}
		}
	})
}

// Open reads an object.
func (b *bucketPlace) Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error) {
	r, err := b.bucket.NewRangeReader(ctx, b.prefix+found.Name, offset, -1, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrChanged
	}
	if err != nil {
		if status, _, ok := b.answer(err); ok && status == http.StatusRequestedRangeNotSatisfiable {
			return nil, ErrChanged
		}
		return nil, b.said(err)
	}
	if r.Size() != found.Size || b.opened(r) != found.Version {
		_ = r.Close()
		return nil, ErrChanged
	}
	return bucketReader{r}, nil
}

// A bucketReader says that the connection broke as everybody does, and not in the words of the library.
type bucketReader struct{ *blob.Reader }

func (r bucketReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Remove moves an object to the archive: a copy, and then the object is deleted. A crash in between
// leaves both, and the copy is made again.
func (b *bucketPlace) Remove(ctx context.Context, found Found) error {
	if b.from.Archive == "" {
		return errKeeps
	}
	key := b.prefix + found.Name
	is, err := b.bucket.Attributes(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("archive: %w", b.said(err))
	}
	if is.Size != found.Size || etag(is.ETag) != found.Version {
		return ErrChanged
	}
	if err := b.bucket.Copy(ctx, b.prefix+archived(b.from, found), key, nil); err != nil {
		return fmt.Errorf("archive: %w", b.said(err))
	}
	if err := b.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("archive: %w", b.said(err))
	}
	return nil
}

// Close ends connections.
func (b *bucketPlace) Close() {
	_ = b.bucket.Close()
	b.client.CloseIdleConnections()
}

// etag is an ETag without quotes: servers put them in one place and leave them out in another.
func etag(text string) string { return strings.Trim(text, `"`) }
