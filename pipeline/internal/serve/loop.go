package serve

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"inbeeld/schedules"
)

// A Loop ticks a supervisor until it is stopped.
type Loop struct {
	Supervisor *Supervisor
	Now        func() time.Time
	// Load validates the project and reads its schedules.
	Load func(context.Context) ([]*schedules.Schedule, error)
	// Reload triggers another Load.
	Reload <-chan os.Signal
	// StopTimeout is how long a run may continue once the service must stop.
	StopTimeout time.Duration
	// Notify, if set, notifies the service manager: READY=1 and the like.
	Notify func(state string) error
	// Heartbeat is how often the service manager must be notified; 0 is never.
	Heartbeat time.Duration
	// Refused, if set, is called after each reload with the reason for refusing the project, or "".
	Refused func(why string)
}

// Run loads the project and runs its schedules until ctx ends. Then it waits for the current run.
func (l Loop) Run(ctx context.Context) error {
	list, err := l.Load(ctx)
	if err != nil {
		return err
	}
	s := l.Supervisor
	s.Replace(list)
	l.notify("READY=1")
	stopping := ctx.Done()
	var patience <-chan time.Time
	for {
		draining := ctx.Err() != nil
		if draining && stopping != nil {
			stopping = nil
			l.notify("STOPPING=1")
			patience = time.After(l.StopTimeout)
		}
		sleep := s.Tick(l.Now(), draining)
		if draining && s.Going() == nil {
			return nil
		}
		if l.Heartbeat > 0 {
			sleep = min(sleep, l.Heartbeat)
			l.notify("WATCHDOG=1")
		}
		select {
		case <-time.After(sleep):
		case <-s.Going():
		case <-stopping:
		case <-patience:
			s.Interrupt("the service is stopping")
		case <-l.Reload:
			l.reload(ctx)
		}
	}
}

// reload replaces the schedules by those of the project. If it is refused, it logs why and keeps them.
func (l Loop) reload(ctx context.Context) {
	l.notify(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonic()))
	list, err := l.Load(ctx)
	why := ""
	if err != nil {
		why = err.Error()
		l.Supervisor.Log.Error().Err(err).Msg("the project is refused; the previous one stays in use")
	} else {
		l.Supervisor.Replace(list)
		l.Supervisor.Log.Info().Int("schedules", len(list)).Msg("reloaded")
	}
	if l.Refused != nil {
		l.Refused(why)
	}
	l.notify("READY=1")
}

func (l Loop) notify(state string) {
	if l.Notify == nil {
		return
	}
	if err := l.Notify(state); err != nil {
		l.Supervisor.Log.Warn().Err(err).Msg("notify the service manager")
	}
}

// Systemd returns a function that notifies the service manager at a socket, the value of NOTIFY_SOCKET, or
// nil if there is none.
func Systemd(socket string) func(state string) error {
	if socket == "" {
		return nil
	}
	return func(state string) error {
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			return err
		}
		defer conn.Close() //nolint:errcheck // Write reports whether the datagram was sent
		_, err = conn.Write([]byte(state))
		return err
	}
}

// monotonic returns the clock by which systemd orders reloads, in microseconds, or 0 if it cannot be read.
func monotonic() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0
	}
	return t.Nano() / 1000
}
