// Package usage has the error for mistakes of the caller, which give exit code 2.
package usage

import "fmt"

// An Error is a mistake that the caller can correct.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// Errorf formats an Error.
func Errorf(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}
