package bucket_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/bucket"
	"inbeeld/pipeline/testing/buckettest"
)

var newYear = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// Every kind of store behaves the same, also with odd keys.
func TestBucket(t *testing.T) {
	for kind, start := range map[string]func(testing.TB) *buckettest.Store{"S3": buckettest.S3, "Azure": buckettest.Azure} {
		for name, test := range map[string]func(t *testing.T, s *buckettest.Store, b *bucket.Bucket){
			"put": putsAndReads, "lists": lists, "opens one version": opensOneVersion, "copies": copies, "deletes": deletes,
			"damaged on its way": damaged, "answers": answers,
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				s := start(t)
				test(t, s, s.Bucket(t))
			})
		}
	}
}

func putsAndReads(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	for _, key := range []string{"a", "map/b c.csv", "map/é+%&?#.json", "leeg"} {
		text := strings.TrimPrefix(key, "leeg")
		if err := b.Write(t.Context(), key, []byte(text)); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		got, err := b.Read(t.Context(), key)
		if string(got) != text || err != nil || s.Get(key) != text {
			t.Errorf("%s: %q, stored %q, %v", key, got, s.Get(key), err)
		}
	}
	const sum = "d74ff0ee8da3b9806b18c877dbf29bbde50b5bd8e4dad7a3a725000feb82e8f1" // of pass
	if err := b.Put(t.Context(), "goed", strings.NewReader("pass"), sum); err != nil || s.Get("goed") != "pass" {
		t.Errorf("%v", err)
	}
	if err := b.Put(t.Context(), "fout", strings.NewReader("past"), sum); err == nil || !strings.Contains(err.Error(), "the sha256 is ") || s.Get("fout") != "" {
		t.Errorf("what is not what it should be was written: %v", err)
	}
}

func lists(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	for _, key := range []string{"uit/a", "uit/b", "uit/c", "uit/d/e", "uit/d/f/g", "ander"} {
		s.Put(key, key, newYear)
	}
	names := func(prefix, delimiter string) (keys, folders []string) {
		t.Helper()
		objects, folders, err := b.List(t.Context(), prefix, delimiter)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			keys = append(keys, o.Key)
			if o.Size != int64(len(o.Key)) || !o.Modified.Equal(newYear) || o.ETag == "" || strings.Contains(o.ETag, `"`) {
				t.Errorf("%+v", o)
			}
		}
		slices.Sort(keys)
		return keys, folders
	}
	for _, c := range []struct {
		prefix, delimiter string
		keys, folders     []string
	}{
		{"uit/", "/", []string{"uit/a", "uit/b", "uit/c"}, []string{"uit/d/"}},
		{"uit/", "", []string{"uit/a", "uit/b", "uit/c", "uit/d/e", "uit/d/f/g"}, nil},
		{"", "/", []string{"ander"}, []string{"uit/"}},
		{"niets/", "/", nil, nil},
	} {
		keys, folders := names(c.prefix, c.delimiter)
		if diff := cmp.Diff([][]string{c.keys, c.folders}, [][]string{keys, folders}); diff != "" {
			t.Errorf("%q %q: %s", c.prefix, c.delimiter, diff)
		}
	}
}

func opensOneVersion(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	s.Put("a", "aap noot", newYear)
	o, err := b.Stat(t.Context(), "a")
	if err != nil || o.Size != 8 || o.ETag == "" {
		t.Fatalf("%+v, %v", o, err)
	}
	r, err := b.Open(t.Context(), o, 4)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); string(text) != "noot" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	s.Put("a", "mies aap", newYear.Add(time.Minute))
	if _, err := b.Open(t.Context(), o, 0); !errors.Is(err, bucket.ErrChanged) {
		t.Errorf("another version was opened: %v", err)
	}
	s.Remove("a")
	if _, err := b.Open(t.Context(), o, 0); !errors.Is(err, bucket.ErrMissing) {
		t.Errorf("%v", err)
	}
	if _, err := b.Stat(t.Context(), "a"); !errors.Is(err, bucket.ErrMissing) {
		t.Errorf("%v", err)
	}
	if _, err := b.Read(t.Context(), "a"); !errors.Is(err, bucket.ErrMissing) {
		t.Errorf("%v", err)
	}
}

func copies(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	s.Put("map/a b", "aap", newYear)
	o, err := b.Stat(t.Context(), "map/a b")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Copy(t.Context(), o, "oud/a b"); err != nil || s.Get("oud/a b") != "aap" || s.Get("map/a b") != "aap" {
		t.Errorf("%v", err)
	}
	s.Remove("map/a b")
	if err := b.Copy(t.Context(), o, "weg"); !errors.Is(err, bucket.ErrMissing) {
		t.Errorf("%v", err)
	}
}

func deletes(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	s.Put("a", "aap", newYear)
	for range 2 {
		if err := b.Delete(t.Context(), "a"); err != nil || len(s.Keys()) > 0 {
			t.Errorf("%v", err)
		}
	}
}

// damaged changes the body of a put in transit.
func damaged(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	s.Before(func(r *http.Request) (int, string) {
		if r.Method == http.MethodPut {
			r.Body = io.NopCloser(strings.NewReader("app"))
		}
		return 0, ""
	})
	var fault *bucket.Fault
	if err := b.Write(t.Context(), "a", []byte("aap")); !errors.As(err, &fault) || fault.Status != http.StatusBadRequest || s.Get("a") != "" {
		t.Errorf("stored %q, %v", s.Get("a"), err)
	}
}

func answers(t *testing.T, s *buckettest.Store, b *bucket.Bucket) {
	for _, c := range []struct {
		status             int
		code               string
		missing, transient bool
	}{
		{http.StatusForbidden, "AccessDenied", false, false},
		{http.StatusNotFound, "NoSuchBucket", false, false},
		{http.StatusNotFound, "ContainerNotFound", false, false},
		{http.StatusNotFound, "NoSuchKey", true, false},
		{http.StatusServiceUnavailable, "ServerBusy", false, true},
		{http.StatusTooManyRequests, "SlowDown", false, true},
	} {
		asked := 0
		s.Before(func(*http.Request) (int, string) { asked++; return c.status, c.code })
		_, err := b.Read(t.Context(), "a")
		var fault *bucket.Fault
		if !errors.As(err, &fault) || fault.Status != c.status || fault.Code != c.code || errors.Is(err, bucket.ErrMissing) != c.missing || fault.Transient() != c.transient {
			t.Errorf("%s: %#v", c.code, err)
		}
		if asked != 1 {
			t.Errorf("%s: asked %d times", c.code, asked)
		}
	}
}

// Also over TLS, the signature for S3 covers the SHA-256 of the body, and Azure gets its MD5.
func TestSumsAreSent(t *testing.T) {
	var headers http.Header
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = r.Header
		w.WriteHeader(map[bool]int{true: http.StatusCreated, false: http.StatusOK}[r.Header.Get("x-ms-blob-type") != ""])
	}))
	defer server.Close()
	azure, err := bucket.Azure{Container: "bak", Account: "regio", Endpoint: server.URL, Key: "AAAA"}.Open(server.Client())
	if err != nil {
		t.Fatal(err)
	}
	s3 := bucket.S3{Bucket: "emmer", Region: "nl", Endpoint: server.URL, ID: "regio", Secret: "geheim"}.Open(server.Client())
	const md5, sha = "Gh3JHJBzJcaScd3wyUS8cg==", "d74ff0ee8da3b9806b18c877dbf29bbde50b5bd8e4dad7a3a725000feb82e8f1" // of pass
	for _, b := range []*bucket.Bucket{azure, s3} {
		if err := b.Write(t.Context(), "a", []byte("pass")); err != nil || headers.Get("Content-Md5") != md5 {
			t.Errorf("%v, %v", err, headers)
		}
	}
	if headers.Get("X-Amz-Content-Sha256") != sha || !strings.Contains(headers.Get("Authorization"), "x-amz-content-sha256") {
		t.Errorf("%v", headers)
	}
}

// No error contains the token.
func TestTokenIsKept(t *testing.T) {
	b, err := bucket.Azure{Container: "bak", Account: "regio", Endpoint: "http://127.0.0.1:1", Token: "sv=1&sig=geheim"}.Open(http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(t.Context(), "a"); err == nil || strings.Contains(err.Error(), "geheim") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
}
