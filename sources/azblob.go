package sources

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	azure "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// reachAzblob is a container of Azure, opened with the key of the account or with a SAS token.
func (o Options) reachAzblob(ctx context.Context, c *Contract) (Connector, error) {
	f := c.From
	client, err := o.client(f)
	if err != nil {
		return nil, err
	}
	name, prefix, err := folderOf(f)
	if err != nil {
		return nil, err
	}
	endpoint := strings.TrimSuffix(f.Endpoint, "/")
	if endpoint == "" {
		endpoint = "https://" + f.Account + ".blob.core.windows.net"
	}
	store, err := o.azureContainer(f, endpoint+"/"+name, &container.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: client, Retry: policy.RetryOptions{MaxRetries: -1}, // the pull tries again
		Telemetry: policy.TelemetryOptions{Disabled: true},
	}})
	if err != nil {
		return nil, err
	}
	bucket, err := azureblob.OpenBucket(ctx, store, nil)
	if err != nil {
		return nil, err
	}
	return &bucketPlace{from: f, bucket: bucket, client: client, prefix: prefix, dialect: azureDialect}, nil
}

func (o Options) azureContainer(f From, address string, options *container.ClientOptions) (*container.Client, error) {
	if f.Token != "" {
		token, err := o.secret(f.Token)
		if err != nil {
			return nil, err
		}
		store, err := container.NewClientWithNoCredential(address+"?"+strings.TrimPrefix(token, "?"), options)
		if err != nil {
			return nil, fmt.Errorf("%s is no SAS token; it looks like sv=…&sig=…", f.Token)
		}
		return store, nil
	}
	key, err := o.secret(f.Key)
	if err != nil {
		return nil, err
	}
	credential, err := container.NewSharedKeyCredential(f.Account, key)
	if err != nil {
		return nil, fmt.Errorf("%s is no key of a storage account; it is base64", f.Key)
	}
	return container.NewClientWithSharedKeyCredential(address, credential, options)
}

var azureDialect = dialect{
	listed: func(object *blob.ListObject) string {
		var raw container.BlobItem
		if !object.As(&raw) || raw.Properties == nil || raw.Properties.ETag == nil {
			return ""
		}
		return etag(string(*raw.Properties.ETag))
	},
	opened: func(r *blob.Reader) string {
		var raw azure.DownloadStreamResponse
		if !r.As(&raw) || raw.ETag == nil {
			return ""
		}
		return etag(string(*raw.ETag))
	},
	answer: func(err error) (int, string, bool) {
		var response *azcore.ResponseError
		if !errors.As(err, &response) {
			return 0, "", false
		}
		return response.StatusCode, response.ErrorCode, true
	},
}
