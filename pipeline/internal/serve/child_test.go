package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/ledger"
)

// Each case is a program that a launcher starts instead of a run.
func TestLaunch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, script string
		do           func(Child) error
		want         Exit
	}{
		{name: "ends", script: "exit 3", want: Exit{Code: 3}},
		{name: "says why", script: `echo '{"level":"info"}' >&2; echo 'inbeeld: no space left' >&2; echo '{"x":1}' >&2; exit 1`, want: Exit{Code: 1, LastLine: "no space left"}},
		{name: "its arguments", script: `echo "$@"`, want: Exit{LastLine: "run --data d --window=nacht@2024-03-05T01:30:00Z"}},
		{name: "crashes", script: "kill -SEGV $$", want: Exit{Code: -1, Signal: "segmentation fault"}},
		{name: "is killed with what it started", script: "sleep 1000 & wait", do: Child.Kill, want: Exit{Code: -1, Signal: "killed"}},
		{name: "stops when asked", script: "trap 'exit 130' INT; touch ready; while :; do sleep 0.01; done", do: Child.Interrupt, want: Exit{Code: 130}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			program := filepath.Join(dir, "program")
			if err := os.WriteFile(program, []byte("#!/bin/bash\ncd '"+dir+"'\n"+c.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			l := Launcher{Program: program, Args: []string{"--data", "d"}, Ledger: ledger.Ledger{Dir: dir}}
			child, err := l.Launch(t.Context(), Order{ID: "x", Schedule: "nacht", Window: time.Date(2024, 3, 5, 1, 30, 0, 0, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(c.script, "touch ready") {
				for end := time.Now().Add(time.Minute); ; <-time.After(time.Millisecond) {
					if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil || time.Now().After(end) {
						break
					}
				}
			}
			if c.do != nil {
				if err := c.do(child); err != nil {
					t.Error(err)
				}
			}
			<-child.Done()
			if got := child.Exit(); got != c.want {
				t.Errorf("exit %+v, want %+v", got, c.want)
			}
			if err := child.Interrupt(); err != nil {
				t.Errorf("interrupt what has ended: %v", err)
			}
			info, err := os.Stat(l.Ledger.Log("x"))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("its log: %v, %v", info, err)
			}
		})
	}
	if _, err := (Launcher{Program: "/nergens/inbeeld", Ledger: ledger.Ledger{Dir: t.TempDir()}}).Launch(t.Context(), Order{ID: "x"}); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	o := &output{to: &log, left: 100}
	for range 1000 {
		if n, err := o.Write([]byte("0123456789\n")); n != 11 || err != nil {
			t.Fatal(n, err)
		}
	}
	if !strings.Contains(log.String(), "the rest is omitted") || log.Len() > 200 {
		t.Errorf("the log is %q", log.String())
	}
	if _, err := o.Write([]byte(strings.Repeat("a", 1<<20))); err != nil || len(o.lastLine()) != maxLine {
		t.Errorf("a long line: %d, %v", len(o.lastLine()), err)
	}
}
