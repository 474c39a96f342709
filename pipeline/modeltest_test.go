package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/projectfile"
)

// proefProject is a project of its own with a model of each sort: on raw data, constant, on other
// models and the stand before, and in full with an order.
const proefProject = `
-- inbeeld.yaml --
standalone: true
-- sources/bron.yaml --
description: Een bron
supplier: UWV
owner: supplier
from: {dir: inbox/bron}
match: 'bron_(?P<peildatum>\d{8}).*\.csv'
delivery: snapshot
key: [nr]
columns:
  - {name: Nr, as: nr, type: text, required: true}
  - {name: Tekst, as: tekst, type: text}
  - {name: Getal, as: getal, type: decimal}
  - {name: Dag, as: dag, type: date}
-- sources/reference/soorten.csv --
soort;naam
A;Appel
B;Boom
-- sql/staging/bron.sql --
-- description: De bron.
-- grain: [peildatum, nr]
-- per: peildatum
select getvariable('peildatum')::date as peildatum, nr, tekst, getal, dag from raw.bron
-- sql/staging/soorten.sql --
-- description: De soorten.
-- grain: [soort]
select soort, upper(naam) as naam from ref.soorten
-- sql/core/bron.sql --
-- description: De bron met haar soort en de vorige stand.
-- grain: [peildatum, nr]
-- per: peildatum
select b.peildatum, b.nr, s.naam, b.tekst, b.getal, v.getal as vorige
from staging.bron as b
left join staging.soorten as s on s.soort = b.tekst
left join staging.bron__vorige as v on v.nr = b.nr
-- sql/core/rij.sql --
-- description: Alles op volgorde.
-- grain: [nr]
select nr, tekst from core.bron order by nr desc
`

// boundWith binds proefProject with case files in it, written to a folder.
func boundWith(t *testing.T, cases string) (b *Bound, dir string, faults projectfile.Faults) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range append(txtar.Parse([]byte(proefProject)).Files, quotedFiles(cases)...) {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, faults, err := LoadProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, more, err := p.Bind(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b, dir, append(faults, more...)
}

// quotedFiles reads an archive whose files are archives: their lines begin with >.
func quotedFiles(text string) []txtar.File {
	files := txtar.Parse([]byte(text)).Files
	for i, f := range files {
		lines := strings.Split(string(f.Data), "\n")
		for j, l := range lines {
			lines[j] = strings.TrimPrefix(l, ">")
		}
		files[i].Data = []byte(strings.Join(lines, "\n"))
	}
	return files
}

func TestEmbeddedModelsHaveCasesThatPass(t *testing.T) {
	t.Parallel()
	report, err := bindEmbedded(t).TestModels(t.Context(), TestOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Failure != "" {
			t.Errorf("%s:%d: %s\n%s", r.Path, r.Line, r.Rule, r.Failure)
		}
	}
	if len(report.Without) > 0 {
		t.Errorf("models without a case: %v", report.Without)
	}
	if len(report.Results) < 80 {
		t.Errorf("only %d cases ran", len(report.Results))
	}
}

func TestCaseTables(t *testing.T) {
	t.Parallel()
	table, faults := parseCaseTable("f", "raw.bron", `
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
	if diff := cmp.Diff([]string{"nr", "tekst", "getal"}, table.columns); diff != "" {
		t.Error(diff)
	}
	want := [][]*string{{text("1"), text(""), nil}, {text("2"), text(` een ; en "twee" `), text("3.5")}, {nil, text(`é"x`), nil}}
	if diff := cmp.Diff(want, table.values()); diff != "" {
		t.Error(diff)
	}
	if r := table.rows[1]; r.line != 12 || r.cols[2] != 29 {
		t.Errorf("row 2 is on line %d, its third cell at %d", r.line, r.cols[2])
	}
	for _, row := range want {
		again, _, err := cellsOf(rowText(row))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, again); diff != "" {
			t.Errorf("%s: %s", rowText(row), diff)
		}
	}
	one, faults := parseCaseTable("f", "expect.csv", "a\n;\nx\n\n", 1)
	if diff := cmp.Diff([][]*string{{nil}, {text("x")}}, one.values()); diff != "" || len(faults) > 0 {
		t.Error(diff, faults)
	}
}

func TestCaseFileFaults(t *testing.T) {
	t.Parallel()
	const head = ">-- x --\n>rule: r\n>peildatum: 2020-12-31\n"
	const expect = ">-- x/expect.csv --\n>nr\n"
	for _, tc := range []struct{ name, file, text, want string }{
		{"no such model", "core.brom", ">-- x --\n>rule: r\n" + expect, `sql/tests/core.brom.txtar: cases of model core.brom, which does not exist; did you mean "core.bron"?`},
		{"no case", "core.bron", ">only words\n", `sql/tests/core.bron.txtar:1: no case in the file; a case opens with a line -- name --`},
		{"no expectation", "core.bron", ">words\n" + head, `sql/tests/core.bron.txtar:2: case x expects nothing; add -- x/expect.csv --`},
		{"no rule", "core.bron", ">-- x --\n>peildatum: 2020-12-31\n" + expect, `sql/tests/core.bron.txtar:1: case x does not say what it shows; add below it: rule: …`},
		{"no peildatum", "core.bron", ">-- x --\n>rule: r\n" + expect, `sql/tests/core.bron.txtar:1: case x has no peildatum; core.bron runs per peildatum; add below it: peildatum: 2020-12-31`},
		{"bad peildatum", "core.bron", ">-- x --\n>rule: r\n>peildatum: 31-12-2020\n" + expect, `sql/tests/core.bron.txtar:3:12: "31-12-2020" is no date; write it as 2020-12-31`},
		{"peildatum too many", "core.rij", head + expect, `sql/tests/core.rij.txtar:3:12: core.rij does not run per peildatum; remove it`},
		{"unknown key", "core.bron", head + ">why: x\n" + expect, `sql/tests/core.bron.txtar:4:1: unknown key "why"; known: rule, peildatum`},
		{"case twice", "core.bron", head + expect + head, `sql/tests/core.bron.txtar:6: case x is also on line 1`},
		{"name", "core.bron", ">-- X y --\n", `sql/tests/core.bron.txtar:1: "X y" is no name for a case; use lower-case letters, digits, - and _`},
		{"table without case", "core.bron", expect, `sql/tests/core.bron.txtar:1: x/expect.csv belongs to no case; put -- x -- with its rule before it`},
		{"expectation twice", "core.bron", head + expect + expect, `sql/tests/core.bron.txtar:6: x/expect.csv is there twice`},
		{"table twice", "core.bron", head + ">-- x/staging.bron.csv --\n>nr\n>-- x/staging.bron.csv --\n>nr\n" + expect, `sql/tests/core.bron.txtar:6: x/staging.bron.csv is there twice`},
		{"no table", "core.bron", head + ">-- x/staging.csv --\n" + expect, `sql/tests/core.bron.txtar:4: "staging.csv" is no table; write -- x/<schema>.<table>.csv -- or -- x/expect.csv --`},
		{"no header", "core.bron", head + ">-- x/staging.bron.csv --\n># nothing\n" + expect, `sql/tests/core.bron.txtar:4: x/staging.bron.csv has no header; begin with the names of columns, separated by ;`},
		{"cells", "core.bron", head + ">-- x/staging.bron.csv --\n>nr;tekst\n>1\n" + expect, `sql/tests/core.bron.txtar:6: the row has 1 cells, the header 2; separate cells with ;`},
		{"open quotes", "core.bron", head + ">-- x/staging.bron.csv --\n>nr;tekst\n>1;\"x\n" + expect, `sql/tests/core.bron.txtar:6: the quotes of cell 2 do not close; close the quotes before the next ; and double those inside`},
		{"column twice", "core.bron", head + ">-- x/staging.bron.csv --\n>nr; NR\n" + expect, `sql/tests/core.bron.txtar:5:5: column "nr" stands there twice`},
		{"not read", "core.bron", head + ">-- x/raw.bron.csv --\n>nr\n" + expect, `sql/tests/core.bron.txtar:4: core.bron does not read raw.bron; known: ref.soorten, staging.bron, staging.bron__vorige, staging.soorten`},
		{"no column", "core.bron", head + ">-- x/staging.bron.csv --\n>mr\n" + expect, `sql/tests/core.bron.txtar:5: staging.bron has no column "mr"; did you mean "nr"?`},
		{"no expected column", "core.bron", head + ">-- x/expect.csv --\n>\n>naan\n", `sql/tests/core.bron.txtar:6: expect.csv has no column "naan"; did you mean "naam"?`},
		{"no value", "core.bron", head + ">-- x/staging.bron.csv --\n>nr;getal\n>1;2.5\n>1; 2,5\n" + expect, `sql/tests/core.bron.txtar:7:4: "2,5" is no DECIMAL(18,6)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b, _, faults := boundWith(t, "-- sql/tests/"+tc.file+".txtar --\n"+tc.text)
			if len(faults) == 0 {
				_, err := b.TestModels(t.Context(), TestOptions{Workers: 1})
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

const proefCases = `
-- sql/tests/staging.bron.txtar --
>-- goed --
>rule: Leeg is NULL, aanhalingstekens zijn lege tekst.
>peildatum: 2020-12-31
>-- goed/raw.bron.csv --
>nr;tekst;getal
>1;"";1.5
>2;;
>-- goed/expect.csv --
>peildatum;nr;tekst;getal
># in een andere volgorde
>2020-12-31;2;;
>2020-12-31;1;"";1.500000
>
>-- fout --
>rule: Rijen die anders zijn worden getoond.
>peildatum: 2020-12-31
>-- fout/raw.bron.csv --
>nr;tekst
>1;a
>2;b
>3;c
>-- fout/expect.csv --
># de goede
>nr;tekst
>1;a
>
># de andere
>2;x
>4;d
># het einde
>
>-- dubbel --
>rule: De grain is uniek.
>peildatum: 2020-12-31
>-- dubbel/raw.bron.csv --
>nr
>1
>1
>-- dubbel/expect.csv --
>nr
>1
>1
-- sql/tests/staging.soorten.txtar --
>-- project --
>rule: De tabellen van het project zijn er vanzelf.
>-- project/expect.csv --
>soort;naam
>A;APPEL
>B;BOOM
-- sql/tests/core.bron.txtar --
>-- berekend --
>rule: Een model op alleen vaste tabellen wordt berekend, en rijen van een ander model zijn van de peildatum.
>peildatum: 2020-12-31
>-- berekend/staging.bron.csv --
>nr;tekst;getal
>1;A;2
>-- berekend/staging.bron__vorige.csv --
>peildatum;nr;getal
>2020-11-30;1;3
>-- berekend/expect.csv --
>peildatum;nr;naam;getal;vorige
>2020-12-31;1;APPEL;2.000000;3.000000
>
>-- vaste_tabel_gegeven --
>rule: Een vaste tabel van de zaak gaat voor.
>peildatum: 2020-12-31
>-- vaste_tabel_gegeven/staging.bron.csv --
>nr;tekst
>1;A
>-- vaste_tabel_gegeven/ref.soorten.csv --
>soort;naam
>A;Aap
>-- vaste_tabel_gegeven/expect.csv --
>nr;naam
>1;AAP
>
>-- model_gegeven --
>rule: Een model van de zaak wordt niet berekend.
>peildatum: 2020-12-31
>-- model_gegeven/staging.bron.csv --
>nr;tekst
>1;A
>-- model_gegeven/staging.soorten.csv --
>soort;naam
>A;noot
>-- model_gegeven/expect.csv --
>nr;naam
>1;noot
-- sql/tests/core.rij.txtar --
>-- volgorde --
>rule: Een model met order by heeft een volgorde.
>-- volgorde/core.bron.csv --
>nr;tekst
>1;a
>2;b
>-- volgorde/expect.csv --
>nr;tekst
># eerst
>1;a
># dan
>2;b
>
>-- nog_niets --
>rule: Wat nog niet is verwacht.
>-- nog_niets/core.bron.csv --
>peildatum;nr;tekst
>2020-12-31;1;
>2021-12-31;2;b
>-- nog_niets/expect.csv --
`

func TestCasesRun(t *testing.T) {
	t.Parallel()
	b, _, faults := boundWith(t, proefCases)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	report, err := b.TestModels(t.Context(), TestOptions{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, r := range report.Results {
		fmt.Fprintf(&got, "%s/%s:%d\n%s", r.Model, r.Case, r.Line, r.Failure)
	}
	const want = `core.bron/berekend:1
core.bron/vaste_tabel_gegeven:14
core.bron/model_gegeven:27
core.rij/volgorde:1
the rows are right, their order is not
   nr   tekst
-  1    a
+  [2]  [b]
-  2    b
+  [1]  [a]
core.rij/nog_niets:14
nothing is expected yet; write expect.csv, or run: inbeeld test --project DIR --update
staging.bron/goed:1
staging.bron/fout:14
   nr  tekst
-  2   x
+  2   [b]
-  4   d
+  3   c
  (1 more as expected)
staging.bron/dubbel:32
two rows have the same peildatum, nr: 2020-12-31;1
staging.soorten/project:1
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	if report.Failed() != 4 || len(report.Without) != 0 {
		t.Errorf("%d failed, without %v", report.Failed(), report.Without)
	}
}

func TestUpdateWritesWhatCameOut(t *testing.T) {
	t.Parallel()
	b, dir, faults := boundWith(t, proefCases)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	report, err := b.TestModels(t.Context(), TestOptions{Workers: 2, Update: dir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sql/tests/core.rij.txtar", "sql/tests/staging.bron.txtar"}, report.Updated); diff != "" {
		t.Error(diff)
	}
	before := map[string]string{}
	for _, f := range quotedFiles(proefCases) {
		before[f.Name] = string(f.Data)
	}
	for name, changes := range map[string][]string{
		"sql/tests/staging.bron.txtar": {"# de andere\n2;x\n4;d\n# het einde\n", "# de andere\n2;b\n# het einde\n3;c\n"},
		"sql/tests/core.rij.txtar": {
			"# eerst\n1;a\n# dan\n2;b\n", "# eerst\n2;b\n# dan\n1;a\n",
			"-- nog_niets/expect.csv --\n", "-- nog_niets/expect.csv --\nnr;tekst\n2;b\n1;\n",
		},
		"sql/tests/core.bron.txtar":       nil,
		"sql/tests/staging.soorten.txtar": nil,
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.NewReplacer(changes...).Replace(before[name]), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	p, _, err := LoadProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b, _, err = p.Bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := b.TestModels(t.Context(), TestOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if again.Failed() != 1 { // a grain that repeats cannot be expected
		t.Errorf("after the update %d fail: %v", again.Failed(), again.Results)
	}
}

// A case of the embedded project that fails under a changed model is reported and left alone.
func TestUpdateLeavesEmbeddedCases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _, err := LoadProject("")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := p.File("sql/marts/dim_grondslag.sql")
	path := filepath.Join(dir, "sql", "marts", "dim_grondslag.sql")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "'Onbekend'", "'Geen idee'")), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, _, err = LoadProject(dir); err != nil {
		t.Fatal(err)
	}
	b, faults, err := p.Bind(t.Context())
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	report, err := b.TestModels(t.Context(), TestOptions{Select: "marts.dim_g*", Workers: 1, Update: dir})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() != 1 || len(report.Updated) != 0 {
		t.Errorf("%d failed, updated %v", report.Failed(), report.Updated)
	}
	if _, err := os.Stat(filepath.Join(dir, "sql", "tests")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sql/tests in the project folder: %v", err)
	}
}

func TestSelectModels(t *testing.T) {
	t.Parallel()
	b, _, faults := boundWith(t, "-- sql/tests/core.rij.txtar --\n>-- x --\n>rule: r\n>-- x/expect.csv --\n>nr\n")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, tc := range []struct {
		pattern string
		ran     int
		without []string
		misuse  string
	}{
		{pattern: "", ran: 1, without: []string{"core.bron", "staging.bron", "staging.soorten"}},
		{pattern: "core.rij", ran: 1},
		{pattern: "core.*", ran: 1, without: []string{"core.bron"}},
		{pattern: "*.bron", without: []string{"core.bron", "staging.bron"}},
		{pattern: "core.rik", misuse: `no model is called "core.rik"; did you mean "core.rij"?`},
		{pattern: "core.[", misuse: `"core.[" is no pattern; write <layer>.<name>, or marts.* for a layer`},
	} {
		report, err := b.TestModels(t.Context(), TestOptions{Select: tc.pattern, Workers: 1})
		var misuse *UsageError
		if errors.As(err, &misuse) != (tc.misuse != "") || misuse != nil && misuse.Message != tc.misuse || misuse == nil && err != nil {
			t.Errorf("%q: %v", tc.pattern, err)
		}
		if diff := cmp.Diff(tc.without, report.Without); diff != "" || len(report.Results) != tc.ran {
			t.Errorf("%q: %d ran, without: %s", tc.pattern, len(report.Results), diff)
		}
	}
}

// Cases say nothing about what is published, so a changed case is no reason to publish again.
func TestCasesAreNotInTheFingerprint(t *testing.T) {
	t.Parallel()
	plain, _, faults := boundWith(t, "")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	with, _, faults := boundWith(t, proefCases)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if plain.Fingerprint != with.Fingerprint {
		t.Error("the fingerprint of the project changes with its cases")
	}
}

func TestTestModelsStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	b, _, faults := boundWith(t, proefCases)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.TestModels(ctx, TestOptions{Workers: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
