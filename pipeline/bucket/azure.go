package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// Azure is a container of a storage account.
type Azure struct {
	// Endpoint is needed only if Azure itself does not host the account.
	Container, Account, Endpoint string
	// Key is the account key in base64. Token is a shared access signature (SAS), used instead if set.
	Key, Token string
}

// Open returns the bucket without connecting. An error concerns the key or the token.
func (a Azure) Open(client *http.Client) (*Bucket, error) {
	endpoint := strings.TrimSuffix(a.Endpoint, "/")
	if endpoint == "" {
		endpoint = "https://" + a.Account + ".blob.core.windows.net"
	}
	address := endpoint + "/" + a.Container
	options := &container.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: client, Retry: policy.RetryOptions{MaxRetries: -1}, Telemetry: policy.TelemetryOptions{Disabled: true},
	}}
	if a.Token != "" {
		c, err := container.NewClientWithNoCredential(address+"?"+strings.TrimPrefix(a.Token, "?"), options)
		if err != nil {
			return nil, errors.New("the token is not valid in a URL") // err quotes it
		}
		return &Bucket{driver: azureBucket{c}, client: client}, nil
	}
	credential, err := container.NewSharedKeyCredential(a.Account, a.Key)
	if err != nil {
		return nil, err
	}
	c, err := container.NewClientWithSharedKeyCredential(address, credential, options)
	if err != nil {
		return nil, err
	}
	return &Bucket{driver: azureBucket{c}, client: client}, nil
}

type azureBucket struct{ container *container.Client }

func (b azureBucket) list(ctx context.Context, prefix, delimiter string) (objects []Object, folders []string, err error) {
	pages := b.container.NewListBlobsHierarchyPager(delimiter, &container.ListBlobsHierarchyOptions{Prefix: &prefix})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		if page.Segment == nil {
			continue
		}
		for _, item := range page.Segment.BlobItems {
			o := Object{Key: deref(item.Name)}
			if p := item.Properties; p != nil {
				o.Size, o.Modified, o.ETag = deref(p.ContentLength), deref(p.LastModified), unquote(string(deref(p.ETag)))
			}
			objects = append(objects, o)
		}
		for _, p := range page.Segment.BlobPrefixes {
			folders = append(folders, deref(p.Name))
		}
	}
	return objects, folders, nil
}

func (b azureBucket) stat(ctx context.Context, key string) (Object, error) {
	props, err := b.container.NewBlobClient(key).GetProperties(ctx, nil)
	if err != nil {
		return Object{}, err
	}
	return Object{key, deref(props.ContentLength), deref(props.LastModified), unquote(string(deref(props.ETag)))}, nil
}

func (b azureBucket) open(ctx context.Context, o Object, offset int64) (io.ReadCloser, Object, error) {
	out, err := b.container.NewBlobClient(o.Key).DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range: blob.HTTPRange{Offset: offset}, AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: unchanged(o)},
	})
	if err != nil {
		return nil, Object{}, err
	}
	return out.Body, Object{o.Key, totalSize(offset, out.ContentLength), deref(out.LastModified), unquote(string(deref(out.ETag)))}, nil
}

// unchanged returns the condition that an object is still version o.
func unchanged(o Object) *blob.ModifiedAccessConditions {
	if o.ETag == "" {
		return nil
	}
	return &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(quote(o.ETag)))}
}

func (b azureBucket) put(ctx context.Context, key string, body io.ReadSeeker, _ int64, sum []byte) error {
	_, err := b.container.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(body), &blockblob.UploadOptions{
		TransactionalValidation: blob.TransferValidationTypeMD5(sum),
	})
	return err
}

// copyPause is the time between two polls of an asynchronous copy.
const copyPause = 500 * time.Millisecond

func (b azureBucket) copy(ctx context.Context, from Object, target string) error {
	dst := b.container.NewBlobClient(target)
	out, err := dst.StartCopyFromURL(ctx, b.container.NewBlobClient(from.Key).URL(), &blob.StartCopyFromURLOptions{
		SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{SourceIfMatch: unchanged(from).IfMatch},
	})
	if err != nil {
		return err
	}
	status := deref(out.CopyStatus)
	for status == blob.CopyStatusTypePending {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(copyPause):
		}
		props, err := dst.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		status = deref(props.CopyStatus)
	}
	if status != blob.CopyStatusTypeSuccess {
		return fmt.Errorf("the store failed to copy the object (%s)", status)
	}
	return nil
}

func (b azureBucket) remove(ctx context.Context, key string) error {
	_, err := b.container.NewBlobClient(key).Delete(ctx, nil)
	return err
}

func (azureBucket) answer(err error) (status int, code string, ok bool) {
	if response, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return response.StatusCode, response.ErrorCode, true
	}
	return 0, "", false
}

// deref returns what p points to, or the zero value if p is nil.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
