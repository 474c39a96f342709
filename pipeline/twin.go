package pipeline

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/sql"
)

// byteOrderMark tells a spreadsheet that a CSV file is UTF-8.
const byteOrderMark = "\ufeff"

// twin writes the CSV twin of a mart that lies verified in dir, from that file, and counts its records
// with another reader.
func (w *worker) twin(ctx context.Context, f mart.File, dir string) (*mart.Twin, error) {
	t := &mart.Twin{Path: mart.TwinPath(f.Mart)}
	path := filepath.Join(dir, filepath.FromSlash(t.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	plain := path + ".plain"
	query := "copy (select " + strings.Join(spreadsheetColumns(f.Columns), ", ") + " from read_parquet(" + sql.Literal(filepath.Join(dir, filepath.FromSlash(f.Path))) + ")) to " +
		sql.Literal(plain) + " (format csv, header, delimiter ';')"
	if err := w.session.Exec(ctx, query); err != nil {
		return nil, fmt.Errorf("write the CSV twin of %s: %w", f.Mart, err)
	}
	err := finishTwin(plain, path, f, t)
	if err := errors.Join(err, os.Remove(plain)); err != nil {
		return nil, fmt.Errorf("write the CSV twin of %s: %w", f.Mart, err)
	}
	return t, nil
}

// spreadsheetColumns are the columns as a Dutch spreadsheet reads them: a decimal comma, ja and nee.
// Text that a spreadsheet would take for a formula gets an apostrophe before it.
func spreadsheetColumns(columns []mart.Column) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		name := sql.Ident(c.Name)
		value := name
		switch kind, _, _ := strings.Cut(c.Type, "("); kind {
		case "DECIMAL":
			value = "replace(" + name + "::varchar, '.', ',')"
		case "BOOLEAN":
			value = "case " + name + " when true then 'ja' when false then 'nee' end"
		case "VARCHAR":
			value = "case when regexp_matches(" + name + `, '^[=+\-@\t\r]') then '''' || ` + name + " else " + name + " end"
		}
		list[i] = value + " as " + name
	}
	return list
}

// finishTwin copies a CSV file to its place behind a byte order mark.
func finishTwin(from, to string, f mart.File, t *mart.Twin) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	hash := sha256.New()
	buffer := bufio.NewWriterSize(io.MultiWriter(out, hash), 1<<16)
	n, _ := buffer.WriteString(byteOrderMark)
	counting := &countingWriter{buffer, int64(n)}
	reader := csv.NewReader(io.TeeReader(in, counting))
	reader.Comma, reader.FieldsPerRecord, reader.ReuseRecord = ';', len(f.Columns), true
	records := int64(-1) // the header
	for ; err == nil; records++ {
		_, err = reader.Read()
	}
	if records--; !errors.Is(err, io.EOF) {
		return err
	}
	if records != f.Rows {
		return fmt.Errorf("it holds %d records, the mart %d rows", records, f.Rows)
	}
	t.Size, t.SHA256 = counting.n, ""
	if err := buffer.Flush(); err != nil {
		return err
	}
	t.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// countingWriter counts what goes through it.
type countingWriter struct {
	io.Writer
	n int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.n += int64(n)
	return n, err
}
