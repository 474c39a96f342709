package persons

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

// searchOriginals searches all originals for a BSN, records those that contain it in w, and returns how many
// it searched.
func searchOriginals(ctx context.Context, b *intake.Book, w *rewrite, bsn pseudonym.BSN) (originals int, err error) {
	for _, d := range b.Deliveries {
		original := d.Original(b.Path)
		if _, err := os.Stat(original); errors.Is(err, os.ErrNotExist) {
			continue
		}
		originals++
		found, err := containsBSN(ctx, b, d, bsn)
		if err != nil {
			return 0, err
		}
		if found {
			path, err := filepath.Rel(b.Path, original)
			if err != nil {
				return 0, err
			}
			w.Originals = append(w.Originals, path)
		}
	}
	return originals, nil
}

// removeOriginals removes the originals that contain the person. Their rows stay in force, as after
// retention.
func removeOriginals(site *publish.Site, w *rewrite) error {
	for _, path := range w.Originals {
		if err := durable.RemoveIfExists(filepath.Join(site.Path, path)); err != nil {
			return err
		}
	}
	return nil
}

// containsBSN reports whether the original of a delivery contains a BSN. It is also true for one that cannot
// be read, and for one without a contract.
func containsBSN(ctx context.Context, b *intake.Book, d delivery.Delivery, bsn pseudonym.BSN) (found bool, err error) {
	c := b.Project.Contract(d.Source)
	if c == nil {
		return true, nil
	}
	if found, err = searchOriginal(ctx, b.Path, c, d, bsn); err != nil {
		return false, fmt.Errorf("search the original of %s/%s: %w", d.Source, d.ID, err)
	}
	return found, nil
}

// searchOriginal opens the envelopes of an original. It searches all values as a load would read them, and
// the raw text, which includes the columns, records and lines that a load skips.
func searchOriginal(ctx context.Context, data string, c *contract.Contract, d delivery.Delivery, bsn pseudonym.BSN) (found bool, err error) {
	file, err := lake.OpenExtract(ctx, data, c, d)
	var refused lake.Refusal
	if errors.As(err, &refused) && ctx.Err() == nil {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	inText, err := searchText(ctx, file, file.Size, bsn)
	if err != nil {
		return false, err
	}
	reader, err := records.Open(ctx, file, file.Size, file.Name, lake.Form(c.Format), file.Profile, lake.RecordColumns(c))
	var batch records.Batch
	inValues := false
	for err == nil {
		if err = reader.Next(ctx, &batch); err != nil {
			break
		}
		for _, column := range batch.Columns {
			for i := range batch.N {
				inValues = bsn.In(column.Data[column.Offsets[i]:column.Offsets[i+1]]) || inValues
			}
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return inText || inValues, nil
	case errors.As(err, &refused) && ctx.Err() == nil:
		return true, nil
	}
	return false, err
}

// searchText searches the bytes of a file, or of the parts of a workbook, for a BSN. Digits are the same in
// every encoding except UTF-16, where zero bytes separate them.
func searchText(ctx context.Context, file io.ReaderAt, size int64, bsn pseudonym.BSN) (found bool, err error) {
	archive, err := zip.NewReader(file, size)
	if err != nil { // not a workbook
		return searchStream(ctx, io.NewSectionReader(file, 0, size), bsn)
	}
	for _, part := range archive.File {
		in, err := part.Open()
		if err != nil {
			return true, nil //nolint:nilerr // an unreadable part may contain it
		}
		inPart, err := searchStream(ctx, in, bsn)
		if err := errors.Join(err, in.Close()); err != nil {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			return true, nil
		}
		found = found || inPart
	}
	return found, nil
}

// searchStream reads a stream to its end, whatever it finds, so that its duration tells nothing.
func searchStream(ctx context.Context, in io.Reader, bsn pseudonym.BSN) (found bool, err error) {
	const overlap = 64 // bytes; no spelling of a BSN is longer
	buffer := make([]byte, 0, 1<<18)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := in.Read(buffer[len(buffer):cap(buffer)])
		start := len(buffer)
		for _, b := range buffer[start : start+n] {
			if b != 0 {
				buffer = append(buffer, b)
			}
		}
		if err != nil {
			found = bsn.In(buffer) || found
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return found, err
		}
		if len(buffer) > cap(buffer)/2 {
			found = bsn.In(buffer) || found
			buffer = buffer[:copy(buffer, buffer[len(buffer)-overlap:])]
		}
	}
}
