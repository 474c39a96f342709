package mart

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// written is a column of a test file. Values are int64 (unscaled), string or bool; nil is NULL.
type written struct {
	name, typ string
	fixed     bool // a DECIMAL as big-endian bytes
	required  bool
	values    []any
}

// layout is the layout of a test file; the zero value is plain, uncompressed, in one row group.
type layout struct {
	codec    compress.Compression
	dict     bool
	pageV2   bool
	rows     int // per row group
	pageSize int64
	metadata map[string]string
	noStats  bool
}

// writeParquet writes a real Parquet file and returns its path.
func writeParquet(t testing.TB, l layout, columns ...written) string {
	t.Helper()
	data := encodeParquet(t, l, columns...)
	path := filepath.Join(t.TempDir(), "mart.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func encodeParquet(t testing.TB, l layout, columns ...written) []byte {
	t.Helper()
	var fields schema.FieldList
	for _, c := range columns {
		fields = append(fields, c.node())
	}
	root, err := schema.NewGroupNode("mart", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		t.Fatal(err)
	}
	version := parquet.DataPageV1
	if l.pageV2 {
		version = parquet.DataPageV2
	}
	options := []parquet.WriterProperty{
		parquet.WithCompression(l.codec), parquet.WithDictionaryDefault(l.dict), parquet.WithDataPageVersion(version), parquet.WithStats(!l.noStats),
	}
	if l.pageSize > 0 {
		options = append(options, parquet.WithDataPageSize(l.pageSize))
	}
	kv := metadata.NewKeyValueMetadata()
	for _, key := range slices.Sorted(maps.Keys(l.metadata)) {
		if err := kv.Append(key, l.metadata[key]); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	w := file.NewParquetWriter(&buf, root, file.WithWriterProps(parquet.NewWriterProperties(options...)),
		file.WithWriteMetadata(kv))
	total := len(columns[0].values)
	step := l.rows
	if step == 0 {
		step = max(total, 1)
	}
	for from := 0; from < total; from += step {
		group := w.AppendRowGroup()
		for _, c := range columns {
			cw, err := group.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			c.values = c.values[from:min(from+step, total)]
			if err := c.write(cw); err != nil {
				t.Fatal(err)
			}
			if err := cw.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := group.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func (w written) node() schema.Node {
	repetition := parquet.Repetitions.Optional
	if w.required {
		repetition = parquet.Repetitions.Required
	}
	name, digits, _ := strings.Cut(w.typ, "(")
	physical, logical, length := parquet.Types.Int64, schema.LogicalType(schema.NoLogicalType{}), -1
	switch name {
	case "VARCHAR":
		physical, logical = parquet.Types.ByteArray, schema.StringLogicalType{}
	case "BLOB":
		physical = parquet.Types.ByteArray
	case "BOOLEAN":
		physical = parquet.Types.Boolean
	case "INTEGER":
		physical, logical = parquet.Types.Int32, schema.NewIntLogicalType(32, true)
	case "UINTEGER":
		physical, logical = parquet.Types.Int32, schema.NewIntLogicalType(32, false)
	case "DATE":
		physical, logical = parquet.Types.Int32, schema.DateLogicalType{}
	case "DOUBLE":
		physical = parquet.Types.Double
	case "TIMESTAMP":
		logical = schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)
	case "TIMESTAMPTZ":
		logical = schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
	case "TIMESTAMP_MS":
		logical = schema.NewTimestampLogicalType(false, schema.TimeUnitMillis)
	case "DECIMAL":
		p, s, _ := strings.Cut(strings.TrimSuffix(digits, ")"), ",")
		precision, _ := strconv.Atoi(p)
		scale, _ := strconv.Atoi(s)
		logical = schema.NewDecimalLogicalType(int32(precision), int32(scale))
		switch {
		case w.fixed:
			physical, length = parquet.Types.FixedLenByteArray, 9
		case precision <= 9:
			physical = parquet.Types.Int32
		}
	}
	return schema.MustPrimitive(schema.NewPrimitiveNodeLogical(w.name, repetition, logical, physical, length, -1))
}

func (w written) write(cw file.ColumnChunkWriter) error {
	var levels []int16
	var present []any
	for _, v := range w.values {
		if v != nil {
			present = append(present, v)
		}
		if !w.required {
			levels = append(levels, map[bool]int16{true: 1, false: 0}[v != nil])
		}
	}
	var err error
	switch c := cw.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = c.WriteBatch(converted(present, func(v any) bool { return v.(bool) }), levels, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = c.WriteBatch(converted(present, func(v any) int32 { return int32(v.(int64)) }), levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = c.WriteBatch(converted(present, func(v any) int64 { return v.(int64) }), levels, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = c.WriteBatch(converted(present, func(v any) float64 { return float64(v.(int64)) }), levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(converted(present, func(v any) parquet.ByteArray { return parquet.ByteArray(v.(string)) }), levels, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(converted(present, func(v any) parquet.FixedLenByteArray {
			n := v.(int64)
			return binary.BigEndian.AppendUint64([]byte{byte(n >> 63)}, uint64(n))
		}), levels, nil)
	}
	return err
}

func converted[T any](values []any, convert func(any) T) []T {
	out := make([]T, len(values))
	for i, v := range values {
		out[i] = convert(v)
	}
	return out
}

// every is a file with every type that a mart may have, and its Expectation.
func every() ([]written, Expectation) {
	columns := []written{
		{name: "peildatum", typ: "DATE", required: true, values: []any{int64(18627), int64(18627), int64(18628), int64(-1), int64(0)}},
		{name: "gemeente", typ: "VARCHAR", values: []any{"Eemnes", nil, "Wijdemeren", "€", ""}},
		{name: "lopend", typ: "BOOLEAN", values: []any{true, nil, false, true, nil}},
		{name: "personen", typ: "INTEGER", values: []any{int64(2147483647), int64(2147483647), nil, int64(-5), int64(7)}},
		{name: "groot", typ: "BIGINT", values: []any{int64(9223372036854775807), int64(9223372036854775807), int64(1), nil, nil}},
		{name: "diep", typ: "BIGINT", values: []any{int64(-9223372036854775808), int64(-9223372036854775808), nil, nil, nil}},
		{name: "dekking_pct", typ: "DECIMAL(5,1)", values: []any{int64(245), nil, int64(700), int64(1000), int64(-1)}},
		{name: "banen", typ: "DECIMAL(12,2)", values: []any{nil, int64(2550), int64(-1), int64(0), int64(999999999999)}},
		{name: "helling", typ: "DECIMAL(18,6)", fixed: true, values: []any{int64(-999999999999999999), int64(1), nil, int64(256), int64(-257)}},
		{name: "ontvangen_op", typ: "TIMESTAMP", values: []any{int64(1609459199000001), nil, nil, nil, int64(-1)}},
		{name: "leeg", typ: "VARCHAR", values: []any{nil, nil, nil, nil, nil}},
	}
	want := Expectation{
		Rows:     5,
		Metadata: map[string]string{"peildatum": "2020-12-31", "vingerafdruk": "f00"},
		Sums: map[string]string{
			"peildatum": "55881", "gemeente": "19", "lopend": "2", "personen": "4294967296",
			"groot": "18446744073709551615", "diep": "-18446744073709551616", "dekking_pct": "194.4",
			"banen": "10000000025.48", "helling": "-999999999999.999999", "ontvangen_op": "1609459199000000", "leeg": "0",
		},
		Nulls: map[string]int64{
			"gemeente": 1, "lopend": 2, "personen": 1, "groot": 2, "diep": 3, "dekking_pct": 1, "banen": 1,
			"helling": 1, "ontvangen_op": 3, "leeg": 5,
		},
	}
	for _, c := range columns {
		want.Columns = append(want.Columns, Column{Name: c.name, Type: c.typ})
	}
	return columns, want
}
