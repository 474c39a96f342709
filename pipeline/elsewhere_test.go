package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/testing/buckettest"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// storesOf are the kinds of object store that a night can publish to.
var storesOf = map[string]struct {
	start func(testing.TB) *buckettest.Store
	place func(bucket, addr string) contract.From
}{
	"S3": {buckettest.S3, func(bucket, addr string) contract.From {
		return contract.From{Kind: contract.FromS3, Address: "s3://" + bucket + "/bi", Endpoint: "http://" + addr, Region: "nl", AccessKey: "env:WIE", SecretKey: "env:GEHEIM"}
	}},
	"Azure": {buckettest.Azure, func(container, addr string) contract.From {
		return contract.From{Kind: contract.FromAzblob, Address: "azblob://" + container + "/bi", Endpoint: "http://" + addr, Account: "regio", Key: "env:SLEUTEL"}
	}},
}

// download follows the pointer of a store, writes what it names to a folder, and holds it against the
// sums of the pointer and against what is published.
func (n nightCase) download(t *testing.T, s *buckettest.Store) (dir string, p mart.Pointer) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.Get("bi/current.json")), &p); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range p.Files {
		text := s.Get("bi/" + p.Prefix + f.Path)
		sum := sha256.Sum256([]byte(text))
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(text)) != f.Size {
			t.Errorf("%s is not what the pointer says", f.Path)
		}
		if here, err := os.ReadFile(n.path("marts", "current", filepath.FromSlash(f.Path))); err != nil || string(here) != text {
			t.Errorf("%s is not what is published, %v", f.Path, err)
		}
		nightWrite(t, filepath.Join(dir, filepath.FromSlash(f.Path)), text)
	}
	return dir, p
}

func TestPublishToStore(t *testing.T) {
	t.Parallel()
	for kind, store := range storesOf {
		t.Run(kind, func(t *testing.T) {
			s := store.start(t)
			n := newNight(t, nightProject(t, nil))
			n.first(t)
			o := nightOptions(n.data, n.project)
			o.Publish.CSV, o.Publish.Keep, o.Env = true, 2, func(name string) string { return s.Env[name] }
			o.Publish.To = store.place("niets", s.Addr)
			run := func(outcome mart.Outcome, failure string) *Result {
				t.Helper()
				result, err := Run(t.Context(), o)
				if err != nil || result.Outcome != outcome {
					t.Fatalf("%+v, %v", result, err)
				}
				status := n.status(t)
				if status.Copy == nil || status.Copy.Failure != failure || status.Copy.Dir != o.Publish.To.Label() {
					t.Fatalf("copy %+v, not failing by %q", status.Copy, failure)
				}
				if failure == "" && status.Copy.Version != status.Version {
					t.Errorf("the copy has version %s, not %s", status.Copy.Version, status.Version)
				}
				return result
			}
			missing := map[string]string{"S3": "NoSuchBucket", "Azure": "ContainerNotFound"}[kind]
			result := run(mart.Published, "it does not exist: read .inbeeld: the server answers 404 "+missing+"; check the address of publish: to")
			if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, "is niet bijgewerkt: it does not exist") {
				t.Errorf("notes %q", notes)
			}
			o.Publish.To = store.place(buckettest.Name, s.Addr)
			s.Deny()
			run(mart.NothingToDo, "no access: read .inbeeld: the server answers 403 AccessDenied; check the credentials of publish: to, and whether they may list, read, write and delete there")
			// It dies between two files: what was put is no version, and nobody is pointed at it.
			var puts atomic.Int64
			s.Before(func(r *http.Request) (int, string) {
				if r.Method == http.MethodPut && puts.Add(1) > 3 {
					panic(http.ErrAbortHandler)
				}
				return 0, ""
			})
			result, err := Run(t.Context(), o)
			if copied := n.status(t).Copy; err != nil || result.Outcome != mart.NothingToDo || !strings.HasSuffix(copied.Failure, " (tried 4 times)") || copied.Version != "" {
				t.Errorf("%+v, %v", copied, err)
			}
			if s.Get("bi/current.json") != "" || len(s.Keys()) != 3 {
				t.Errorf("left behind: %v", s.Keys())
			}
			s.Before(nil)
			run(mart.NothingToDo, "")
			dir, first := n.download(t, s)
			if len(first.Files) != 6 || slices.ContainsFunc(s.Keys(), func(key string) bool { return strings.Contains(key, "intern") }) {
				t.Errorf("files %v, keys %v", first.Files, s.Keys())
			}
			n.readable(t, dir, first)

			n.second(t)
			run(mart.Published, "")
			if _, p := n.download(t, s); p.Version == first.Version || p.Set == first.Set {
				t.Errorf("still at %s", p.Version)
			}
			// What passes is tried again in the same night.
			var asked atomic.Int64
			s.Before(func(*http.Request) (int, string) {
				if asked.Add(1) == 2 {
					return http.StatusServiceUnavailable, "ServerBusy"
				}
				return 0, ""
			})
			if _, err := Rollback(t.Context(), o, "", "test", "proef"); err != nil {
				t.Fatal(err)
			}
			if _, p := n.download(t, s); p.Version != first.Version || n.status(t).Copy.Failure != "" {
				t.Errorf("after the rollback %s, %+v", p.Version, n.status(t).Copy)
			}
		})
	}
}

// readable has DuckDB and Arrow read the Parquet files of a folder.
func (n nightCase) readable(t *testing.T, dir string, p mart.Pointer) {
	t.Helper()
	db, session, err := nightSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(session.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	m, err := mart.ReadManifest(n.path("marts", "current"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, f := range m.Files {
		if !slices.ContainsFunc(p.Files, func(c mart.DataFile) bool { return c.Path == f.Path }) {
			continue
		}
		path := filepath.Join(dir, f.Path)
		row, err := session.Row(t.Context(), "select count(*)::bigint from read_parquet("+quote.Literal(path)+")")
		if err != nil {
			t.Fatal(err)
		}
		table := readParquet(t, path)
		if *row[0] != strconv.FormatInt(f.Rows, 10) || int64(len(table.rows)) != f.Rows || f.Rows == 0 {
			t.Errorf("%s: DuckDB counts %s rows, Arrow %d, the manifest %d", f.Path, *row[0], len(table.rows), f.Rows)
		}
		read++
	}
	if read != 3 {
		t.Errorf("%d files read", read)
	}
}

// A run killed while the store takes its n-th file, whatever n: the pointer is at a whole version, and
// the next run finishes the copy.
func TestPublishToStoreKilled(t *testing.T) {
	t.Parallel()
	for kind, store := range storesOf {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			two, _, _ := twoNights(t)
			for at := int64(1); ; at++ {
				s, n := store.start(t), two.copy(t)
				order := nightOrder{Data: n.data, Project: n.project, PublishTo: store.place(buckettest.Name, s.Addr), Env: s.Env}
				o := nightOptions(n.data, n.project)
				o.Publish.To, o.Env = order.PublishTo, func(name string) string { return s.Env[name] }
				var process atomic.Pointer[os.Process]
				var puts atomic.Int64
				s.Before(func(r *http.Request) (int, string) {
					if r.Method == http.MethodPut && puts.Add(1) == at {
						_ = process.Load().Kill()
					}
					return 0, ""
				})
				killed, err := nightProcessed(t.Context(), order, process.Store)
				if err != nil {
					t.Fatal(err)
				}
				if killed != (puts.Load() >= at) {
					t.Errorf("put %d: killed %v after %d", at, killed, puts.Load())
				}
				s.Before(nil)
				if s.Get("bi/current.json") != "" {
					n.download(t, s)
				}
				if !killed {
					if at < 6 {
						t.Errorf("only %d files", at)
					}
					return
				}
				if _, err := Run(t.Context(), o); err != nil {
					t.Fatal(err)
				}
				if _, p := n.download(t, s); p.Version != n.status(t).Version || n.status(t).Copy.Failure != "" {
					t.Errorf("put %d: %s, %+v", at, p.Version, n.status(t).Copy)
				}
			}
		})
	}
}
