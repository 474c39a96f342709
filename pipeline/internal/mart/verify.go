package mart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// Expectation describes the file that the database wrote.
type Expectation struct {
	Rows    int64
	Columns []Column // compares names, order and types, not descriptions
	// Metadata has key-value pairs that the file must have; it may have others.
	Metadata map[string]string
	// Sums has for each column the sum of its values as exact decimal text, "0" if all are NULL. A DATE
	// counts as days since 1970-01-01, a TIMESTAMP as microseconds since then, a VARCHAR as UTF-8 bytes,
	// and true as 1. In DuckDB: sum(c), sum(c - date '1970-01-01'), sum(epoch_us(c)), sum(strlen(c)),
	// sum(c::integer).
	Sums map[string]string
	// Nulls has the number of NULLs by column; a column that is not in it has none.
	Nulls map[string]int64
}

// magic begins and ends every Parquet file.
const magic = "PAR1"

// streamBuffer is the number of bytes that one read from disk asks for.
const streamBuffer = 64 << 10

// Verify reads the Parquet file at path with another implementation than the one that wrote it, and
// compares rows, schema, key-value metadata, NULLs and sums with want. It returns the hash and the size in
// bytes of the file. The error names the file and says for each wrong column what was expected and what
// was found, without any value of the data. A damaged file is an error, not a panic. Sums ignore order:
// Verify accepts a column with values in another order.
func Verify(ctx context.Context, path string, want Expectation) (sha string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("verify: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err = verify(ctx, f, want); err == nil {
		sha, size, err = digest(ctx, f)
	}
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

// verifyFooter compares rows, schema and metadata, which need no values.
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
		faults = append(faults, fmt.Errorf("says it has %d rows, but its row groups have %d", r.NumRows(), rows))
	}
	faults = append(faults, metadataFaults(r.MetaData(), want.Metadata)...)
	faults = append(faults, schemaFaults(r.MetaData(), want.Columns)...)
	return errors.Join(faults...)
}

func metadataFaults(m *metadata.FileMetaData, want map[string]string) []error {
	var faults []error
	kv := m.KeyValueMetadata()
	for _, key := range slices.Sorted(maps.Keys(want)) {
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

// HashFile returns the SHA-256 of a file.
func HashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	sha, _, err := digest(ctx, f)
	return sha, errors.Join(err, f.Close())
}

// digest returns the SHA-256 and the size in bytes of f.
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

// typeName returns the DuckDB type of a column, or "parquet …" for a type that no mart may have.
func typeName(c *schema.Column) string {
	physical := c.PhysicalType()
	switch l := c.LogicalType().(type) {
	case schema.StringLogicalType:
		return "VARCHAR"
	case *schema.DecimalLogicalType:
		if physical != parquet.Types.ByteArray {
			return fmt.Sprintf("DECIMAL(%d,%d)", l.Precision(), l.Scale())
		}
	case schema.DateLogicalType:
		return "DATE"
	case *schema.TimestampLogicalType:
		if l.TimeUnit() == schema.TimeUnitMicros && !l.IsAdjustedToUTC() {
			return "TIMESTAMP"
		}
	case *schema.IntLogicalType:
		switch {
		case l.IsSigned() && l.BitWidth() == 32:
			return "INTEGER"
		case l.IsSigned() && l.BitWidth() == 64:
			return "BIGINT"
		}
	case schema.NoLogicalType:
		switch physical {
		case parquet.Types.Boolean:
			return "BOOLEAN"
		case parquet.Types.Int32:
			return "INTEGER"
		case parquet.Types.Int64:
			return "BIGINT"
		}
	}
	return fmt.Sprintf("parquet %s %s", physical, c.LogicalType())
}
