package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
)

// An extract is a file as copied into a hidden folder of landing, ready to be moved into place.
type extract struct {
	dir string
	// delivery has one receipt, without a sequence yet.
	delivery Delivery
}

// discard removes the hidden folder, or what is left of it.
func (e *extract) discard() { _ = os.RemoveAll(e.dir) }

// fetch copies a file into a hidden folder of landing. Nothing stays behind when it fails.
func (p *pull) fetch(ctx context.Context, c candidate) (*extract, error) {
	parent := filepath.Join(p.DataDir, landingDir, c.contract.Name)
	for _, dir := range []string{filepath.Dir(parent), parent} {
		if err := makeFolder(dir); err != nil {
			return nil, fmt.Errorf("land: %w", err)
		}
	}
	tmp, err := os.MkdirTemp(parent, ".landing-*")
	if err != nil {
		return nil, fmt.Errorf("land: %w", err)
	}
	e := &extract{dir: tmp, delivery: Delivery{
		Source: c.contract.Name, Peildatum: c.peildatum,
		Receipts: []Receipt{{File: receiptName(c.found.Name), Modified: c.found.Modified.UTC(), Landed: p.Now.UTC()}},
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

// fill copies the file into the folder of e, and completes its delivery from the bytes.
func (p *pull) fill(ctx context.Context, c candidate, e *extract) (err error) {
	src, err := c.place.connector.Open(ctx, c.found)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	path := filepath.Join(e.dir, cleanName(e.delivery.Receipts[0].File))
	dst, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("land: %w", err)
	}
	defer func() {
		if closeErr := dst.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("land: %w", closeErr)
		}
	}()
	hash := sha256.New()
	writers := []io.Writer{dst, hash}
	var profiler Profiler
	if p.Profiler != nil {
		profiler = p.Profiler()
		writers = append(writers, profiler)
	}
	// One byte more than was found shows that a file grew, and keeps one that never ends from
	// filling the disk.
	limited := io.LimitReader(cancellable{ctx, src}, c.found.Size+1)
	n, err := io.CopyBuffer(io.MultiWriter(writers...), limited, make([]byte, 1<<20))
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if n != c.found.Size {
		return ErrChanged
	}
	if err := dst.Sync(); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	e.delivery.Size, e.delivery.SHA256 = n, hex.EncodeToString(hash.Sum(nil))
	e.delivery.ID = deliveryID(c.peildatum, e.delivery.SHA256)
	if profiler != nil {
		e.delivery.Profile = profiler.JSON()
	}
	return nil
}

// land moves an extract into place with a receipt, or adds the receipt to the delivery that it is.
func (p *pull) land(c candidate, e *extract) (Landed, error) {
	d := e.delivery
	k := key{d.Source, d.ID}
	receipt := d.Receipts[0]
	receipt.Sequence = p.next
	// Taken even when landing fails: it may have failed after the receipt was on disk.
	p.next++
	known, returned := p.deliveries[k]
	var err error
	if returned {
		d, err = p.returned(known, e, receipt)
	} else {
		d.Receipts = []Receipt{receipt}
		if err = d.write(e.dir); err == nil {
			err = durable.Rename(e.dir, d.Dir(p.DataDir))
		}
	}
	if err != nil {
		return Landed{}, fmt.Errorf("land: %w", err)
	}
	p.deliveries[k] = d
	p.landed[key{d.Source, d.Peildatum}] = d.ID
	return Landed{
		Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, File: c.found.Name, Sequence: receipt.Sequence, Returned: returned,
	}, nil
}

// returned gives a known delivery a further receipt, and its original again when that had been
// removed.
func (p *pull) returned(known Delivery, e *extract, receipt Receipt) (Delivery, error) {
	if known.SHA256 != e.delivery.SHA256 {
		return known, fmt.Errorf("delivery %s/%s has the sha256 %s, this file %s", known.Source, known.ID, known.SHA256, e.delivery.SHA256)
	}
	original := known.Original(p.DataDir)
	if _, err := os.Lstat(original); errors.Is(err, fs.ErrNotExist) {
		if err := durable.Rename(filepath.Join(e.dir, cleanName(receipt.File)), original); err != nil {
			return known, err
		}
	}
	// The receipts of known stay as they are: the slice is copied.
	known.Receipts = append(append([]Receipt{}, known.Receipts...), receipt)
	if e.delivery.Profile != nil {
		known.Profile = e.delivery.Profile
	}
	if e.delivery.Pakbon != nil {
		known.Pakbon = e.delivery.Pakbon
	}
	// Written aside, so that nothing half done ever lies beside the original.
	if err := known.write(e.dir); err != nil {
		return known, err
	}
	return known, durable.Rename(filepath.Join(e.dir, deliveryFile), filepath.Join(known.Dir(p.DataDir), deliveryFile))
}

// makeFolder makes dir, for this user only, and makes its name last. Its parent exists.
func makeFolder(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(dir))
}

// cancellable stops reading when ctx ends.
type cancellable struct {
	ctx context.Context
	io.Reader
}

func (r cancellable) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
