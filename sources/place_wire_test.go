package sources

import (
	"net"
	"sync"
	"testing"
)

// A wire is a connection to a server that can be cut or paused.
type wire struct {
	*testing.T
	net.Listener
	target string

	mu sync.Mutex
	// down is the number of bytes from the server, next the number at the next event, cuts the remaining cuts.
	down, next, every int64
	cuts              int
	// still, if open, pauses everything.
	still chan struct{}
	stall bool
	conns []net.Conn
}

// newWire starts a proxy of the server at target.
func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{T: t, Listener: l, target: target, still: make(chan struct{})}
	t.Cleanup(func() {
		_ = l.Close()
		close(w.still)
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, c := range w.conns {
			_ = c.Close()
		}
	})
	go w.serve()
	return w
}

func (w *wire) addr() string { return w.Addr().String() }

// cut closes the connection after every n bytes, so many times.
func (w *wire) cut(n int64, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.every, w.next, w.cuts, w.down = n, n, times, 0
}

// silence pauses everything after n more bytes.
func (w *wire) silence(n int64) {
	w.cut(n, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stall = true
}

// carried returns the number of bytes since the last call of cut.
func (w *wire) carried() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down
}

// pass counts up to n bytes from the server, and returns how many of them may pass.
func (w *wire) pass(n int) (through int, cut, stall bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cuts == 0 || w.down+int64(n) < w.next {
		w.down += int64(n)
		return n, false, false
	}
	through = int(max(w.next-w.down, 0))
	w.down += int64(through)
	if w.stall {
		return through, false, true
	}
	w.cuts--
	w.next = w.down + w.every
	return through, true, false
}

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(w.Context(), "tcp", w.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, client, server)
		w.mu.Unlock()
		go w.up(client, server)
		go w.bring(server, client)
	}
}

// up keeps reading from the client after the server is gone, so that the client sees EOF, not a reset.
func (w *wire) up(client, server net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			_ = server.Close()
			return
		}
		_, _ = server.Write(buf[:n])
	}
}

func (w *wire) bring(server, client net.Conn) {
	buf := make([]byte, 8<<10)
	for {
		n, err := server.Read(buf)
		through, cut, stall := w.pass(n)
		if _, err := client.Write(buf[:through]); err != nil {
			return
		}
		if stall {
			<-w.still
			return
		}
		if cut || err != nil {
			_ = server.Close()
			_ = client.(*net.TCPConn).CloseWrite()
			return
		}
	}
}
