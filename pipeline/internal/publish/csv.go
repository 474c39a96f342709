package publish

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

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/sql/quote"
)

// byteOrderMark tells a spreadsheet that a CSV file is UTF-8.
const byteOrderMark = "\ufeff"

// writeCSV writes the CSV copy of a mart from its verified file in dir, and counts the records with a
// second reader.
func writeCSV(ctx context.Context, s *duck.Session, f mart.File, dir string) (*mart.CSVFile, error) {
	c := &mart.CSVFile{Path: mart.CSVPath(f.Mart)}
	path := filepath.Join(dir, filepath.FromSlash(c.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	plain := path + ".plain"
	query := "copy (select " + strings.Join(spreadsheetColumns(f.Columns), ", ") + " from read_parquet(" + quote.Literal(filepath.Join(dir, filepath.FromSlash(f.Path))) + ")) to " +
		quote.Literal(plain) + " (format csv, header, delimiter ';')"
	err := s.Exec(ctx, query)
	if err == nil {
		err = errors.Join(finishCSV(plain, path, f, c), os.Remove(plain))
	}
	if err != nil {
		return nil, fmt.Errorf("write the CSV copy of %s: %w", f.Mart, err)
	}
	return c, nil
}

// Regular expressions for text that a spreadsheet would convert: the start of a formula; a number, date
// or time (text with a digit, and no letters but those of a month, an exponent or a part of the day); a
// truth value.
const (
	looksFormula = `^[=+\-@\t\r]`
	looksNumber  = `(?i)^[^\pL]*([et]|(jan(uari|uary)?|feb(ruari|ruary)?|mrt|maart|mar(ch)?|apr(il)?|mei|may|jun[ie]?|jul[iy]?|aug(ust|ustus)?|sept?(ember)?|o[kc]t(ober)?|nov(ember)?|dec(ember)?))?[^\pL]*([ap]\.?m?\.?|z)?$`
	looksTruth   = `(?i)^(waar|onwaar|true|false)$`
)

// spreadsheetColumns returns the SQL of the columns as a Dutch spreadsheet reads them: with a decimal
// comma, ja and nee. Text that it would convert gets a leading apostrophe, so that a code keeps its
// leading zeros.
func spreadsheetColumns(columns []mart.Column) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		name := quote.Ident(c.Name)
		value := name
		switch kind, _, _ := strings.Cut(c.Type, "("); kind {
		case "DECIMAL":
			value = "replace(" + name + "::varchar, '.', ',')"
		case "BOOLEAN":
			value = "case " + name + " when true then 'ja' when false then 'nee' end"
		case "VARCHAR":
			value = fmt.Sprintf("case when regexp_matches(%[1]s, %[2]s) or regexp_matches(%[1]s, '[0-9]') and regexp_matches(%[1]s, %[3]s) or regexp_matches(%[1]s, %[4]s) then '''' || %[1]s else %[1]s end",
				name, quote.Literal(looksFormula), quote.Literal(looksNumber), quote.Literal(looksTruth))
		}
		list[i] = value + " as " + name
	}
	return list
}

// finishCSV copies a CSV file to its final path, after a byte order mark, and fills in its size and hash.
func finishCSV(from, to string, f mart.File, c *mart.CSVFile) (err error) {
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
	_, _ = buffer.WriteString(byteOrderMark) // Flush returns its error
	reader := csv.NewReader(io.TeeReader(in, buffer))
	reader.Comma, reader.FieldsPerRecord, reader.ReuseRecord = ';', len(f.Columns), true
	records := int64(-1) // the header
	for ; err == nil; records++ {
		_, err = reader.Read()
	}
	if records--; !errors.Is(err, io.EOF) {
		return err
	}
	if records != f.Rows {
		return fmt.Errorf("it has %d records, but the mart has %d rows", records, f.Rows)
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	c.SHA256 = hex.EncodeToString(hash.Sum(nil))
	c.Size, err = out.Seek(0, io.SeekCurrent)
	return err
}
