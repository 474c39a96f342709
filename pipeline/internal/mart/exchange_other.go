//go:build !linux

package mart

import "errors"

// exchange swaps two paths atomically, which only Linux can.
func exchange(string, string) error { return errors.ErrUnsupported }
