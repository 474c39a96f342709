// Package buckettest runs object stores for tests: an S3 server from a library, and our own server that
// answers calls of the Azure Blob service as documented.
package buckettest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"inbeeld/pipeline/bucket"
)

// Name is the bucket of a store.
const Name = "emmer"

// A Store is a server with one bucket, on this machine.
type Store struct {
	// Addr is host:port.
	Addr string
	// Env has the credentials: WIE and GEHEIM for S3, SLEUTEL and SAS for Azure.
	Env map[string]string
	content
	open func(addr string, client *http.Client) (*bucket.Bucket, error)

	mu     sync.Mutex
	before func(*http.Request) (status int, code string)
}

// content reads and writes the objects of a server by key.
type content interface {
	// Put writes an object with a modification time.
	Put(key, text string, at time.Time)
	// Get returns an object, or "" if there is none.
	Get(key string) string
	Remove(key string)
	Keys() []string
}

// Before makes the server call do before it answers a request. If do returns a status other than 0, that is
// the answer.
func (s *Store) Before(do func(r *http.Request) (status int, code string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = do
}

// Deny makes the server answer every request with 403.
func (s *Store) Deny() {
	s.Before(func(*http.Request) (int, string) { return http.StatusForbidden, "AccessDenied" })
}

// Bucket opens the bucket.
func (s *Store) Bucket(t testing.TB) *bucket.Bucket {
	t.Helper()
	b, err := s.open(s.Addr, &http.Client{Transport: &http.Transport{DisableCompression: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// serve starts the server. reject writes an error response of the store.
func (s *Store) serve(t testing.TB, h http.Handler, reject func(w http.ResponseWriter, status int, code string)) *Store {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		before := s.before
		s.mu.Unlock()
		if before != nil {
			if status, code := before(r); status != 0 {
				reject(w, status, code)
				return
			}
		}
		h.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	s.Addr = server.Listener.Addr().String()
	return s
}

// A clock advances by a second with each write.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at.UTC()
}

func (c *clock) tick() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}
