package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// A Holder is the process that holds the lock of a data directory.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	What  string    `json:"what"`
	Since time.Time `json:"since"`
}

// A LockedError means that another process holds the lock.
type LockedError struct {
	Path   string
	Holder Holder
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return "another run or program holds the lock " + e.Path
	}
	return fmt.Sprintf("another run holds the lock %s: %s by process %d on %s since %s",
		e.Path, e.Holder.What, e.Holder.PID, e.Holder.Host, e.Holder.Since.Format(time.RFC3339))
}

// Lock takes the lock at path for h, or returns a *LockedError at once. The operating system releases the
// lock when the process ends, however it ends.
func Lock(path string, h Holder) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close() //nolint:errcheck // the lock was not ours
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		locked := &LockedError{Path: path}
		if json.NewDecoder(f).Decode(&locked.Holder) != nil {
			locked.Holder = Holder{}
		}
		return nil, locked
	}
	text, err := json.Marshal(h)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(text, 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return func() error {
		// Empty the file, so that a program that locks it by other means is not taken for this holder.
		truncated := f.Truncate(0)
		// Unlock before closing: a child process that is just starting shares the file for a moment and
		// would hold the lock.
		return errors.Join(truncated, syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
	}, nil
}
