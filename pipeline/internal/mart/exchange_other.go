//go:build !linux

package mart

import "errors"

// exchange makes two paths change places in one step, which only Linux can.
func exchange(string, string) error { return errors.ErrUnsupported }
