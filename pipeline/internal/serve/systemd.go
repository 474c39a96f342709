package serve

import (
	"net"

	"golang.org/x/sys/unix"
)

// Systemd tells the service manager at a socket, the value of NOTIFY_SOCKET; nil when there is none.
func Systemd(socket string) func(state string) error {
	if socket == "" {
		return nil
	}
	return func(state string) error {
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			return err
		}
		defer conn.Close() //nolint:errcheck // the datagram was sent or not
		_, err = conn.Write([]byte(state))
		return err
	}
}

// monotonic is the clock that systemd compares reloads by, in microseconds; 0 when it cannot be read.
func monotonic() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0
	}
	return t.Nano() / 1000
}
