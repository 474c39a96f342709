package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/serve"
	"inbeeld/pipeline/testing/need"
	"inbeeld/schedules"
)

var soakRuns = flag.Int("soak-runs", need.Count(12, 200), "how many short runs the service starts in the soak test")

// TestSoak has one supervisor start many short runs, each a process, and looks at what it holds on to.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newServed(t, "cron: '* * * * *'\ntimezone: UTC\ncatch_up: all\n")
	text, err := os.ReadFile(filepath.Join(s.project, "schedules", "nacht.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	schedule, faults := schedules.ParseSchedule("schedules/nacht.yaml", text)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	book := ledger.Ledger{Dir: filepath.Join(s.data, "runs")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "inbeeld")
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", asProgram, self)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	launcher := serve.Launcher{Program: program, Args: []string{"--data", s.data, "--project", s.project}, Ledger: book}
	now, began := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC), time.Now()
	sup := &serve.Supervisor{
		Ledger: book, Index: &ledger.Index{Ledger: book}, Grace: time.Second, MaxSleep: time.Second, Log: zerolog.Nop(), Keep: 200,
		Launch:  func(o serve.Order) (serve.Child, error) { return launcher.Launch(t.Context(), o) },
		Free:    func() (bool, error) { return ledger.Free(ledger.LockPath(s.data)) },
		Current: func() (string, error) { return "", nil },
		Inbox:   func([]string) ([]serve.Waiting, error) { return nil, nil },
		Elapsed: func() time.Duration { return time.Since(began) },
	}
	sup.Replace([]*schedules.Schedule{schedule})
	sup.Tick(now, false)
	s.deliver("20240131", "1;C;2024-01-02;1,50\n")
	warm := *soakRuns / 4
	var before held
	for n := range *soakRuns {
		if n == warm {
			before = holds(t)
		}
		now = now.Add(time.Minute)
		sup.Tick(now, false)
		for sup.Going() != nil {
			<-sup.Going()
			sup.Tick(now, false)
		}
		r, err := book.Read(ledger.WindowID("nacht", now))
		if err != nil || r.Outcome != "published" && r.Outcome != "nothing_to_do" {
			t.Fatalf("run %d: %+v, %v", n, r, err)
		}
	}
	after := holds(t)
	t.Logf("%d runs in %s; from run %d on: heap %d → %d kB, resident %d → %d kB, open files %d → %d, goroutines %d → %d",
		*soakRuns, time.Since(began).Round(time.Second), warm, before.heap>>10, after.heap>>10, before.resident, after.resident, before.files, after.files, before.goroutines, after.goroutines)
	// Other tests of this package run beside this one, so there is room for theirs.
	if after.heap > before.heap+(8<<20) || after.files > before.files+50 || after.goroutines > before.goroutines+100 {
		t.Error("the service holds on to what it should not")
	}
}

// held is what this process holds.
type held struct {
	heap              uint64
	resident          int // kB
	files, goroutines int
}

func holds(t *testing.T) held {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h := held{heap: m.HeapAlloc, goroutines: runtime.NumGoroutine()}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	h.files = len(entries)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &h.resident); err != nil {
		t.Fatal(err)
	}
	return h
}
