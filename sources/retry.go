package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"inbeeld/pipeline/bucket"
)

const (
	// connectTime is how long a host may take to accept a connection.
	connectTime = 30 * time.Second
	// attempts is how often something passing is tried in all.
	attempts = 4
	// firstPause stands before the second attempt; each next pause is four times the one before.
	firstPause = time.Second
)

// Patience is how long a pull waits for a place.
type Patience struct {
	// Idle is how long a place may be silent; Total how long one listing or file may take.
	Idle, Total time.Duration
}

func (p Patience) orStandard(idle time.Duration) Patience {
	if idle > 0 {
		p.Idle = idle
	}
	if p.Idle == 0 {
		p.Idle = 2 * time.Minute
	}
	if p.Total == 0 {
		p.Total = 2 * time.Hour
	}
	return p
}

// passing marks an error that may be gone when the same is tried again.
type passing struct{ error }

func (p passing) Unwrap() error { return p.error }

func isPassing(err error) bool {
	var marked passing
	var timeout net.Error
	var lookup *net.DNSError
	var fault *bucket.Fault
	switch {
	case errors.As(err, &fault):
		return fault.Passing()
	case errors.As(err, &marked), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return true
	case errors.As(err, &lookup):
		return lookup.IsTemporary || lookup.IsTimeout
	case errors.As(err, &timeout) && timeout.Timeout():
		return true
	}
	for _, e := range []syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Retry does what is to be done at a place with the patience of a pull: again when what went wrong may
// pass, and not at all for what will not. Each try hears when it must stop: it calls moved whenever
// there was progress. Of the options Wait, Jitter and Patience count.
func (o Options) Retry(ctx context.Context, try func(ctx context.Context, moved func()) error) error {
	return o.retry(ctx, 0, try)
}

// retry tries until it succeeds, the error is not a passing one, or it was tried often enough. Each
// try hears when it must stop: it calls moved whenever the place has given something.
func (o Options) retry(ctx context.Context, idle time.Duration, try func(ctx context.Context, moved func()) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := o.watched(ctx, idle, try)
		if err == nil || ctx.Err() != nil || !isPassing(err) {
			return err
		}
		if n == attempts {
			return fmt.Errorf("%w (tried %d times)", err, n)
		}
		// Half of the pause is chance, so that many who lost the same host do not come back together.
		wait := pause/2 + time.Duration(o.Jitter()*float64(pause/2))
		if err := o.Wait(ctx, wait); err != nil {
			return err
		}
		pause *= 4
	}
}

// watched ends a try when the place is silent or takes too long.
func (o Options) watched(ctx context.Context, idle time.Duration, try func(ctx context.Context, moved func()) error) error {
	p := o.Patience.orStandard(idle)
	silent := passing{fmt.Errorf("no answer for %s", p.Idle)}
	slow := fmt.Errorf("it takes more than %s", p.Total)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := time.AfterFunc(p.Total, func() { cancel(slow) })
	defer end.Stop()
	quiet := time.AfterFunc(p.Idle, func() { cancel(silent) })
	defer quiet.Stop()
	err := try(ctx, func() { quiet.Reset(p.Idle) })
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, silent) || errors.Is(cause, slow)) {
		return cause
	}
	return err
}
