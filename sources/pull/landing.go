package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/durable"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// An extract is a copy of a file in a hidden folder of landing.
type extract struct {
	dir      string
	delivery delivery.Delivery // with one receipt, without a sequence yet
}

// discard removes the hidden folder, if it still exists.
func (e *extract) discard() { _ = os.RemoveAll(e.dir) }

// fetch copies a file to a hidden folder of landing, which it removes on failure.
func (p *pull) fetch(ctx context.Context, c candidate) (*extract, error) {
	if p.MaxSize > 0 && c.found.Size > p.MaxSize {
		return nil, fmt.Errorf("the file has %d bytes, which exceeds the limit of %d; split it or raise the limit", c.found.Size, p.MaxSize)
	}
	parent := filepath.Join(p.DataDir, delivery.LandingDir, c.contract.Name)
	for _, dir := range []string{filepath.Dir(parent), parent} {
		if err := delivery.MakeFolder(dir); err != nil {
			return nil, fmt.Errorf("land: %w", err)
		}
	}
	tmp, err := os.MkdirTemp(parent, ".landing-*")
	if err != nil {
		return nil, fmt.Errorf("land: %w", err)
	}
	e := &extract{dir: tmp, delivery: delivery.Delivery{
		Source: c.contract.Name, Peildatum: c.peildatum,
		Receipts: []delivery.Receipt{{File: delivery.ReceiptName(c.found.Name), Modified: c.found.Modified.UTC(), Landed: p.Now.UTC(), Version: c.found.Version}},
	}}
	err = p.fill(ctx, c, e)
	if err == nil {
		e.delivery.Pakbon, err = c.readPakbon(ctx)
	}
	if err != nil {
		e.discard()
		return nil, err
	}
	return e, nil
}

// land makes an extract a delivery with a receipt, or adds the receipt to the existing delivery.
func (p *pull) land(c candidate, e *extract) (Landed, error) {
	d := e.delivery
	k := delivery.Key{Source: d.Source, Of: d.ID}
	receipt := d.Receipts[0]
	receipt.Sequence = p.next
	// Even if landing fails, since the receipt may be on disk.
	p.next++
	known, returned := p.deliveries[k]
	var err error
	if returned {
		d, err = p.addReceipt(known, e, receipt)
	} else {
		d.Receipts = []delivery.Receipt{receipt}
		if err = d.Write(e.dir); err == nil {
			err = durable.Rename(e.dir, d.Dir(p.DataDir))
		}
	}
	if err != nil {
		return Landed{}, fmt.Errorf("land: %w", err)
	}
	p.deliveries[k] = d
	p.landed[delivery.Key{Source: d.Source, Of: d.Peildatum}] = d.ID
	return Landed{
		Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, File: c.found.Name, Sequence: receipt.Sequence, Returned: returned,
	}, nil
}

// addSeen records that a place also has the bytes of a known delivery in this file.
func (p *pull) addSeen(c candidate, e *extract) error {
	d, ok := p.deliveries[delivery.Key{Source: e.delivery.Source, Of: e.delivery.ID}]
	if !ok || c.found.Generated {
		return nil
	}
	r := e.delivery.Receipts[0]
	d.Seen = append(slices.DeleteFunc(slices.Clone(d.Seen), func(s delivery.Seen) bool { return s.File == r.File }), delivery.Seen{File: r.File, Modified: r.Modified, Version: r.Version})
	if err := d.Write(e.dir); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	if err := durable.Rename(filepath.Join(e.dir, delivery.DeliveryFile), filepath.Join(d.Dir(p.DataDir), delivery.DeliveryFile)); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	p.deliveries[delivery.Key{Source: d.Source, Of: d.ID}] = d
	return nil
}

// addReceipt adds a receipt to a known delivery, and restores its original if retention removed it.
func (p *pull) addReceipt(known delivery.Delivery, e *extract, receipt delivery.Receipt) (delivery.Delivery, error) {
	if known.SHA256 != e.delivery.SHA256 {
		return known, fmt.Errorf("delivery %s/%s has the sha256 %s, this file %s", known.Source, known.ID, known.SHA256, e.delivery.SHA256)
	}
	original := known.Original(p.DataDir)
	if _, err := os.Lstat(original); errors.Is(err, fs.ErrNotExist) {
		if err := durable.Rename(filepath.Join(e.dir, delivery.CleanName(receipt.File)), original); err != nil {
			return known, err
		}
	}
	known.Receipts = append(slices.Clone(known.Receipts), receipt)
	if e.delivery.Profile != nil {
		known.Profile = e.delivery.Profile
	}
	if e.delivery.Pakbon != nil {
		known.Pakbon = e.delivery.Pakbon
	}
	// In the hidden folder first, so that no partial file is ever beside the original.
	if err := known.Write(e.dir); err != nil {
		return known, err
	}
	return known, durable.Rename(filepath.Join(e.dir, delivery.DeliveryFile), filepath.Join(known.Dir(p.DataDir), delivery.DeliveryFile))
}

// A download copies a file to landing, and can resume after a failed read.
type download struct {
	file      *os.File
	size, max int64 // bytes that have arrived, and the limit or 0 for none
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
	_, err := d.file.Seek(0, io.SeekStart)
	if err = errors.Join(err, d.file.Truncate(0)); err != nil {
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
