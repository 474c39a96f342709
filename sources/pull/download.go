package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// A download is a file on its way into landing. It knows how far it is, so that a read which broke
// off goes on where it was.
type download struct {
	file *os.File
	// size is what has come, in bytes; max is the most that may come, 0 for any.
	size, max int64
	hash      hash.Hash
	profiler  Profiler
	profile   func() Profiler
}

// fill copies the file into the folder of e, and completes its delivery from the bytes.
func (p *pull) fill(ctx context.Context, c candidate, e *extract) (err error) {
	path := filepath.Join(e.dir, delivery.CleanName(e.delivery.Receipts[0].File))
	dst, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("land: %w", err)
	}
	defer func() {
		if closeErr := dst.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("land: %w", closeErr)
		}
	}()
	d := &download{file: dst, max: p.MaxSize, profile: p.Profiler}
	if err := d.reset(); err != nil {
		return err
	}
	err = p.RetryIdle(ctx, c.place.from.Timeout, func(ctx context.Context, moved func()) error {
		err := d.resume(ctx, c, moved)
		if errors.Is(err, place.ErrNoResume) {
			if err = d.reset(); err == nil {
				err = d.resume(ctx, c, moved)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := dst.Sync(); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	e.delivery.Size, e.delivery.SHA256 = d.size, hex.EncodeToString(d.hash.Sum(nil))
	e.delivery.ID = delivery.DeliveryID(c.peildatum, e.delivery.SHA256)
	if d.profiler != nil {
		e.delivery.Profile = d.profiler.JSON()
	}
	return nil
}

// reset makes the download empty.
func (d *download) reset() error {
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	if err := d.file.Truncate(0); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	d.size, d.hash = 0, sha256.New()
	if d.profile != nil {
		d.profiler = d.profile()
	}
	return nil
}

// resume reads what has not come yet, to the end.
func (d *download) resume(ctx context.Context, c candidate, moved func()) error {
	src, err := c.place.connector.Open(ctx, c.found, d.size)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	writers := []io.Writer{d.file, d.hash}
	if d.profiler != nil {
		writers = append(writers, d.profiler)
	}
	// One byte more than was found shows that a file grew, and keeps one that never ends from
	// filling the disk.
	var in io.Reader = progressReader{ctx, src, moved}
	switch {
	case c.found.Size >= 0:
		in = io.LimitReader(in, c.found.Size+1-d.size)
	case d.max > 0:
		in = io.LimitReader(in, d.max+1-d.size)
	}
	n, err := io.CopyBuffer(io.MultiWriter(writers...), in, make([]byte, 1<<20))
	d.size += n
	switch {
	case errors.Is(err, place.ErrChanged):
		return err
	case err != nil:
		return fmt.Errorf("copy: %w", err)
	case c.found.Size < 0 && d.max > 0 && d.size > d.max:
		return fmt.Errorf("the file has more than the %d bytes that are allowed; split it or allow more", d.max)
	case c.found.Size >= 0 && d.size > c.found.Size:
		return place.ErrChanged
	case c.found.Size >= 0 && d.size < c.found.Size:
		return place.TransientError{Err: fmt.Errorf("the file ends after %d of the %d bytes that were announced", d.size, c.found.Size)}
	}
	return nil
}

// progressReader tells of every read that gave something, and stops when ctx ends.
type progressReader struct {
	ctx context.Context
	io.Reader
	moved func()
}

func (r progressReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.moved()
	}
	return n, err
}
