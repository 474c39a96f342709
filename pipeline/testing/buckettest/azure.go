package buckettest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"inbeeld/pipeline/bucket"
)

// A blobServer implements the calls of the Blob service that a bucket needs: List Blobs, Get Blob, Get Blob
// Properties, Put Blob, Copy Blob and Delete Blob, signed with the shared key of the account or with
// the SAS token "sig=geheim".
type blobServer struct {
	account string
	key     []byte
	clock

	mu    sync.Mutex
	blobs map[string]storedBlob
}

type storedBlob struct {
	text []byte
	at   time.Time
}

// Azure starts a server with the account regio and the container Name.
func Azure(t testing.TB) *Store {
	b := &blobServer{account: "regio", key: []byte("een sleutel van de rekening"), blobs: map[string]storedBlob{}}
	b.set(time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC))
	key := base64.StdEncoding.EncodeToString(b.key)
	s := &Store{
		Env: map[string]string{"SLEUTEL": key, "SAS": "?sv=2024-11-04&sig=geheim"}, content: b,
		open: func(addr string, client *http.Client) (*bucket.Bucket, error) {
			return bucket.Azure{Container: Name, Account: b.account, Endpoint: "http://" + addr, Key: key}.Open(client)
		},
	}
	return s.serve(t, b, refuse)
}

func (b storedBlob) etag() string {
	sum := md5.Sum(append([]byte(b.at.String()), b.text...))
	return "0x" + strings.ToUpper(hex.EncodeToString(sum[:8]))
}

// Put writes a blob.
func (s *blobServer) Put(key, text string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(at)
	s.blobs[key] = storedBlob{[]byte(text), at}
}

// Get returns a blob.
func (s *blobServer) Get(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.blobs[key].text)
}

// Remove removes a blob.
func (s *blobServer) Remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, key)
}

// Keys lists the blobs.
func (s *blobServer) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.blobs))
}

func (s *blobServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	container, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case r.Header.Get("Authorization") != s.sign(r) && query.Get("sig") != "geheim":
		refuse(w, http.StatusForbidden, "AuthenticationFailed")
	case container != Name:
		refuse(w, http.StatusNotFound, "ContainerNotFound")
	case name == "" && query.Get("comp") == "list":
		s.list(w, query)
	default:
		s.one(w, r, name)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// sign returns the Authorization header that a request must have.
func (s *blobServer) sign(r *http.Request) string {
	var headers []string
	for name, values := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			headers = append(headers, name+":"+strings.TrimSpace(values[0])+"\n")
		}
	}
	slices.Sort(headers)
	resource := "/" + s.account + r.URL.EscapedPath()
	query := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		slices.Sort(values)
		resource += "\n" + strings.ToLower(name) + ":" + strings.Join(values, ",")
	}
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	h := r.Header.Get
	text := strings.Join([]string{
		r.Method, h("Content-Encoding"), h("Content-Language"), length, h("Content-MD5"), h("Content-Type"), "", h("If-Modified-Since"),
		h("If-Match"), h("If-None-Match"), h("If-Unmodified-Since"), h("Range"), strings.Join(headers, "") + resource,
	}, "\n")
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return "SharedKey " + s.account + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// list returns pages of at most two names, so that clients must page.
func (s *blobServer) list(w http.ResponseWriter, query url.Values) {
	type properties struct {
		LastModified  string `xml:"Last-Modified"`
		ETag          string `xml:"Etag"`
		ContentLength int    `xml:"Content-Length"`
		BlobType      string
	}
	type entry struct {
		XMLName    xml.Name
		Name       string
		Properties *properties `xml:",omitempty"`
	}
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	seen := map[string]entry{}
	for name, b := range s.blobs {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if folder, _, deep := strings.Cut(rest, delimiter); deep && delimiter != "" {
			at := prefix + folder + delimiter
			seen[at] = entry{XMLName: xml.Name{Local: "BlobPrefix"}, Name: at}
			continue
		}
		seen[name] = entry{xml.Name{Local: "Blob"}, name, &properties{b.at.Format(http.TimeFormat), b.etag(), len(b.text), "BlockBlob"}}
	}
	names := slices.Sorted(maps.Keys(seen))
	from, _ := slices.BinarySearch(names, query.Get("marker"))
	page := struct {
		XMLName    xml.Name `xml:"EnumerationResults"`
		Blobs      struct{ Entries []entry }
		NextMarker string
	}{}
	for _, name := range names[from:] {
		if len(page.Blobs.Entries) == 2 {
			page.NextMarker = name
			break
		}
		page.Blobs.Entries = append(page.Blobs.Entries, seen[name])
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(page)
}

// one answers a request for one blob.
func (s *blobServer) one(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method == http.MethodPut {
		if source := r.Header.Get("x-ms-copy-source"); source != "" {
			s.copy(w, r, source, name)
		} else {
			s.write(w, r, name)
		}
		return
	}
	b, ok := s.blobs[name]
	if !ok {
		refuse(w, http.StatusNotFound, "BlobNotFound")
		return
	}
	if differs(r.Header.Get("If-Match"), b) {
		refuse(w, http.StatusPreconditionFailed, "ConditionNotMet")
		return
	}
	w.Header().Set("ETag", `"`+b.etag()+`"`)
	w.Header().Set("Last-Modified", b.at.Format(http.TimeFormat))
	w.Header().Set("x-ms-creation-time", b.at.Format(http.TimeFormat))
	switch r.Method {
	case http.MethodDelete:
		delete(s.blobs, name)
		w.WriteHeader(http.StatusAccepted)
	case http.MethodHead:
		w.Header().Set("Content-Length", strconv.Itoa(len(b.text)))
	case http.MethodGet:
		s.read(w, r, b)
	default:
		refuse(w, http.StatusMethodNotAllowed, "UnsupportedHttpVerb")
	}
}

// differs reports whether a blob fails a condition.
func differs(match string, b storedBlob) bool {
	return match != "" && strings.Trim(match, `"`) != b.etag()
}

func (s *blobServer) copy(w http.ResponseWriter, r *http.Request, source, name string) {
	u, err := url.Parse(source)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidHeaderValue")
		return
	}
	from, ok := s.blobs[strings.TrimPrefix(u.Path, "/"+Name+"/")]
	if !ok {
		refuse(w, http.StatusNotFound, "BlobNotFound")
		return
	}
	if differs(r.Header.Get("x-ms-source-if-match"), from) {
		refuse(w, http.StatusPreconditionFailed, "SourceConditionNotMet")
		return
	}
	s.blobs[name] = from
	w.Header().Set("x-ms-copy-status", "success")
	w.Header().Set("x-ms-copy-id", "1")
	w.WriteHeader(http.StatusAccepted)
}

// write implements Put Blob for a complete block blob, with its MD5.
func (s *blobServer) write(w http.ResponseWriter, r *http.Request, name string) {
	if r.Header.Get("x-ms-blob-type") != "BlockBlob" || r.URL.Query().Get("comp") != "" {
		refuse(w, http.StatusBadRequest, "InvalidHeaderValue")
		return
	}
	// A slow body must not block other requests.
	s.mu.Unlock()
	text, err := io.ReadAll(r.Body)
	s.mu.Lock()
	sum := md5.Sum(text)
	if err != nil || r.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) {
		refuse(w, http.StatusBadRequest, "Md5Mismatch")
		return
	}
	b := storedBlob{text, s.tick()}
	s.blobs[name] = b
	w.Header().Set("ETag", `"`+b.etag()+`"`)
	w.Header().Set("Last-Modified", b.at.Format(http.TimeFormat))
	w.WriteHeader(http.StatusCreated)
}

func (s *blobServer) read(w http.ResponseWriter, r *http.Request, b storedBlob) {
	text, status := b.text, http.StatusOK
	if span := r.Header.Get("x-ms-range"); span != "" {
		var from int
		if _, err := fmt.Sscanf(span, "bytes=%d-", &from); err != nil || from >= len(text) {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(text)-1, len(text)))
		text, status = text[from:], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	// The text is never changed in place, so sending it does not block other requests.
	s.mu.Unlock()
	defer s.mu.Lock()
	_, _ = w.Write(text)
}
