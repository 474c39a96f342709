package serve

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/schedules"
)

// TestStopping stops the service during a run. The wall clock of the world stands still; only the stop timeout
// of the loop is real, and short.
func TestStopping(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		patience time.Duration
		fate     fate
		outcome  string
		attempts int
	}{
		{"the run finishes", time.Hour, fate{outcome: published}, published, 0},
		{"the run takes too long", time.Millisecond, fate{hangs: true}, ledger.Queued, 1},
		{"the run takes too long and is deaf", time.Millisecond, fate{hangs: true, deaf: true}, ledger.Queued, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := nightWorld(t, "")
			w.fate = func(Order, int) fate { return fate{hangs: true, deaf: c.fate.deaf} }
			w.pass(6 * time.Hour)
			child := w.child
			ctx, stop := context.WithCancel(t.Context())
			var sent []string
			began := time.Now()
			w.s.Grace, w.s.Elapsed = time.Millisecond, func() time.Duration { return w.elapsed + time.Since(began) }
			l := Loop{
				Supervisor: w.s, Now: func() time.Time { return w.now }, StopTimeout: c.patience,
				Load: func(context.Context) ([]*schedules.Schedule, error) { return w.list, nil },
				Notify: func(state string) error {
					sent = append(sent, state)
					if state == "STOPPING=1" && c.fate.outcome != "" {
						child.end(c.fate.outcome, Exit{})
					}
					return nil
				},
			}
			stop()
			if err := l.Run(ctx); err != nil {
				t.Fatal(err)
			}
			run := w.entry("nacht", firstWindow)
			if run.Outcome != c.outcome || len(run.Attempts) != c.attempts {
				t.Errorf("%s after %d attempts, want %s after %d", run.Outcome, len(run.Attempts), c.outcome, c.attempts)
			}
			if got := strings.Join(sent, " "); got != "READY=1 STOPPING=1" {
				t.Errorf("sent %s", got)
			}
			// The next service runs the interrupted window, and the interruption is not a failure.
			w.fate = func(Order, int) fate { return fate{outcome: published} }
			w.crash()
			w.pass(time.Hour)
			if run = w.entry("nacht", firstWindow); run.Outcome != published || w.published[run.ID] != 1 {
				t.Errorf("afterwards %s, published %d times", run.Outcome, w.published[run.ID])
			}
		})
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	w := nightWorld(t, "")
	ctx, stop := context.WithCancel(t.Context())
	hangup := make(chan os.Signal)
	var sent, refused []string
	loads := 0
	l := Loop{
		Supervisor: w.s, Now: func() time.Time { return w.now }, Reload: hangup, Heartbeat: time.Minute,
		Load: func(context.Context) ([]*schedules.Schedule, error) {
			if loads++; loads == 2 {
				return nil, errors.New("nacht.yaml:1:1: broken")
			}
			return w.list, nil
		},
		Notify:  func(state string) error { s, _, _ := strings.Cut(state, "="); sent = append(sent, s); return nil },
		Refused: func(why string) { refused = append(refused, why) },
	}
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	hangup <- os.Interrupt
	hangup <- os.Interrupt
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if strings.Join(refused, ";") != "nacht.yaml:1:1: broken;" || loads != 3 {
		t.Errorf("refused %q after %d loads", refused, loads)
	}
	if got := strings.Join(sent, " "); got != "READY WATCHDOG RELOADING READY WATCHDOG RELOADING READY WATCHDOG STOPPING" && !strings.HasPrefix(got, "READY WATCHDOG RELOADING READY WATCHDOG RELOADING READY") {
		t.Errorf("sent %s", got)
	}
	l.Load = func(context.Context) ([]*schedules.Schedule, error) { return nil, errors.New("broken") }
	if err := l.Run(t.Context()); err == nil {
		t.Error("a service begins with a broken project")
	}
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	if Systemd("") != nil {
		t.Error("Systemd returns a function without a socket")
	}
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // only read
	if err := Systemd(path)("READY=1"); err != nil {
		t.Fatal(err)
	}
	var text [64]byte
	if n, err := conn.Read(text[:]); err != nil || string(text[:n]) != "READY=1" {
		t.Errorf("%q, %v", text[:n], err)
	}
	if err := Systemd(path + "x")("READY=1"); err == nil {
		t.Error("a socket that is not there")
	}
}
