package mart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/bucket"
	"inbeeld/pipeline/testing/buckettest"
)

// An away is the folder of a copy in an object store, and the store itself.
type away struct {
	*testing.T
	*buckettest.Store
	to BucketCopy
}

// eachStore runs a test for every kind of object store.
func eachStore(t *testing.T, test func(t *testing.T, a away)) {
	for kind, start := range map[string]func(testing.TB) *buckettest.Store{"S3": buckettest.S3, "Azure": buckettest.Azure} {
		t.Run(kind, func(t *testing.T) {
			s := start(t)
			s.Put("ander/begroting.xlsx", "of another", night(1))
			test(t, away{t, s, BucketCopy{Bucket: s.Bucket(t), Prefix: "bi/cijfers/", Keep: 2, Progress: func() {}}})
		})
	}
}

// follows follows the pointer and returns the version and its files, as a reader gets them, or an error if
// a file differs from the pointer or the manifest.
func (a away) follows() (version string, files map[string]string, err error) {
	text := a.Get("bi/cijfers/current.json")
	if text == "" {
		return "", nil, nil
	}
	var p Pointer
	var m Manifest
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return "", nil, err
	}
	if err := json.Unmarshal([]byte(a.Get("bi/cijfers/"+p.Prefix+"manifest.json")), &m); err != nil {
		return "", nil, fmt.Errorf("the manifest of %s: %w", p.Version, err)
	}
	files = map[string]string{}
	for _, f := range p.Files {
		content := a.Get("bi/cijfers/" + p.Prefix + f.Path)
		sum := sha256.Sum256([]byte(content))
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(content)) != f.Size {
			return "", nil, fmt.Errorf("%s of %s is not what the pointer says: %q", f.Path, p.Version, content)
		}
		files[f.Path] = content
	}
	if p.Version != m.Run || p.Run != m.Run || p.Set != m.Set || SetFingerprint(m.Files) != p.Set || !p.Published.Equal(m.Published) || len(files) != len(dataFiles(m.Files)) {
		return "", nil, fmt.Errorf("pointer %+v, manifest %+v", p, m)
	}
	if a.Get("bi/cijfers/"+p.Prefix+"datapackage.json") == "" {
		return "", nil, errors.New("no data package")
	}
	return p.Version, files, nil
}

func (a away) mirror(s Store) (string, error) { return s.CopyToBucket(a.Context(), a.to) }

// publish publishes the nights from nacht-1 on.
func (a away) publish(s Store, nights ...map[string]string) {
	a.Helper()
	for i, files := range nights {
		publishFiles(a.T, s, fmt.Sprint("nacht-", i+1), night(i+1), files)
	}
}

// begin copies two of three nights, and publishes the third.
func (a away) begin(s Store) {
	a.Helper()
	a.Before(nil)
	for _, key := range a.Keys() {
		if strings.HasPrefix(key, a.to.Prefix) {
			a.Remove(key)
		}
	}
	for _, run := range []string{"nacht-1", "nacht-2", "nacht-3"} {
		if err := s.Switch(run); err != nil {
			a.Fatal(err)
		}
		if run == "nacht-3" {
			return
		}
		if _, err := a.mirror(s); err != nil {
			a.Fatal(err)
		}
	}
}

// serves fails unless a reader gets the version, with all files that are not intern.
func (a away) serves(version string, want map[string]string) {
	a.Helper()
	got, files, err := a.follows()
	if got != version || err != nil {
		a.Errorf("the pointer is at %q, not %q, %v", got, version, err)
	}
	open := map[string]string{}
	for path, text := range want {
		if !strings.HasPrefix(path, "intern/") {
			open[path] = text
		}
	}
	if diff := cmp.Diff(open, files); diff != "" {
		a.Errorf("%s: %s", version, diff)
	}
	for _, key := range a.Keys() {
		if strings.Contains(key, "intern") || strings.Contains(a.Get(key), "persons") {
			a.Errorf("persons are in %s", key)
		}
	}
	if a.Get("ander/begroting.xlsx") != "of another" {
		a.Error("what is of another was touched")
	}
}

// versions returns the versions with at least one object.
func (a away) versions() (names []string) {
	for _, key := range a.Keys() {
		if rest, ok := strings.CutPrefix(key, "bi/cijfers/versions/"); ok {
			names = append(names, strings.Split(rest, "/")[0])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestMirrorTo(t *testing.T) {
	eachStore(t, func(t *testing.T, a away) {
		s := newStore(t)
		if version, err := a.mirror(s); version != "" || err != nil || len(a.Keys()) != 1 {
			t.Errorf("nothing published: %q, %v, %v", version, err, a.Keys())
		}
		for i, files := range []map[string]string{first, second, first} {
			run := fmt.Sprint("nacht-", i+1)
			publishFiles(t, s, run, night(i+1), files)
			for range 2 {
				if version, err := a.mirror(s); version != run || err != nil {
					t.Fatalf("%s: %q, %v", run, version, err)
				}
				a.serves(run, files)
			}
		}
		if got := a.versions(); !slices.Equal(got, []string{"nacht-2", "nacht-3"}) {
			t.Errorf("versions %v", got)
		}
		var put []string
		a.Before(func(r *http.Request) (int, string) {
			if r.Method != http.MethodGet {
				put = append(put, r.Method+" "+r.URL.Path)
			}
			return 0, ""
		})
		if _, err := a.mirror(s); err != nil || len(put) > 0 {
			t.Errorf("nothing was new, and it did %v, %v", put, err)
		}
		// A rollback only points at a version that is still there, and puts one that is not again.
		if err := s.Switch("nacht-2"); err != nil {
			t.Fatal(err)
		}
		if _, err := a.mirror(s); err != nil || len(put) != 1 || !strings.HasSuffix(put[0], "current.json") {
			t.Errorf("%v, %v", put, err)
		}
		a.serves("nacht-2", second)
		if err := s.Switch("nacht-1"); err != nil {
			t.Fatal(err)
		}
		if _, err := a.mirror(s); err != nil {
			t.Error(err)
		}
		a.serves("nacht-1", first)
		// Damaged and missing objects are put again.
		for _, damage := range []func(){
			func() { a.Put("bi/cijfers/versions/nacht-1/b.parquet", "cut short", night(9)) },
			func() { a.Remove("bi/cijfers/versions/nacht-1/a.parquet") },
			func() { a.Remove("bi/cijfers/versions/nacht-1/manifest.json") },
			func() { a.Put("bi/cijfers/versions/nacht-1/manifest.json", "{}", night(9)) },
			func() { a.Remove("bi/cijfers/versions/nacht-1/datapackage.json") },
			func() { a.Remove("bi/cijfers/current.json") },
			func() { a.Put("bi/cijfers/current.json", "{", night(9)) },
		} {
			damage()
			if _, err := a.mirror(s); err != nil {
				t.Error(err)
			}
			a.serves("nacht-1", first)
		}
	})
}

// The store fails at any request, or the copy crashes after any step. A reader who follows the pointer always
// gets a complete version, and the next copy succeeds, also of another version.
func TestMirrorToCrash(t *testing.T) {
	eachStore(t, func(t *testing.T, a away) {
		s := newStore(t)
		a.publish(s, first, second, first)
		for n := int64(1); ; n++ {
			a.begin(s)
			var asked atomic.Int64
			watch := func(status int) func(*http.Request) (int, string) {
				return func(*http.Request) (int, string) {
					if version, _, err := a.follows(); err != nil || version == "" {
						t.Errorf("request %d: a reader sees %q, %v", asked.Load()+1, version, err)
					}
					if asked.Add(1) == n {
						return status, "ServerBusy"
					}
					return 0, ""
				}
			}
			a.Before(watch(http.StatusServiceUnavailable))
			version, err := a.mirror(s)
			if asked.Load() < n {
				if version != "nacht-3" || err != nil || n < 12 {
					t.Errorf("after %d requests: %q, %v", n-1, version, err)
				}
				return
			}
			var fault *bucket.Fault
			if !errors.As(err, &fault) || !fault.Transient() {
				t.Errorf("request %d: %q, %v", n, version, err)
			}
			want := []string{"nacht-1", "nacht-2", "nacht-3"}[n%3]
			if err := s.Switch(want); err != nil {
				t.Fatal(err)
			}
			a.Before(watch(0))
			if version, err := a.mirror(s); version != want || err != nil {
				t.Errorf("request %d, the next time: %q, %v", n, version, err)
			}
			a.serves(want, []map[string]string{first, second, first}[n%3])
			if got := a.versions(); len(got) != 2 || !slices.Contains(got, want) {
				t.Errorf("request %d: versions %v", n, got)
			}
		}
	})
}

func TestMirrorToKilled(t *testing.T) {
	eachStore(t, func(t *testing.T, a away) {
		s := newStore(t)
		a.publish(s, first, second, second)
		for step := 1; ; step++ {
			a.begin(s)
			failing, steps := s, 0
			failing.after = func(string) {
				if steps++; steps == step {
					panic(errCrash)
				}
			}
			err := crashing(func() error {
				_, err := failing.CopyToBucket(t.Context(), a.to)
				return err
			})
			if _, _, err := a.follows(); err != nil {
				t.Errorf("step %d: %v", step, err)
			}
			if err == nil {
				if step < 8 {
					t.Errorf("only %d steps", step)
				}
				return
			}
			if _, err := a.mirror(s); err != nil {
				t.Errorf("step %d: %v", step, err)
			}
			a.serves("nacht-3", second)
			if got := a.versions(); len(got) != 2 {
				t.Errorf("step %d: versions %v", step, got)
			}
		}
	})
}

func TestMirrorToRefused(t *testing.T) {
	eachStore(t, func(t *testing.T, a away) {
		s := newStore(t)
		publishFiles(t, s, "nacht-1", night(1), first)
		used := a.to
		used.Prefix = "ander/"
		if version, err := s.CopyToBucket(t.Context(), used); version != "" || err == nil || err.Error() != "it contains objects that inbeeld did not write; name an empty folder in the bucket" {
			t.Errorf("%q, %v", version, err)
		}
		if len(a.Keys()) != 1 {
			t.Errorf("in the folder of another: %v", a.Keys())
		}
		a.Put("bi/cijfers/", "", night(1)) // the mark of a console
		if _, err := a.mirror(s); err != nil {
			t.Error(err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.CopyToBucket(cancelled, a.to); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		// A published file that is damaged is not uploaded.
		publishFiles(t, s, "nacht-2", night(2), second)
		if err := os.WriteFile(filepath.Join(s.path("nacht-2"), "b.parquet"), []byte("n_w!"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := a.mirror(s); err == nil || !strings.Contains(err.Error(), "copy b.parquet: the sha256 is ") {
			t.Errorf("%v", err)
		}
		a.serves("nacht-1", first)
		a.Deny()
		if _, err := a.mirror(s); err == nil || err.Error() != "read .inbeeld: the server answers 403 AccessDenied" {
			t.Errorf("%v", err)
		}
	})
}
