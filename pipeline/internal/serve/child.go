package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"inbeeld/pipeline/internal/ledger"
)

// A Launcher starts children of one program.
type Launcher struct {
	// Program is the path of this binary, Args the arguments of a run except its window.
	Program string
	Args    []string
	Ledger  ledger.Ledger
}

// WindowFlag returns the flag with the window of a child, as schedule@time.
func WindowFlag(o Order) string {
	return "--window=" + o.Schedule + "@" + o.Window.UTC().Format(time.RFC3339)
}

const (
	// maxLog is the maximum size of a log, in bytes.
	maxLog = 10 << 20
	// pipeWait is how long processes started by a run may keep its output open.
	pipeWait = 5 * time.Second
	// oomScore makes the kernel kill the run rather than the service when memory runs out.
	oomScore = "500"
)

// Launch starts the child for an order in its own process group, and appends its output to the log of
// earlier attempts. Cancelling ctx does not end the child; Interrupt and Kill do.
func (l Launcher) Launch(ctx context.Context, o Order) (Child, error) {
	log, err := os.OpenFile(l.Ledger.Log(o.ID), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := log.Stat()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	out := &output{to: log, left: maxLog - info.Size()}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), l.Program, append(append([]string{"run"}, l.Args...), WindowFlag(o))...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, pipeWait
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	// Without permission for this, the kernel may also kill the service.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", cmd.Process.Pid), []byte(oomScore), 0)
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		err := cmd.Wait()
		p.exit = exitOf(cmd.ProcessState, err)
		p.exit.LastLine = out.lastLine()
		_ = log.Close() // at worst this loses a log line
		close(p.done)
	}()
	return p, nil
}

func exitOf(state *os.ProcessState, err error) Exit {
	if state == nil {
		return Exit{Code: -1, Signal: fmt.Sprint(err)}
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Exit{Code: -1, Signal: status.Signal().String()}
	}
	return Exit{Code: state.ExitCode()}
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	exit Exit
}

func (p *process) PID() int              { return p.cmd.Process.Pid }
func (p *process) Done() <-chan struct{} { return p.done }
func (p *process) Exit() Exit            { return p.exit }
func (p *process) Interrupt() error      { return p.signal(syscall.SIGINT) }
func (p *process) Kill() error           { return p.signal(syscall.SIGKILL) }

func (p *process) signal(signal syscall.Signal) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	err := syscall.Kill(-p.cmd.Process.Pid, signal)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// output writes a log up to its maximum size, and remembers the last line meant for people: log lines are
// JSON.
type output struct {
	mu   sync.Mutex
	to   io.Writer
	left int64
	line strings.Builder
	last string
}

// maxLine is the number of bytes of a line that are remembered.
const maxLine = 500

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range string(p) {
		if c == '\n' {
			o.end()
		} else if o.line.Len() < maxLine {
			o.line.WriteRune(c)
		}
	}
	if n := min(int64(len(p)), o.left); n > 0 {
		if _, err := o.to.Write(p[:n]); err != nil {
			o.left = 0 // a full disk must not stop the run at its log
			return len(p), nil
		}
		o.left -= n
		if o.left == 0 {
			_, _ = io.WriteString(o.to, "\n… the rest is omitted: the log is longer than "+strconv.Itoa(maxLog>>20)+" MiB\n")
		}
	}
	return len(p), nil
}

func (o *output) end() {
	if line := strings.TrimSpace(o.line.String()); line != "" && !strings.HasPrefix(line, "{") {
		o.last = strings.TrimPrefix(line, "inbeeld: ")
	}
	o.line.Reset()
}

func (o *output) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end()
	return o.last
}
