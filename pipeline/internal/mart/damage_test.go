package mart

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
)

// samples are real files, each with the expected content.
func samples(t *testing.T) map[string]sample {
	t.Helper()
	columns, want := every()
	duck, err := os.ReadFile(filepath.Join("testdata", "duckdb.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]sample{
		"plain":       {encodeParquet(t, layout{metadata: marks}, columns...), want},
		"zstd":        {encodeParquet(t, layout{metadata: marks, codec: compress.Codecs.Zstd, dict: true}, columns...), want},
		"snappy":      {encodeParquet(t, layout{metadata: marks, codec: compress.Codecs.Snappy, rows: 2}, columns...), want},
		"version two": {encodeParquet(t, layout{metadata: marks, pageV2: true, dict: true}, columns...), want},
		"duckdb":      {duck, duckExpectation(t)},
	}
}

type sample struct {
	data []byte
	want Expectation
}

func TestVerifyTruncated(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mart.parquet")
			for n := 0; n < len(s.data); n += 1 + len(s.data)/200 {
				if err := os.WriteFile(path, s.data[:n], 0o600); err != nil {
					t.Fatal(err)
				}
				if _, _, err := Verify(t.Context(), path, s.want); err == nil || !strings.Contains(err.Error(), path) {
					t.Fatalf("cut off at %d of %d bytes: got %v", n, len(s.data), err)
				}
			}
		})
	}
}

func TestVerifyForeign(t *testing.T) {
	_, want := every()
	for name, data := range map[string]string{
		"empty": "", "text": "peildatum;gemeente\n2020-12-31;Eemnes\n", "only magic": "PAR1PAR1",
		"footer of nothing": "PAR1\x00\x00\x00\x00PAR1", "footer beyond the file": "PAR1....\xff\xff\xff\x7fPAR1",
		"footer of rubbish": "PAR1" + strings.Repeat("\x19\xfc\xff", 20) + "\x3c\x00\x00\x00PAR1",
		"encrypted":         "PAR1" + strings.Repeat("\x00", 60) + "\x3c\x00\x00\x00PARE",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mart.parquet")
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Verify(t.Context(), path, want); err == nil || !strings.Contains(err.Error(), "Parquet file") {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, _, err := Verify(t.Context(), filepath.Join(t.TempDir(), "none.parquet"), want); err == nil {
		t.Error("a file that is not there was accepted")
	}
	if _, _, err := Verify(t.Context(), t.TempDir(), want); err == nil {
		t.Error("a directory was accepted")
	}
}

// TestVerifyFlippedByte damages one byte at a time, all over the file. If Verify accepts it, another reader
// must find the same NULLs and sums.
func TestVerifyFlippedByte(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mart.parquet")
			if err := os.WriteFile(path, s.data, 0o600); err != nil {
				t.Fatal(err)
			}
			intact := content(t, path)
			tried, refused := 0, 0
			for i := 0; i < len(s.data); i += 1 + len(s.data)/300 {
				damaged := slices.Clone(s.data)
				damaged[i] ^= 1 << (i % 8)
				if err := os.WriteFile(path, damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				tried++
				if _, _, err := Verify(t.Context(), path, s.want); err != nil {
					refused++
					continue
				}
				if got := content(t, path); got != intact {
					t.Fatalf("byte %d of %d: accepted, but it reads\n%s\ninstead of\n%s", i, len(s.data), got, intact)
				}
			}
			if refused < tried/4 {
				t.Errorf("only %d of %d damaged files were refused", refused, tried)
			}
		})
	}
}

// content reads each column chunk at once and returns its NULLs and its sum, of lengths for text.
func content(t *testing.T, path string) string {
	t.Helper()
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	nulls, sums := map[string]int64{}, map[string]*big.Int{}
	for g := range r.NumRowGroups() {
		group := r.RowGroup(g)
		for i := range group.NumColumns() {
			column, err := group.Column(i)
			if err != nil {
				t.Fatal(err)
			}
			name := column.Descriptor().Name()
			values := whole(t, column, group.NumRows())
			if sums[name] == nil {
				sums[name] = new(big.Int)
			}
			nulls[name] += group.NumRows() - int64(len(values))
			for _, v := range values {
				sums[name].Add(sums[name], v)
			}
		}
	}
	return fmt.Sprint(nulls, sums)
}

func whole(t *testing.T, column file.ColumnChunkReader, rows int64) []*big.Int {
	t.Helper()
	levels := make([]int16, rows)
	var values []*big.Int
	var err error
	switch c := column.(type) {
	case *file.BooleanColumnChunkReader:
		values, err = numbers(c, rows, levels, func(v bool) *big.Int {
			if v {
				return big.NewInt(1)
			}
			return new(big.Int)
		})
	case *file.Int32ColumnChunkReader:
		values, err = numbers(c, rows, levels, func(v int32) *big.Int { return big.NewInt(int64(v)) })
	case *file.Int64ColumnChunkReader:
		values, err = numbers(c, rows, levels, big.NewInt)
	case *file.ByteArrayColumnChunkReader:
		values, err = numbers(c, rows, levels, func(v parquet.ByteArray) *big.Int { return big.NewInt(int64(len(v))) })
	case *file.FixedLenByteArrayColumnChunkReader:
		values, err = numbers(c, rows, levels, func(v parquet.FixedLenByteArray) *big.Int {
			n := new(big.Int).SetBytes(v)
			if v[0] > 127 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v))))
			}
			return n
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func numbers[T any](c chunkReader[T], rows int64, levels []int16, number func(T) *big.Int) ([]*big.Int, error) {
	values := make([]T, rows)
	_, n, err := c.ReadBatch(rows, values, levels, nil)
	out := make([]*big.Int, n)
	for i, v := range values[:n] {
		out[i] = number(v)
	}
	return out, err
}

// TestVerifyDamagedValue changes one stored number, which only the sum shows.
func TestVerifyDamagedValue(t *testing.T) {
	columns, want := every()
	data := encodeParquet(t, layout{metadata: marks, noStats: true}, columns...)
	stored := binary.LittleEndian.AppendUint64(nil, 1609459199000001)
	at := bytes.Index(data, stored)
	if at < 0 {
		t.Fatal("the value is not in the file")
	}
	data[at] ^= 1 << 4
	path := filepath.Join(t.TempDir(), "mart.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := Verify(t.Context(), path, want)
	if err == nil || !strings.Contains(err.Error(), `column "ontvangen_op": sum is 1609459199000016, expected 1609459199000000`) {
		t.Errorf("got %v", err)
	}
}

func TestVerifyDamagedText(t *testing.T) {
	columns, want := every()
	data := encodeParquet(t, layout{metadata: marks, noStats: true}, columns...)
	at := bytes.Index(data, []byte("€"))
	data[at+1] = 'x'
	path := filepath.Join(t.TempDir(), "mart.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := Verify(t.Context(), path, want)
	if err == nil || !strings.Contains(err.Error(), `column "gemeente": row group 0 cannot be read: contains text that is not UTF-8`) {
		t.Errorf("got %v", err)
	}
}

func TestCheckLevels(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want int64
		ok   bool
	}{
		"none":                    {"", 0, true},
		"one run":                 {"\x0a\x01", 5, true},
		"a run too short":         {"\x08\x01", 5, false},
		"two runs":                {"\x08\x01\x02\x00", 5, true},
		"packed":                  {"\x05\xff\x0f", 12, true},
		"packed beyond the end":   {"\x05\xff", 12, false},
		"a run without its value": {"\x0a", 5, false},
		"a level of two":          {"\x0a\x02", 5, false},
		"an endless header":       {strings.Repeat("\xff", 11), 5, false},
		"runs of nothing":         {"\x00\x01\x00\x01", 5, false},
		"absurd packing":          {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := checkLevels([]byte(c.data), c.want); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAllocatorIsCapped(t *testing.T) {
	a := newAllocator()
	a.allow(10 * minLimit)
	if got := len(a.Reallocate(11*minLimit, a.Allocate(10*minLimit))); got != 11*minLimit {
		t.Errorf("got %d bytes", got)
	}
	for name, allocate := range map[string]func(){
		"allocate":   func() { a.Allocate(20 * minLimit) },
		"reallocate": func() { a.Reallocate(20*minLimit, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			allocate()
		})
	}
}

func FuzzVerify(f *testing.F) {
	columns, want := every()
	data, err := os.ReadFile(filepath.Join("testdata", "duckdb_leeg.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(encodeParquet(f, layout{metadata: marks, dict: true}, columns...))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "mart.parquet")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		sha, _, err := Verify(t.Context(), path, want)
		if (err == nil) == (sha == "") {
			t.Errorf("hash %q with error %v", sha, err)
		}
	})
}
