package need

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// record notes how a test ended.
type record struct {
	testing.TB
	end string
}

func (r *record) Helper()           {}
func (r *record) Skip(args ...any)  { r.end = "skip: " + fmt.Sprint(args...) }
func (r *record) Fatal(args ...any) { r.end = "fail: " + fmt.Sprint(args...) }

func TestSpeeds(t *testing.T) {
	before := full
	t.Cleanup(func() { full = before })
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for name, mode := range map[string]os.FileMode{"abacus": 0o700, "data": 0o600, "v1": 0o700, "v2": 0o700} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, value := range []string{"", "full"} {
		full = isFull(value)
		kind, count := "skip", 2
		if full {
			kind, count = "fail", 200
		}
		if got := Count(2, 200); got != count {
			t.Errorf("%q: Count is %d", value, got)
		}
		r := &record{TB: t}
		if Slow(r); (r.end == "") != full {
			t.Errorf("%q: Slow ends in %q", value, r.end)
		}
		r = &record{TB: t}
		if got := Program(r, "abaci", "telraam", "abacus"); got != filepath.Join(dir, "abacus") || r.end != "" {
			t.Errorf("%q: %q, %s", value, got, r.end)
		}
		if got := Program(r, "nines", filepath.Join(dir, "v*")); got != filepath.Join(dir, "v2") || r.end != "" {
			t.Errorf("%q: %q, %s", value, got, r.end)
		}
		Program(r, "databank", "data", filepath.Join(dir, "x*"))
		if want := kind + ": there is no data or " + filepath.Join(dir, "x*") + "; install it: apt-get install databank"; r.end != want {
			t.Errorf("%q: %s, want %s", value, r.end, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("another value is taken")
		}
	}()
	isFull("slow")
}

// skips matches the code that skips a test, in Go and in a script.
var skips = regexp.MustCompile(`\b[a-z]\.Skip(f|Now)?\(|testing\.Short\(|(?m:^(\[.*\] *)*skip\b)`)

// TestNothingElseSkips checks that CI runs every test: a skip elsewhere would be silent.
func TestNothingElseSkips(t *testing.T) {
	root := os.DirFS("../../..")
	seen := 0
	err := fs.WalkDir(root, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || strings.HasPrefix(path, "pipeline/testing/need/") || !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "/testdata/script/") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return nil //nolint:nilerr // a folder
		}
		seen++
		if found := skips.Find(text); found != nil {
			t.Errorf("%s: %q: use package need", path, found)
		}
		return nil
	})
	if err != nil || seen < 150 {
		t.Errorf("%d files, %v", seen, err)
	}
}
