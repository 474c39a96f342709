package sources

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// reachS3 is a bucket of Amazon, or with an endpoint of any server that speaks its language. The keys
// come from the contract only: nothing is looked for in the environment or home folder.
func (o Options) reachS3(ctx context.Context, c *Contract) (Connector, error) {
	f := c.From
	client, err := o.client(f)
	if err != nil {
		return nil, err
	}
	id, err := o.secret(f.AccessKey)
	if err != nil {
		return nil, err
	}
	secret, err := o.secret(f.SecretKey)
	if err != nil {
		return nil, err
	}
	name, prefix, err := folderOf(f)
	if err != nil {
		return nil, err
	}
	options := s3.Options{
		Region: f.Region, HTTPClient: client, Retryer: aws.NopRetryer{}, // the pull tries again
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
		// Many servers do not know the newer checksums.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if f.Endpoint != "" {
		options.BaseEndpoint, options.UsePathStyle = aws.String(f.Endpoint), true
	}
	bucket, err := s3blob.OpenBucket(ctx, s3.New(options), name, nil)
	if err != nil {
		return nil, err
	}
	return &bucketPlace{from: f, bucket: bucket, client: client, prefix: prefix, dialect: s3Dialect}, nil
}

var s3Dialect = dialect{
	listed: func(object *blob.ListObject) string {
		var raw types.Object
		object.As(&raw)
		return etag(aws.ToString(raw.ETag))
	},
	opened: func(r *blob.Reader) string {
		var raw s3.GetObjectOutput
		r.As(&raw)
		return etag(aws.ToString(raw.ETag))
	},
	answer: func(err error) (int, string, bool) {
		var response *awshttp.ResponseError
		var fault smithy.APIError
		if !errors.As(err, &response) || response.HTTPStatusCode() == 0 {
			return 0, "", false
		}
		code := ""
		if errors.As(err, &fault) {
			code = fault.ErrorCode()
		}
		return response.HTTPStatusCode(), code, true
	},
}
