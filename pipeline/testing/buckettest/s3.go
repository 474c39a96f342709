package buckettest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"inbeeld/pipeline/bucket"
)

// S3 starts a server with the access key regio and the bucket Name.
func S3(t testing.TB) *Store {
	at := &clock{at: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	backend := s3mem.New(s3mem.WithTimeSource(at))
	if err := backend.CreateBucket(Name); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(backend, gofakes3.WithTimeSource(at), gofakes3.WithTimeSkewLimit(0), gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	s := &Store{
		Env: map[string]string{"WIE": "regio", "GEHEIM": "geheim"}, content: s3Content{t, backend, at},
		open: func(addr string, client *http.Client) (*bucket.Bucket, error) {
			return bucket.S3{Bucket: Name, Region: "nl", Endpoint: "http://" + addr, ID: "regio", Secret: "geheim"}.Open(client), nil
		},
	}
	return s.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=regio/") {
			refuseS3(w, http.StatusForbidden, "AccessDenied")
			return
		}
		if r.Method == http.MethodPut {
			at.tick()
			// The signature covers the hash of the body; nothing else of it is checked here.
			text, err := io.ReadAll(r.Body)
			sum := sha256.Sum256(text)
			if err != nil || r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
				refuseS3(w, http.StatusBadRequest, "XAmzContentSHA256Mismatch")
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(text))
		}
		fake.ServeHTTP(w, r)
	}), refuseS3)
}

func refuseS3(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

type s3Content struct {
	testing.TB
	backend *s3mem.Backend
	at      *clock
}

func (c s3Content) Put(key, text string, at time.Time) {
	c.at.set(at)
	if _, err := c.backend.PutObject(Name, key, map[string]string{}, strings.NewReader(text), int64(len(text)), nil); err != nil {
		c.Error(err)
	}
}

func (c s3Content) Get(key string) string {
	o, err := c.backend.GetObject(Name, key, nil)
	if err != nil {
		return ""
	}
	defer func() { _ = o.Contents.Close() }()
	text, err := io.ReadAll(o.Contents)
	if err != nil {
		c.Error(err)
	}
	return string(text)
}

func (c s3Content) Remove(key string) {
	if _, err := c.backend.DeleteObject(Name, key); err != nil {
		c.Error(err)
	}
}

func (c s3Content) Keys() (keys []string) {
	list, err := c.backend.ListBucket(Name, nil, gofakes3.ListBucketPage{})
	if err != nil {
		c.Error(err)
		return nil
	}
	for _, o := range list.Contents {
		keys = append(keys, o.Key)
	}
	return keys
}
