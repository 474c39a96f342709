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

// A download copies a file to landing, and can resume after a failed read.
type download struct {
	file *os.File
	// size is how many bytes have arrived; max is the limit, or 0 for none.
	size, max int64
	hash      hash.Hash
	profiler  Profiler
	profile   func() Profiler
}

// fill copies the file to the folder of e, and completes its delivery with size, hash and profile.
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
	err = p.Retry(ctx, c.place.from.Timeout, func(ctx context.Context, progress func()) error {
		err := d.resume(ctx, c, progress)
		if errors.Is(err, place.ErrNoResume) {
			if err = d.reset(); err == nil {
				err = d.resume(ctx, c, progress)
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
	e.delivery.ID = delivery.NewID(c.peildatum, e.delivery.SHA256)
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

// resume reads the rest of the file.
func (d *download) resume(ctx context.Context, c candidate, progress func()) error {
	src, err := c.place.connector.Open(ctx, c.found, d.size)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	writers := []io.Writer{d.file, d.hash}
	if d.profiler != nil {
		writers = append(writers, d.profiler)
	}
	// One byte more than expected shows that a file grew, and the limit stops an endless one from filling the
	// disk.
	var in io.Reader = progressReader{ctx, src, progress}
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
		return fmt.Errorf("the file exceeds the limit of %d bytes; split it or raise the limit", d.max)
	case c.found.Size >= 0 && d.size > c.found.Size:
		return place.ErrChanged
	case c.found.Size >= 0 && d.size < c.found.Size:
		return place.TransientError{Err: fmt.Errorf("the file ends after %d of the %d expected bytes", d.size, c.found.Size)}
	}
	return nil
}

// progressReader calls progress after every read of data, and stops when ctx ends.
type progressReader struct {
	ctx context.Context
	io.Reader
	progress func()
}

func (r progressReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.progress()
	}
	return n, err
}
