package sources

import (
	"context"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"inbeeld/sources/place"
)

func placeResumes(t *testing.T, h *host) {
	if h.wire == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	text := large("a")
	h.put(text, 1)
	h.wire.cut(600_000, 2)
	b.expect(b.pull(), b.landedAs(2))
	b.expectBytes(text)
	if b.pauses == 0 || b.pauses > 3 {
		t.Errorf("%d pauses", b.pauses)
	}
	if carried := h.wire.carried(); h.resumes && carried > int64(len(text))*5/4 {
		t.Errorf("%d bytes came for a file of %d", carried, len(text))
	}
}

func placeDrops(t *testing.T, h *host) {
	if h.wire == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	h.put(large("a"), 1)
	h.wire.cut(200_000, 1000)
	b.costs(b.failed("drops"))
}

func placeSilent(t *testing.T, h *host) {
	if h.wire == nil {
		return
	}
	// A read takes longer than a listing, even on a busy machine.
	for after, idle := range map[int64]time.Duration{0: 200 * time.Millisecond, 300_000: 800 * time.Millisecond} {
		fault := map[bool]string{true: "silent", false: "silent halfway"}[after == 0]
		b := newPlaceBench(t, h, h.from)
		b.patience.Idle = idle
		h.put(large("a"), 1)
		h.wire.silence(after)
		b.costs(b.failed(fault))
		h.wire.cut(0, 0)
	}
}

func placeRefuses(t *testing.T, h *host) {
	if h.wire == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	_ = h.wire.Close()
	b.costs(b.failed("refuses"))
}

// placeEndsEarly: files end before their listed size.
func placeEndsEarly(t *testing.T, h *host) {
	if h.made {
		return
	}
	b := newPlaceBench(t, h, h.from)
	h.put("aap noot mies\n", 1)
	b.fault = func(inner place.Connector) place.Connector { return promising{inner, 1000} }
	res := b.pull()
	if len(res.Landed) > 0 || len(res.Failed)+len(res.Growing) != 1 {
		t.Errorf("%+v", res)
	}
	b.nothingHidden()
}

// promising lists files as larger than they are.
type promising struct {
	place.Connector
	more int64
}

func (p promising) List(ctx context.Context) ([]place.Found, error) {
	found, err := p.Connector.List(ctx)
	for i := range found {
		found[i].Size += p.more
	}
	return found, err
}

// placeFullDisk writes to a full disk.
func placeFullDisk(t *testing.T, h *host) {
	b := newPlaceBench(t, h, h.from)
	h.put("aap\n", 1)
	b.disk = &fs.PathError{Op: "write", Path: h.file, Err: syscall.ENOSPC}
	b.expect(b.pull(), "failed "+h.label+" "+h.file+": copy: write "+h.file+": no space left on device")
	b.nothingHidden()
	if b.pauses > 0 {
		t.Error("a fault of our own disk was tried again")
	}
	b.disk = nil
	b.expect(b.pull(), b.landedAs(2))
}
