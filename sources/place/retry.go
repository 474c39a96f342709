package place

import (
	"cmp"
	"errors"
	"io"
	"net"
	"slices"
	"syscall"
	"time"

	"inbeeld/pipeline/bucket"
)

const (
	// connectTime is how long a host may take to accept a connection.
	connectTime = 30 * time.Second
	// attempts is the total number of attempts.
	attempts = 4
	// firstPause is the pause before the second attempt; each next one is four times as long.
	firstPause = time.Second
)

// Patience is how long a pull waits for a place; 0 means the default.
type Patience struct {
	// Idle is how long a place may be silent, Total how long one listing or file may take.
	Idle, Total time.Duration
}

func (p Patience) orDefault(idle time.Duration) Patience {
	return Patience{Idle: cmp.Or(idle, p.Idle, 2*time.Minute), Total: cmp.Or(p.Total, 2*time.Hour)}
}

// A TransientError is an error that a retry may solve.
type TransientError struct{ Err error }

func (t TransientError) Error() string { return t.Err.Error() }

func (t TransientError) Unwrap() error { return t.Err }

func isTransient(err error) bool {
	var marked TransientError
	var timeout net.Error
	var lookup *net.DNSError
	var fault *bucket.Fault
	switch {
	case errors.As(err, &fault):
		return fault.Transient()
	case errors.As(err, &marked), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return true
	case errors.As(err, &lookup):
		return lookup.IsTemporary || lookup.IsTimeout
	case errors.As(err, &timeout) && timeout.Timeout():
		return true
	}
	return slices.ContainsFunc([]syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	}, func(e syscall.Errno) bool { return errors.Is(err, e) })
}
