package serve

import (
	"net"

	"golang.org/x/sys/unix"
)

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
