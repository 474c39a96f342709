package ledger

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLedger(t *testing.T) {
	l := Ledger{Dir: filepath.Join(t.TempDir(), "runs")}
	at := time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC)
	for _, want := range []string{"20210104T013000Z", "20210104T013000Z-2", "20210104T013000Z-3"} {
		id, err := l.NewID(at)
		if err != nil || id != want {
			t.Fatalf("id %s, %v; want %s", id, err, want)
		}
		if err := l.Write(&Run{ID: id, Started: at, Outcome: "published"}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := l.Read("20210104T013000Z-2")
	if err != nil || r.Outcome != "published" {
		t.Errorf("read %+v, %v", r, err)
	}
	for _, id := range []string{"x", "../x", "", "20210104T013000Z\x00", "20210104T013000Z-" + strings.Repeat("a", 300), "20210104T013000Z/../20210104T013000Z"} {
		if _, err := l.Read(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("read %q: %v", id, err)
		}
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".lock")
	release, err := Lock(path, Holder{PID: 7, Host: "werkplek", What: "run x"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(path, Holder{PID: 8})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder.PID != 7 || !strings.Contains(err.Error(), "process 7 on werkplek") {
		t.Errorf("second lock: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, err = Lock(path, Holder{PID: 8})
	if err != nil {
		t.Fatalf("lock after release: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
