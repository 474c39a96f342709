package bucket

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// S3 is a bucket of Amazon S3 or, with an endpoint, of any compatible server.
type S3 struct {
	Bucket, Region, Endpoint string
	// ID and Secret are the access key that signs requests.
	ID, Secret string
}

// Open returns the bucket without connecting.
func (a S3) Open(client *http.Client) *Bucket {
	options := s3.Options{
		Region: a.Region, HTTPClient: client, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: a.ID, SecretAccessKey: a.Secret}, nil
		}),
		// Many servers do not support the newer checksums. All support the MD5 that we send, and the
		// signature, which covers the SHA-256 of the body.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if a.Endpoint != "" {
		options.BaseEndpoint, options.UsePathStyle = aws.String(a.Endpoint), true
	}
	return &Bucket{driver: s3Bucket{s3.New(options), a.Bucket}, client: client}
}

type s3Bucket struct {
	client *s3.Client
	name   string
}

func (b s3Bucket) list(ctx context.Context, prefix, delimiter string) (objects []Object, folders []string, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: optional(prefix), Delimiter: optional(delimiter)}
	for pages := s3.NewListObjectsV2Paginator(b.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, o := range page.Contents {
			objects = append(objects, Object{aws.ToString(o.Key), aws.ToInt64(o.Size), aws.ToTime(o.LastModified), unquote(aws.ToString(o.ETag))})
		}
		for _, p := range page.CommonPrefixes {
			folders = append(folders, aws.ToString(p.Prefix))
		}
	}
	return objects, folders, nil
}

func (b s3Bucket) stat(ctx context.Context, key string) (Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return Object{}, err
	}
	return Object{key, aws.ToInt64(out.ContentLength), aws.ToTime(out.LastModified), unquote(aws.ToString(out.ETag))}, nil
}

func (b s3Bucket) open(ctx context.Context, o Object, offset int64) (io.ReadCloser, Object, error) {
	in := &s3.GetObjectInput{Bucket: &b.name, Key: &o.Key}
	if o.ETag != "" {
		in.IfMatch = aws.String(quote(o.ETag))
	}
	if offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return nil, Object{}, err
	}
	return out.Body, Object{o.Key, totalSize(offset, out.ContentLength), aws.ToTime(out.LastModified), unquote(aws.ToString(out.ETag))}, nil
}

func (b s3Bucket) put(ctx context.Context, key string, body io.ReadSeeker, size int64, sum []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: body, ContentLength: &size, ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum)),
	}, func(o *s3.Options) { o.APIOptions = append(o.APIOptions, signContent) })
	return err
}

// signContent makes the signature cover the SHA-256 of the body, even over TLS, so that the store verifies
// the body.
func signContent(stack *middleware.Stack) error {
	_, err := stack.Finalize.Swap((*v4.ComputePayloadSHA256)(nil).ID(), &v4.ComputePayloadSHA256{})
	return err
}

func (b s3Bucket) copy(ctx context.Context, from Object, target string) error {
	_, err := b.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &b.name, Key: &target, CopySource: aws.String(url.QueryEscape(b.name + "/" + from.Key)), CopySourceIfMatch: aws.String(quote(from.ETag)),
	})
	return err
}

func (b s3Bucket) remove(ctx context.Context, key string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	return err
}

func (s3Bucket) answer(err error) (status int, code string, ok bool) {
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok || response.HTTPStatusCode() == 0 {
		return 0, "", false
	}
	if fault, ok := errors.AsType[smithy.APIError](err); ok {
		code = fault.ErrorCode()
	}
	return response.HTTPStatusCode(), code, true
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
