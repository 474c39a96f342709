package mart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

var marks = map[string]string{"peildatum": "2020-12-31", "vingerafdruk": "f00", "vreemd": "mag"}

func TestVerifyLayouts(t *testing.T) {
	columns, want := every()
	for name, l := range map[string]layout{
		"plain":                 {},
		"zstd":                  {codec: compress.Codecs.Zstd},
		"snappy":                {codec: compress.Codecs.Snappy},
		"gzip":                  {codec: compress.Codecs.Gzip},
		"dictionary":            {dict: true},
		"zstd dictionary":       {codec: compress.Codecs.Zstd, dict: true},
		"second page version":   {pageV2: true},
		"zstd second version":   {codec: compress.Codecs.Zstd, pageV2: true, dict: true},
		"row groups of one":     {rows: 1},
		"row groups of two":     {rows: 2, dict: true},
		"a page for each value": {pageSize: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l.metadata = marks
			path := writeParquet(t, l, columns...)
			sha, size, err := Verify(t.Context(), path, want)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(data)
			if sha != hex.EncodeToString(digest[:]) || size != int64(len(data)) {
				t.Errorf("got %s and %d bytes of a file of %x and %d bytes", sha, size, digest, len(data))
			}
		})
	}
}

func TestVerifyManyBatches(t *testing.T) {
	const rows = 3*batch + 17
	number := written{name: "n", typ: "BIGINT"}
	text := written{name: "s", typ: "VARCHAR"}
	var sum, length, nulls int64
	for i := range int64(rows) {
		number.values = append(number.values, i*i)
		sum += i * i
		if i%3 == 0 {
			text.values = append(text.values, nil)
			nulls++
			continue
		}
		s := strconv.FormatInt(i, 10)
		text.values = append(text.values, s)
		length += int64(len(s))
	}
	want := Expectation{
		Rows: rows, Columns: []Column{{Name: "n", Type: "BIGINT"}, {Name: "s", Type: "VARCHAR"}},
		Sums:  map[string]string{"n": strconv.FormatInt(sum, 10), "s": strconv.FormatInt(length, 10)},
		Nulls: map[string]int64{"s": nulls},
	}
	for name, l := range map[string]layout{
		"one row group":  {codec: compress.Codecs.Zstd, dict: true},
		"many of both":   {codec: compress.Codecs.Zstd, rows: 5000, pageSize: 1000},
		"second version": {pageV2: true, rows: 10000, pageSize: 777},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Verify(t.Context(), writeParquet(t, l, number, text), want); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifyNoRows(t *testing.T) {
	columns, want := every()
	want.Rows, want.Nulls = 0, nil
	for i := range columns {
		columns[i].values = nil
		want.Sums[columns[i].name] = "0"
	}
	if _, _, err := Verify(t.Context(), writeParquet(t, layout{metadata: marks}, columns...), want); err != nil {
		t.Error(err)
	}
}

// duckExpectation describes testdata/duckdb.parquet, as DuckDB wrote it to the file next to it.
func duckExpectation(t testing.TB) Expectation {
	t.Helper()
	want := Expectation{
		Rows: 300, Sums: map[string]string{}, Nulls: map[string]int64{},
		Metadata: map[string]string{"peildatum": "2020-12-31", "vingerafdruk": "f00", "versie": "1"},
		Columns: []Column{
			{Name: "peildatum", Type: "DATE"},
			{Name: "gemeentecode", Type: "VARCHAR"},
			{Name: "gemeente", Type: "VARCHAR"},
			{Name: "lopend", Type: "BOOLEAN"},
			{Name: "personen", Type: "INTEGER"},
			{Name: "groot", Type: "BIGINT"},
			{Name: "dekking_pct", Type: "DECIMAL(5,1)"},
			{Name: "banen", Type: "DECIMAL(12,2)"},
			{Name: "helling", Type: "DECIMAL(18,6)"},
			{Name: "ontvangen_op", Type: "TIMESTAMP"},
			{Name: "leeg", Type: "VARCHAR"},
		},
	}
	data, err := os.ReadFile(filepath.Join("testdata", "duckdb.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		cells := strings.Split(line, ";")
		want.Sums[cells[0]] = cells[1]
		if want.Nulls[cells[0]], err = strconv.ParseInt(cells[2], 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return want
}

func TestVerifyDuckDB(t *testing.T) {
	want := duckExpectation(t)
	if _, _, err := Verify(t.Context(), filepath.Join("testdata", "duckdb.parquet"), want); err != nil {
		t.Error(err)
	}
	want.Rows, want.Nulls = 0, nil
	for name := range want.Sums {
		want.Sums[name] = "0"
	}
	if _, _, err := Verify(t.Context(), filepath.Join("testdata", "duckdb_leeg.parquet"), want); err != nil {
		t.Error(err)
	}
}

// cloned returns a copy, deep enough for a test to change.
func (e Expectation) cloned() Expectation {
	e.Columns, e.Metadata, e.Sums, e.Nulls = slices.Clone(e.Columns), maps.Clone(e.Metadata), maps.Clone(e.Sums), maps.Clone(e.Nulls)
	return e
}

func TestVerifyDifferences(t *testing.T) {
	columns, want := every()
	path := writeParquet(t, layout{metadata: marks}, columns...)
	for name, c := range map[string]struct {
		spoil func(*Expectation)
		says  []string
	}{
		"a row too many": {func(e *Expectation) { e.Rows = 4 }, []string{"has 5 rows, expected 4"}},
		"other sum of an integer": {
			func(e *Expectation) { e.Sums["personen"] = "4294967297" },
			[]string{`column "personen": sum is 4294967296, expected 4294967297`},
		},
		"other sum beyond 64 bits": {
			func(e *Expectation) { e.Sums["groot"] = "-1" },
			[]string{`column "groot": sum is 18446744073709551615, expected -1`},
		},
		"other sum of a decimal": {
			func(e *Expectation) { e.Sums["helling"] = "-999999999999.999998" },
			[]string{`column "helling": sum is -999999999999.999999, expected -999999999999.999998`},
		},
		"other number of trues":     {func(e *Expectation) { e.Sums["lopend"] = "3" }, []string{`column "lopend": sum is 2, expected 3`}},
		"other length of text":      {func(e *Expectation) { e.Sums["gemeente"] = "20" }, []string{`column "gemeente": sum is 19`}},
		"other sum of days":         {func(e *Expectation) { e.Sums["peildatum"] = "0" }, []string{`column "peildatum": sum is 55881`}},
		"other sum of microseconds": {func(e *Expectation) { e.Sums["ontvangen_op"] = "1" }, []string{`column "ontvangen_op": sum is 1609459199000000`}},
		"no sum":                    {func(e *Expectation) { delete(e.Sums, "banen") }, []string{`column "banen": the expected sum is missing`}},
		"a sum that is no number":   {func(e *Expectation) { e.Sums["banen"] = "1e3" }, []string{`"1e3" is not a decimal number`}},
		"an empty sum":              {func(e *Expectation) { e.Sums["banen"] = "" }, []string{`"" is not a decimal number`}},
		"other number of NULLs": {
			func(e *Expectation) { e.Nulls["leeg"] = 4 },
			[]string{`column "leeg": has 5 NULLs, expected 4`},
		},
		"NULLs where none were expected": {
			func(e *Expectation) { delete(e.Nulls, "lopend") },
			[]string{`column "lopend": has 2 NULLs, expected 0`},
		},
		"all that is wrong": {
			func(e *Expectation) { e.Nulls["leeg"], e.Sums["lopend"] = 4, "9" },
			[]string{`column "leeg": has 5 NULLs`, `column "lopend": sum is 2`},
		},
		"other type": {
			func(e *Expectation) { e.Columns[3].Type = "BIGINT" },
			[]string{`column "personen": type is INTEGER, expected BIGINT`},
		},
		"other precision": {
			func(e *Expectation) { e.Columns[6].Type = "DECIMAL(6,1)" },
			[]string{`column "dekking_pct": type is DECIMAL(5,1), expected DECIMAL(6,1)`},
		},
		"other scale": {
			func(e *Expectation) { e.Columns[7].Type = "DECIMAL(12,1)" },
			[]string{`column "banen": type is DECIMAL(12,2), expected DECIMAL(12,1)`},
		},
		"missing column": {
			func(e *Expectation) { e.Columns = append(e.Columns, Column{Name: "totaal", Type: "INTEGER"}) },
			[]string{`column "totaal": is missing`},
		},
		"column too many": {
			func(e *Expectation) { e.Columns = e.Columns[:10] },
			[]string{`column "leeg": was not expected`},
		},
		"renamed column": {
			func(e *Expectation) { e.Columns[1].Name = "Gemeente" },
			[]string{`column "Gemeente": is missing`, `column "gemeente": was not expected`},
		},
		"other order": {
			func(e *Expectation) { e.Columns[0], e.Columns[1] = e.Columns[1], e.Columns[0] },
			[]string{"columns are in the order peildatum, gemeente,", "expected gemeente, peildatum,"},
		},
		"other metadata": {
			func(e *Expectation) { e.Metadata["vingerafdruk"] = "ba5" },
			[]string{`metadata "vingerafdruk": is "f00", expected "ba5"`},
		},
		"missing metadata": {
			func(e *Expectation) { e.Metadata["versie"] = "2" },
			[]string{`metadata "versie": is missing, expected "2"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spoilt := want.cloned()
			c.spoil(&spoilt)
			sha, size, err := Verify(t.Context(), path, spoilt)
			if err == nil || sha != "" || size != 0 {
				t.Fatalf("accepted: %q, %d, %v", sha, size, err)
			}
			for _, text := range append(c.says, path) {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q does not say %q", err, text)
				}
			}
		})
	}
}

func TestVerifyEqualTexts(t *testing.T) {
	columns, want := every()
	path := writeParquet(t, layout{metadata: marks}, columns...)
	want.Columns[6].Type = "decimal(5, 1)"
	want.Sums["dekking_pct"], want.Sums["lopend"] = "194.4000", "2.0"
	if _, _, err := Verify(t.Context(), path, want); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefusesTypes(t *testing.T) {
	for typ, found := range map[string]string{
		"DOUBLE": "parquet DOUBLE None", "UINTEGER": "parquet INT32 Int(bitWidth=32, isSigned=false)",
		"BLOB": "parquet BYTE_ARRAY None", "TIMESTAMPTZ": "parquet INT64 Timestamp(isAdjustedToUTC=true",
		"TIMESTAMP_MS": "parquet INT64 Timestamp(isAdjustedToUTC=false, timeUnit=milliseconds",
	} {
		t.Run(typ, func(t *testing.T) {
			path := writeParquet(t, layout{}, written{name: "x", typ: typ})
			want := Expectation{Columns: []Column{{Name: "x", Type: typ}}, Sums: map[string]string{"x": "0"}}
			_, _, err := Verify(t.Context(), path, want)
			if err == nil || !strings.Contains(err.Error(), `column "x": type is `+found) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVerifyCancelled(t *testing.T) {
	columns, want := every()
	path := writeParquet(t, layout{metadata: marks}, columns...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Verify(ctx, path, want); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	const rows = 1_000_000
	columns := []written{
		{name: "peildatum", typ: "DATE"},
		{name: "gemeente", typ: "VARCHAR"},
		{name: "sleutel", typ: "VARCHAR"},
		{name: "personen", typ: "INTEGER"},
		{name: "lopend", typ: "BOOLEAN"},
		{name: "banen", typ: "DECIMAL(12,2)"},
	}
	var sums [6]int64
	for i := range int64(rows) {
		key := strconv.FormatInt(i*7919, 16)
		name := "Gemeente " + strconv.FormatInt(i%8, 10)
		for c, v := range []any{18000 + i%3000, name, key, i % 1000, i%3 == 0, i * 25} {
			columns[c].values = append(columns[c].values, v)
			switch v := v.(type) {
			case int64:
				sums[c] += v
			case string:
				sums[c] += int64(len(v))
			case bool:
				if v {
					sums[c]++
				}
			}
		}
	}
	want := Expectation{Rows: rows, Sums: map[string]string{}}
	for i, c := range columns {
		want.Columns = append(want.Columns, Column{Name: c.name, Type: c.typ})
		want.Sums[c.name] = strconv.FormatInt(sums[i], 10)
	}
	cents := sums[5]
	want.Sums["banen"] = strconv.FormatInt(cents/100, 10) + "." + strconv.FormatInt(cents%100+100, 10)[1:]
	path := writeParquet(b, layout{codec: compress.Codecs.Zstd, rows: 122880}, columns...)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if _, _, err := Verify(b.Context(), path, want); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
