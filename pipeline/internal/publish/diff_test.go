package publish

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// comparing returns a session and a function that writes rows to a file as a mart with a grain.
func comparing(t *testing.T) (s *duck.Session, write func(name, rows string, grain ...string) (string, mart.File)) {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Settings{MemoryLimit: "500MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err = db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return s, func(name, rows string, grain ...string) (string, mart.File) {
		t.Helper()
		path, f := filepath.Join(t.TempDir(), name), mart.File{Mart: "m", Grain: grain}
		columns, err := s.Describe(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			f.Columns = append(f.Columns, mart.Column{Name: c.Name, Type: c.Type})
		}
		if err := s.Exec(t.Context(), duck.CopyStatement(rows, path, map[string]string{"inbeeld.mart": "m"})); err != nil {
			t.Fatal(err)
		}
		return path, f
	}
}

func TestComparison(t *testing.T) {
	t.Parallel()
	s, write := comparing(t)
	values := func(columns string, rows ...string) string {
		return "select * from (values " + strings.Join(rows, ", ") + ") as v(" + columns + ")"
	}
	for _, c := range []struct {
		name, from, to string
		grain          []string
		want           ledger.Change
	}{
		{
			"nothing moves, in another order", values("a, n", "('x', 1)", "('y', 2)"), values("a, n", "('y', 2)", "('x', 1)"),
			[]string{"a"},
			ledger.Change{},
		},
		{
			"added, removed, changed", values("a, n", "('x', 10)", "('y', 2)", "('w', 0)"), values("a, n", "('x', 15)", "('z', 9)", "('w', 3)"),
			[]string{"a"},
			ledger.Change{Added: 1, Removed: 1, Changed: 2, Columns: []ledger.ColumnChange{{Column: "n", Rows: 2, Largest: "5", Relative: "50", FromNothing: 1}}},
		},
		{
			"a decimal, down", values("d, n", "(date '2020-12-31', 12.50::decimal(5,2))"), values("d, n", "(date '2020-12-31', 12.25::decimal(5,2))"),
			[]string{"d"},
			ledger.Change{Changed: 1, Columns: []ledger.ColumnChange{{Column: "n", Rows: 1, Largest: "0.25", Relative: "2"}}},
		},
		{
			"exactly a fifth", values("a, n", "(1, 3.0::decimal(18,1))"), values("a, n", "(1, 3.6::decimal(18,1))"),
			[]string{"a"},
			ledger.Change{Changed: 1, Columns: []ledger.ColumnChange{{Column: "n", Rows: 1, Largest: "0.6", Relative: "20"}}},
		},
		{
			"the widest numbers", values("a, n, m", "(1, (-9223372036854775807)::bigint, (-99999999.9999999999)::decimal(18,10))"), values("a, n, m", "(1, 9223372036854775807::bigint, 99999999.9999999999::decimal(18,10))"),
			[]string{"a"},
			ledger.Change{Changed: 1, Columns: []ledger.ColumnChange{
				{Column: "n", Rows: 1, Largest: "18446744073709551614", Relative: "200"}, {Column: "m", Rows: 1, Largest: "200000000", Relative: "200"},
			}},
		},
		{
			"empty keys and empty values", values("a, b, n", "(null, 'x', 1)", "('p', null, null)", "('q', 'x', null)"), values("a, b, n", "(null, 'x', null)", "('p', null, 4)", "('q', 'x', null)"),
			[]string{"a", "b"},
			ledger.Change{Changed: 2, Columns: []ledger.ColumnChange{{Column: "n", Rows: 2, Largest: "4", Relative: "100", FromNothing: 1}}},
		},
		{
			"text, truth and days", values("a, t, b, d", "(1, 'x', true, date '2020-01-01')", "(2, null, false, null)"), values("a, t, b, d", "(1, 'y', true, date '2020-01-01')", "(2, '', null, date '2020-01-02')"),
			[]string{"a"},
			ledger.Change{Changed: 2, Columns: []ledger.ColumnChange{{Column: "t", Rows: 2}, {Column: "b", Rows: 1}, {Column: "d", Rows: 1}}},
		},
		{
			"a wider type is no other value", values("a, n, k", "(1, 5, date '2020-12-31')"), values("a, n, k", "(1, 5.00::decimal(18,2), date '2020-12-31')"),
			[]string{"a", "k"},
			ledger.Change{},
		},
		{
			"a number that became text", values("a, n", "(1, 5)", "(2, 6)"), values("a, n", "(1, '5')", "(2, 'zes')"),
			[]string{"a"},
			ledger.Change{Changed: 1, Columns: []ledger.ColumnChange{{Column: "n", Rows: 1}}},
		},
		{
			"a new column, one that went, and another order", values("a, n, weg", "(1, 5, 1)"), values("nieuw, n, a", "(9, 5, 1)"),
			[]string{"a"},
			ledger.Change{},
		},
		{
			"names that need quotes", values(`"o", "n", "a""b"`, "(1, 2, 3)"), values(`"o", "n", "a""b"`, "(1, 3, 4)"),
			[]string{"o"},
			ledger.Change{Changed: 1, Columns: []ledger.ColumnChange{{Column: "n", Rows: 1, Largest: "1", Relative: "50"}, {Column: `a"b`, Rows: 1, Largest: "1", Relative: "33.333333"}}},
		},
		{
			"a key alone", values("a", "(1)", "(2)"), values("a", "(2)", "(3)"),
			[]string{"a"},
			ledger.Change{Added: 1, Removed: 1},
		},
		{
			"nothing was there", "select 1 as a, 2 as n where false", values("a, n", "(1, 2)"),
			[]string{"a"},
			ledger.Change{Added: 1},
		},
		{
			"nothing is left", values("a, n", "(1, 2)"), "select 1 as a, 2 as n where false",
			[]string{"a"},
			ledger.Change{Removed: 1},
		},
	} {
		from, old := write("from.parquet", c.from, c.grain...)
		to, next := write("to.parquet", c.to, c.grain...)
		d := newComparison(old, next)
		row, err := s.Row(t.Context(), d.query(from, to))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got ledger.Change
		d.read(row, &got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}
