package sources

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// A wallClock is the clock of a server, at the minute of what was put there last.
type wallClock struct{ at atomic.Int64 }

func (c *wallClock) Now() time.Time                  { return time.Unix(c.at.Load(), 0).UTC() }
func (c *wallClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c *wallClock) set(minutes int) {
	c.at.Store(newYear.Add(time.Duration(minutes) * time.Minute).Unix())
}

func s3Host(t *testing.T) *host {
	clock := &wallClock{}
	store := s3mem.New(s3mem.WithTimeSource(clock))
	if err := store.CreateBucket("emmer"); err != nil {
		t.Fatal(err)
	}
	var denied atomic.Bool
	fake := gofakes3.New(store, gofakes3.WithTimeSource(clock), gofakes3.WithTimeSkewLimit(0), gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if denied.Load() || !strings.Contains(r.Header.Get("Authorization"), "Credential=regio/") {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
			return
		}
		fake.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	put := func(name, text string, minutes int) {
		clock.set(minutes)
		if _, err := store.PutObject("emmer", "uit/"+name, map[string]string{}, strings.NewReader(text), int64(len(text)), nil); err != nil {
			t.Fatal(err)
		}
	}
	put("", "", 0) // the mark that consoles make for an empty folder
	w := newWire(t, server.Listener.Addr().String())
	at := func(bucket string) string {
		return "{s3: 's3://" + bucket + "/uit', endpoint: 'http://" + w.addr() + "', region: nl, access_key: 'env:WIE', secret_key: 'env:GEHEIM'}"
	}
	const label = "s3://emmer/uit"
	return &host{
		from: at("emmer"), missing: at("niets"), env: map[string]string{"WIE": "regio", "GEHEIM": "geheim"}, label: label, file: "sonar_20201231.csv",
		put: func(text string, minutes int) { put("sonar_20201231.csv", text, minutes) },
		gone: func() {
			if _, err := store.DeleteObject("emmer", "uit/sonar_20201231.csv"); err != nil {
				t.Fatal(err)
			}
		},
		other: put, wire: w, whole: true, resumes: true,
		lies: func() []string {
			list, err := store.ListBucket("emmer", nil, gofakes3.ListBucketPage{})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, o := range list.Contents {
				if name := strings.TrimPrefix(o.Key, "uit/"); name != "" {
					names = append(names, name)
				}
			}
			return names
		},
		deny: func() { denied.Store(true) },
		says: objectStoreSays(label, "s3://niets/uit : it does not exist (404 NoSuchBucket); check the address in the contract",
			label+" : no access (403 AccessDenied); check the credentials, and what they may read"),
	}
}

// objectStoreSays are the messages that object stores share.
func objectStoreSays(label, missing, denied string) map[string]string {
	return map[string]string{
		"drops":          label + " sonar_20201231.csv: copy: unexpected EOF (tried 4 times)",
		"silent":         label + " : no answer for 200ms (tried 4 times)",
		"silent halfway": label + " sonar_20201231.csv: no answer for 800ms (tried 4 times)",
		"refuses":        label + " : dial tcp HOST: connect: connection refused (tried 4 times)",
		"missing":        missing,
		"denied":         denied,
	}
}

func TestS3Place(t *testing.T) { testPlace(t, s3Host) }
