package pipeline

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/modeltest"
)

func TestCaseTables(t *testing.T) {
	t.Parallel()
	table, faults := modeltest.ParseCaseTable("f", "raw.bron", `
# the header
 Nr ; tekst;getal;
1;"";
2 ; " een ; en ""twee"" " ; 3.5
  # a remark

;é"x;;
`, 7)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	text := func(s string) *string { return &s }
	if diff := cmp.Diff([]string{"nr", "tekst", "getal"}, table.Columns); diff != "" {
		t.Error(diff)
	}
	want := [][]*string{{text("1"), text(""), nil}, {text("2"), text(` een ; en "twee" `), text("3.5")}, {nil, text(`é"x`), nil}}
	if diff := cmp.Diff(want, table.Values()); diff != "" {
		t.Error(diff)
	}
	if r := table.Rows[1]; r.Line != 12 || r.Cols[2] != 29 {
		t.Errorf("row 2 is on line %d, its third cell at %d", r.Line, r.Cols[2])
	}
	for _, row := range want {
		again, _, err := modeltest.SplitCells(modeltest.RowText(row))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, again); diff != "" {
			t.Errorf("%s: %s", modeltest.RowText(row), diff)
		}
	}
	one, faults := modeltest.ParseCaseTable("f", "expect.csv", "a\n;\nx\n\n", 1)
	if diff := cmp.Diff([][]*string{{nil}, {text("x")}}, one.Values()); diff != "" || len(faults) > 0 {
		t.Error(diff, faults)
	}
}

func TestCaseFileFaults(t *testing.T) {
	t.Parallel()
	const head = ">-- x --\n>rule: r\n>peildatum: 2020-12-31\n"
	const expect = ">-- x/expect.csv --\n>nr\n"
	for _, tc := range []struct{ name, file, text, want string }{
		{"no such model", "core.brom", ">-- x --\n>rule: r\n" + expect, `sql/tests/core.brom.txtar: cases of model core.brom, which does not exist; did you mean "core.bron"?`},
		{"no case", "core.bron", ">only words\n", `sql/tests/core.bron.txtar:1: the file has no case; a case begins with a line -- name --`},
		{"no expectation", "core.bron", ">words\n" + head, `sql/tests/core.bron.txtar:2: case x has no expectation; add -- x/expect.csv --`},
		{"no rule", "core.bron", ">-- x --\n>peildatum: 2020-12-31\n" + expect, `sql/tests/core.bron.txtar:1: case x has no rule; say what it shows; add below it: rule: …`},
		{"no peildatum", "core.bron", ">-- x --\n>rule: r\n" + expect, `sql/tests/core.bron.txtar:1: case x has no peildatum; core.bron runs per peildatum; add below it: peildatum: 2020-12-31`},
		{"bad peildatum", "core.bron", ">-- x --\n>rule: r\n>peildatum: 31-12-2020\n" + expect, `sql/tests/core.bron.txtar:3:12: "31-12-2020" is not a date; write it as 2020-12-31`},
		{"peildatum too many", "core.rij", head + expect, `sql/tests/core.rij.txtar:3:12: core.rij does not run per peildatum; remove it`},
		{"unknown key", "core.bron", head + ">why: x\n" + expect, `sql/tests/core.bron.txtar:4:1: unknown key "why"; known: rule, peildatum`},
		{"case twice", "core.bron", head + expect + head, `sql/tests/core.bron.txtar:6: case x is also on line 1`},
		{"name", "core.bron", ">-- X y --\n", `sql/tests/core.bron.txtar:1: "X y" is not a valid case name; use lower-case letters, digits, - and _`},
		{"table without case", "core.bron", expect, `sql/tests/core.bron.txtar:1: x/expect.csv belongs to no case; put -- x -- with its rule before it`},
		{"expectation twice", "core.bron", head + expect + expect, `sql/tests/core.bron.txtar:6: x/expect.csv occurs twice`},
		{"table twice", "core.bron", head + ">-- x/staging.bron.csv --\n>nr\n>-- x/staging.bron.csv --\n>nr\n" + expect, `sql/tests/core.bron.txtar:6: x/staging.bron.csv occurs twice`},
		{"no table", "core.bron", head + ">-- x/staging.csv --\n" + expect, `sql/tests/core.bron.txtar:4: "staging.csv" is not a table; write -- x/<schema>.<table>.csv -- or -- x/expect.csv --`},
		{"no header", "core.bron", head + ">-- x/staging.bron.csv --\n># nothing\n" + expect, `sql/tests/core.bron.txtar:4: x/staging.bron.csv has no header; begin with the column names, separated by ;`},
		{"cells", "core.bron", head + ">-- x/staging.bron.csv --\n>nr;tekst\n>1\n" + expect, `sql/tests/core.bron.txtar:6: the row has 1 cells, the header 2; separate cells with ;`},
		{"open quotes", "core.bron", head + ">-- x/staging.bron.csv --\n>nr;tekst\n>1;\"x\n" + expect, `sql/tests/core.bron.txtar:6: cell 2 has no closing quote; close the quotes before the next ; and double those inside`},
		{"column twice", "core.bron", head + ">-- x/staging.bron.csv --\n>nr; NR\n" + expect, `sql/tests/core.bron.txtar:5:5: column "nr" occurs twice`},
		{"not read", "core.bron", head + ">-- x/raw.bron.csv --\n>nr\n" + expect, `sql/tests/core.bron.txtar:4: core.bron does not read raw.bron; known: ref.soorten, staging.bron, staging.bron__vorige, staging.soorten`},
		{"no column", "core.bron", head + ">-- x/staging.bron.csv --\n>mr\n" + expect, `sql/tests/core.bron.txtar:5: staging.bron has no column "mr"; did you mean "nr"?`},
		{"no expected column", "core.bron", head + ">-- x/expect.csv --\n>\n>naan\n", `sql/tests/core.bron.txtar:6: expect.csv has no column "naan"; did you mean "naam"?`},
		{"no value", "core.bron", head + ">-- x/staging.bron.csv --\n>nr;getal\n>1;2.5\n>1; 2,5\n" + expect, `sql/tests/core.bron.txtar:7:4: "2,5" is not a valid DECIMAL(18,6)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b, _, faults := boundWith(t, "-- sql/tests/"+tc.file+".txtar --\n"+tc.text)
			if len(faults) == 0 {
				_, err := modeltest.Run(t.Context(), b, modeltest.Options{Workers: 1})
				if !errors.As(err, &faults) {
					t.Fatalf("no fault but %v", err)
				}
			}
			if got := faults.Error(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
