package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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
	if p.MaxSize > 0 && c.found.Size > p.MaxSize {
		return nil, fmt.Errorf("the file has %d bytes, more than the %d that are allowed; split it or allow more", c.found.Size, p.MaxSize)
	}
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
		Receipts: []Receipt{{File: receiptName(c.found.Name), Modified: c.found.Modified.UTC(), Landed: p.Now.UTC(), Version: c.found.Version}},
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

// saw keeps that the bytes of a known delivery also lie at a place as this file.
func (p *pull) saw(c candidate, e *extract) error {
	d, ok := p.deliveries[key{e.delivery.Source, e.delivery.ID}]
	if !ok || c.found.Made {
		return nil
	}
	r := e.delivery.Receipts[0]
	d.Seen = append(slices.DeleteFunc(slices.Clone(d.Seen), func(s Seen) bool { return s.File == r.File }), Seen{r.File, r.Modified, r.Version})
	// Written aside, as a further receipt is.
	if err := d.write(e.dir); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	if err := durable.Rename(filepath.Join(e.dir, deliveryFile), filepath.Join(d.Dir(p.DataDir), deliveryFile)); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	p.deliveries[key{d.Source, d.ID}] = d
	return nil
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
