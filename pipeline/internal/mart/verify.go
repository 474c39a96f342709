package mart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
)

// Expectation is what the database said it wrote to one file.
type Expectation struct {
	Rows    int64
	Columns []Column // names, order and types; descriptions play no part
	// Metadata holds key-value pairs that the file must carry; it may carry others too.
	Metadata map[string]string
	// Sums holds for every column an exact decimal text over the values that are not NULL, "0" when
	// there are none: the sum of numbers, of days since 1970-01-01 of a DATE, of microseconds since
	// then of a TIMESTAMP, of UTF-8 bytes of a VARCHAR, and the number of trues of a BOOLEAN. In
	// DuckDB: sum(c), sum(c - date '1970-01-01'), sum(epoch_us(c)), sum(strlen(c)), sum(c::integer).
	Sums map[string]string
	// Nulls holds the number of NULLs per column; a column that is not in it has none.
	Nulls map[string]int64
}

// magic opens and closes every Parquet file.
const magic = "PAR1"

// streamBuffer is how many bytes of a column are read from disk at a time.
const streamBuffer = 64 << 10

// Verify reads the Parquet file at path with a reader that shares nothing with the one that wrote it,
// and compares rows, schema, key-value metadata, NULLs and sums with want. It gives the hash and the
// size in bytes of the file that it read. The error names the file and, for each column at fault, what
// was expected and what was found; never a value. A damaged or foreign file is an error, not a panic.
// Sums know no order: a column whose values have changed places passes.
func Verify(ctx context.Context, path string, want Expectation) (sha string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("verify: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := verify(ctx, f, want); err != nil {
		return "", 0, fmt.Errorf("verify %s: %w", path, err)
	}
	sha, size, err = digest(ctx, f)
	if err != nil {
		return "", 0, fmt.Errorf("verify %s: %w", path, err)
	}
	return sha, size, nil
}

func verify(ctx context.Context, f *os.File, want Expectation) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("is not a readable Parquet file: %v", fault)
		}
	}()
	var head [len(magic)]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || string(head[:]) != magic {
		return errors.New("is not a Parquet file: it does not begin with " + magic)
	}
	memory := newAllocator()
	props := parquet.NewReaderProperties(memory)
	props.BufferedStreamEnabled = true
	props.BufferSize = streamBuffer
	r, err := file.NewParquetReader(f, file.WithReadProps(props))
	if err != nil {
		return fmt.Errorf("is not a readable Parquet file: %w", err)
	}
	if err := verifyFooter(r, want); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s := scan{r: r, memory: memory, size: info.Size()}
	return s.verifyColumns(ctx, want)
}

// verifyFooter compares everything that needs no values.
func verifyFooter(r *file.Reader, want Expectation) error {
	var faults []error
	if got := r.NumRows(); got != want.Rows {
		faults = append(faults, fmt.Errorf("has %d rows, expected %d", got, want.Rows))
	}
	var rows int64
	for i := range r.NumRowGroups() {
		rows += r.RowGroup(i).NumRows()
	}
	if rows != r.NumRows() {
		faults = append(faults, fmt.Errorf("says it has %d rows, but its row groups hold %d", r.NumRows(), rows))
	}
	faults = append(faults, metadataFaults(r.MetaData(), want.Metadata)...)
	faults = append(faults, schemaFaults(r.MetaData(), want.Columns)...)
	return errors.Join(faults...)
}

func metadataFaults(m *metadata.FileMetaData, want map[string]string) []error {
	var faults []error
	kv := m.KeyValueMetadata()
	for _, key := range sortedKeys(want) {
		switch got := kv.FindValue(key); {
		case got == nil:
			faults = append(faults, fmt.Errorf("metadata %q: is missing, expected %q", key, want[key]))
		case *got != want[key]:
			faults = append(faults, fmt.Errorf("metadata %q: is %q, expected %q", key, *got, want[key]))
		}
	}
	return faults
}

func schemaFaults(m *metadata.FileMetaData, want []Column) []error {
	if root := m.Schema.Root(); root.NumFields() != m.Schema.NumColumns() {
		return []error{errors.New("has nested columns, expected a flat table")}
	}
	names := make([]string, m.Schema.NumColumns())
	for i := range names {
		c := m.Schema.Column(i)
		if c.MaxRepetitionLevel() > 0 {
			return []error{fmt.Errorf("column %q: is a list, expected a flat table", c.Name())}
		}
		names[i] = c.Name()
	}
	if expected := columnNames(want); !slices.Equal(names, expected) {
		return nameFaults(names, expected)
	}
	var faults []error
	for i, c := range want {
		expected := strings.ToUpper(strings.ReplaceAll(c.Type, " ", ""))
		if got := typeName(m.Schema.Column(i)); got != expected {
			faults = append(faults, fmt.Errorf("column %q: type is %s, expected %s", c.Name, got, expected))
		}
	}
	return faults
}

func nameFaults(got, want []string) []error {
	var faults []error
	for _, name := range want {
		if !slices.Contains(got, name) {
			faults = append(faults, fmt.Errorf("column %q: is missing, found %s", name, strings.Join(got, ", ")))
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			faults = append(faults, fmt.Errorf("column %q: was not expected", name))
		}
	}
	if len(faults) == 0 {
		faults = append(faults, fmt.Errorf("columns are in the order %s, expected %s",
			strings.Join(got, ", "), strings.Join(want, ", ")))
	}
	return faults
}

// digest gives the SHA-256 and the size of all of f.
func digest(ctx context.Context, f *os.File) (string, int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	buf := make([]byte, streamBuffer)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return "", 0, err
		}
		n, err := f.Read(buf)
		hash.Write(buf[:n])
		size += int64(n)
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(hash.Sum(nil)), size, nil
		}
		if err != nil {
			return "", 0, err
		}
	}
}
