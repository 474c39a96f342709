package usage

import (
	"fmt"
)

// A UsageError is a mistake of whoever called, to be mended by them: exit code 2.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func Errorf(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}
