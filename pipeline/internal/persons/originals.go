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

// lookThrough looks for a BSN in all originals, tells how many there are, and notes those that hold it. One that
// cannot be read may hold it, and is noted too.
func searchOriginals(r *intake.Book, ctx context.Context, w *rewrite, bsn pseudonym.BSN) (originals int, err error) {
	for _, d := range r.Deliveries {
		if _, err := os.Stat(d.Original(r.Path)); errors.Is(err, os.ErrNotExist) {
			continue
		}
		originals++
		c := r.Project.Contract(d.Source)
		found := c == nil
		if c != nil {
			if found, err = containsBSN(r, ctx, c, d, bsn); err != nil {
				return 0, fmt.Errorf("look through the original of %s/%s: %w", d.Source, d.ID, err)
			}
		}
		if found {
			path, err := filepath.Rel(r.Path, d.Original(r.Path))
			if err != nil {
				return 0, err
			}
			w.Originals = append(w.Originals, path)
		}
	}
	return originals, nil
}

// removeOriginals removes the originals that hold the person. The rows that were loaded from them stay in
// force, as after their retention.
func removeOriginals(r *publish.Site, w *rewrite) error {
	for _, path := range w.Originals {
		if err := durable.RemoveIfExists(filepath.Join(r.Path, path)); err != nil {
			return err
		}
	}
	return nil
}

// holdsBSN looks for a BSN in the original of a delivery, out of its envelopes: in all values as a load
// would read them, and in all text, for the columns, records and lines that a load passes over.
func containsBSN(r *intake.Book, ctx context.Context, c *contract.Contract, d delivery.Delivery, bsn pseudonym.BSN) (found bool, err error) {
	file, err := lake.OpenExtract(ctx, r.Path, c, d)
	var refused lake.Refusal
	if errors.As(err, &refused) && ctx.Err() == nil {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	inText, err := textHolds(ctx, file, file.Size, bsn)
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

// textHolds looks for a BSN in the bytes of a file, or of the parts of a workbook, whatever their encoding:
// digits are the same in all but UTF-16, of which the other half is zero.
func textHolds(ctx context.Context, file io.ReaderAt, size int64, bsn pseudonym.BSN) (found bool, err error) {
	archive, err := zip.NewReader(file, size)
	if err != nil { // no workbook
		return streamHolds(ctx, io.NewSectionReader(file, 0, size), bsn)
	}
	for _, part := range archive.File {
		in, err := part.Open()
		if err != nil {
			return true, nil //nolint:nilerr // what cannot be read may hold it
		}
		inPart, err := streamHolds(ctx, in, bsn)
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

// streamHolds reads all of a stream, also behind what it finds.
func streamHolds(ctx context.Context, in io.Reader, bsn pseudonym.BSN) (found bool, err error) {
	const most = 64 // bytes that a BSN may be spread over
	buffer := make([]byte, 0, 1<<18)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := in.Read(buffer[len(buffer):cap(buffer)])
		kept := len(buffer)
		for _, b := range buffer[kept : kept+n] {
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
			buffer = buffer[:copy(buffer, buffer[len(buffer)-most:])]
		}
	}
}
