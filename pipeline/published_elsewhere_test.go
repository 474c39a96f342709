package pipeline

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// checkElsewhere publishes the demo again, now also to another folder and with CSV copies, and reads that
// folder as people do.
func checkElsewhere(t *testing.T, data string) {
	o := demoOptions(data)
	share := filepath.Join(t.TempDir(), "share")
	o.Publish.CSV, o.Publish.To = true, contract.From{Kind: contract.FromDir, Address: share}
	if res, err := Run(t.Context(), o); err != nil || res.Outcome != mart.Published {
		t.Fatalf("%+v %v", res, err)
	}
	m, err := mart.ReadManifest(share)
	if err != nil || len(m.Files) < 15 {
		t.Fatalf("%d marts, %v", len(m.Files), err)
	}
	marts := map[string]readTable{}
	for _, f := range m.Files {
		marts[f.Mart] = readParquet(t, filepath.Join(share, f.Path))
	}
	t.Run("three readers", func(t *testing.T) { checkReaders(t, share, m, marts) })
	t.Run("spreadsheet", func(t *testing.T) { checkTwins(t, share, m, marts) })
}

// checkReaders holds that Arrow, DuckDB and parquet-go, which share no code, read the same values in
// the same order.
func checkReaders(t *testing.T, dir string, m *mart.Manifest, marts map[string]readTable) {
	cells := 0
	for _, f := range m.Files {
		path := filepath.Join(dir, f.Path)
		byArrow := arrowRows(marts[f.Mart], f)
		byDuck, byGo := duckRows(t, path, f), thirdRows(t, path, f)
		if int64(len(byArrow)) != f.Rows {
			t.Errorf("%s: Arrow reads %d rows, the manifest says %d", f.Mart, len(byArrow), f.Rows)
		}
		if diff := cmp.Diff(byArrow, byDuck); diff != "" {
			t.Errorf("%s (-Arrow +DuckDB):\n%s", f.Mart, diff)
		}
		if diff := cmp.Diff(byArrow, byGo); diff != "" {
			t.Errorf("%s (-Arrow +parquet-go):\n%s", f.Mart, diff)
		}
		cells += len(byGo) * len(f.Columns)
	}
	if cells < 20_000 {
		t.Errorf("only %d values were compared", cells)
	}
}

// arrowRows writes times and decimals as DuckDB does.
func arrowRows(table readTable, f mart.File) [][]string {
	rows := make([][]string, len(table.rows))
	for i, row := range table.rows {
		for _, c := range f.Columns {
			value := row[c.Name]
			if at, err := time.Parse("2006-01-02 15:04:05Z07:00", value); err == nil && c.Type == "TIMESTAMP" {
				value = at.Format(time.DateTime)
			}
			if number, ok := new(big.Rat).SetString(value); ok && strings.HasPrefix(c.Type, "DECIMAL") {
				value = number.FloatString(scaleOf(c.Type))
			}
			rows[i] = append(rows[i], value)
		}
	}
	return rows
}

func duckRows(t *testing.T, path string, f mart.File) [][]string {
	t.Helper()
	db, session, err := nightSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(session.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	var columns []string
	for _, c := range f.Columns {
		columns = append(columns, "coalesce("+quote.Ident(c.Name)+"::varchar, 'NULL')")
	}
	found, err := session.Rows(t.Context(), "select "+strings.Join(columns, ", ")+" from read_parquet("+quote.Literal(path)+")")
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]string, len(found))
	for i, row := range found {
		for _, value := range row {
			rows[i] = append(rows[i], *value)
		}
	}
	return rows
}

// thirdRows reads a file with parquet-go, as it lies.
func thirdRows(t *testing.T, path string, f mart.File) (rows [][]string) {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // only read
	reader := parquet.NewReader(in)
	defer reader.Close() //nolint:errcheck // only read
	var names []string
	for _, field := range reader.Schema().Fields() {
		names = append(names, field.Name())
	}
	if !slices.EqualFunc(names, f.Columns, func(name string, c mart.Column) bool { return name == c.Name }) {
		t.Fatalf("%s has the columns %v, the manifest says %v", f.Mart, names, f.Columns)
	}
	batch := make([]parquet.Row, 100)
	for {
		n, err := reader.ReadRows(batch)
		for _, values := range batch[:n] {
			row := make([]string, len(names))
			for _, v := range values {
				row[v.Column()] = thirdText(v, f.Columns[v.Column()].Type)
			}
			rows = append(rows, row)
		}
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Mart, err)
		}
	}
}

// thirdText writes a value as it lies in the file, by what the manifest calls its type.
func thirdText(v parquet.Value, kind string) string {
	if v.IsNull() {
		return "NULL"
	}
	var whole int64
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	case parquet.ByteArray:
		return string(v.ByteArray())
	case parquet.Int32:
		whole = int64(v.Int32())
	case parquet.Int64:
		whole = v.Int64()
	default:
		return fmt.Sprintf("a value of the kind %s", v.Kind())
	}
	switch base, _, _ := strings.Cut(kind, "("); base {
	case "DATE":
		return time.Unix(whole*86400, 0).UTC().Format(time.DateOnly)
	case "TIMESTAMP":
		return time.UnixMicro(whole).UTC().Format(time.DateTime)
	case "DECIMAL":
		scale := scaleOf(kind)
		return new(big.Rat).SetFrac(big.NewInt(whole), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
	}
	return strconv.FormatInt(whole, 10)
}

// scaleOf is the number of decimals of a type as the manifest writes it: DECIMAL(12,2).
func scaleOf(kind string) int {
	_, digits, _ := strings.Cut(strings.TrimSuffix(kind, ")"), ",")
	scale, _ := strconv.Atoi(digits)
	return scale
}
