package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"inbeeld/pipeline/bucket"
)

// A bucketPlace is a folder, that is a prefix, of an object store. An object is read as one version
// from beginning to end, whatever is written over it meanwhile.
type bucketPlace struct {
	*bucket.Bucket
	from From
	// prefix ends with a slash, or is "" for the whole bucket.
	prefix string
}

// Bucket opens the object store of a place, and returns the prefix of the keys in its folder. The place
// alone says where its keys and tokens are: Bucket looks for none in the environment or home folder. It
// connects to nothing, and uses only DataDir and Env of the options. at names the mapping that holds the
// place, for errors: "inbeeld.yaml: publish.to".
func (o Options) Bucket(at string, f From) (_ *bucket.Bucket, prefix string, err error) {
	secrets := o.secrets(at)
	client, err := o.client(secrets, f)
	if err != nil {
		return nil, "", err
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, "", errors.New("the address is no URL; correct the contract")
	}
	if prefix = strings.Trim(path.Clean("/"+u.Path), "/"); prefix != "" {
		prefix += "/"
	}
	if f.Kind == FromS3 {
		id, err := secrets.Read("access_key", f.AccessKey)
		if err != nil {
			return nil, "", err
		}
		secretKey, err := secrets.Read("secret_key", f.SecretKey)
		if err != nil {
			return nil, "", err
		}
		return bucket.S3{Bucket: u.Host, Region: f.Region, Endpoint: f.Endpoint, ID: id, Secret: secretKey}.Open(client), prefix, nil
	}
	store := bucket.Azure{Container: u.Host, Account: f.Account, Endpoint: f.Endpoint}
	if store.Token, err = secrets.Read("token", f.Token); err != nil {
		return nil, "", err
	}
	if store.Key, err = secrets.Read("key", f.Key); err != nil {
		return nil, "", err
	}
	b, err := store.Open(client)
	switch {
	case err != nil && f.Token != "":
		return nil, "", secrets.Fault("token", "%s is no SAS token; it looks like sv=…&sig=…", f.Token)
	case err != nil:
		return nil, "", secrets.Fault("key", "%s is no key of a storage account; it is base64", f.Key)
	}
	return b, prefix, nil
}

// said is an error of the store as a pull says it.
func said(err error) error {
	var fault *bucket.Fault
	switch {
	case errors.As(err, &fault):
		return answered(fault.Status, fault.Code)
	case errors.Is(err, bucket.ErrChanged):
		return ErrChanged
	}
	return err
}

// List gives what is in the folder.
func (b *bucketPlace) List(ctx context.Context) ([]Found, error) {
	return walk(ctx, b.from, func(ctx context.Context, folder string) ([]Found, error) {
		prefix := b.prefix
		if folder != "" {
			prefix += folder + "/"
		}
		objects, folders, err := b.Bucket.List(ctx, prefix, "/")
		if err != nil {
			return nil, said(err)
		}
		var found []Found
		for _, key := range folders {
			if name := strings.TrimSuffix(strings.TrimPrefix(key, prefix), "/"); name != "" {
				found = append(found, Found{Name: name, Ignored: IsFolder})
			}
		}
		for _, o := range objects {
			// A key with a slash at its end marks a folder.
			if name := strings.TrimPrefix(o.Key, prefix); name != "" && !strings.HasSuffix(name, "/") {
				found = append(found, Found{Name: name, Size: o.Size, Modified: o.Modified.UTC(), Version: o.ETag})
			}
		}
		return found, nil
	})
}

// object is what was found, as the store knows it.
func (b *bucketPlace) object(found Found) bucket.Object {
	return bucket.Object{Key: b.prefix + found.Name, Size: found.Size, Modified: found.Modified, ETag: found.Version}
}

// Open reads an object.
func (b *bucketPlace) Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error) {
	r, err := b.Bucket.Open(ctx, b.object(found), offset)
	if errors.Is(err, bucket.ErrMissing) || errors.Is(err, bucket.ErrChanged) {
		return nil, ErrChanged
	}
	return r, said(err)
}

// Remove moves an object to the archive: a copy, and then the object is deleted. A crash in between
// leaves both, and the copy is made again.
func (b *bucketPlace) Remove(ctx context.Context, found Found) error {
	if b.from.Archive == "" {
		return errKeeps
	}
	is, err := b.Stat(ctx, b.prefix+found.Name)
	if errors.Is(err, bucket.ErrMissing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("archive: %w", said(err))
	}
	if is.Size != found.Size || is.ETag != found.Version {
		return ErrChanged
	}
	err = b.Copy(ctx, is, b.prefix+archived(b.from, found))
	if errors.Is(err, bucket.ErrChanged) {
		return ErrChanged
	}
	if err != nil {
		return fmt.Errorf("archive: %w", said(err))
	}
	if err := b.Delete(ctx, is.Key); err != nil {
		return fmt.Errorf("archive: %w", said(err))
	}
	return nil
}
