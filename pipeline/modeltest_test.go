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

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/modeltest"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
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
-- sql/core/deel.sql --
-- description: De tekst als getal.
-- grain: [nr]
select nr, tekst::integer as n from core.bron
-- sql/core/rij.sql --
-- description: Alles op volgorde.
-- grain: [nr]
select nr, tekst from core.bron order by nr desc
`

// boundWith binds proefProject with case files in it, written to a folder.
func boundWith(t *testing.T, cases string) (b *graph.Graph, dir string, faults projectfile.Faults) {
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
	p, faults, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, more, err := graph.Bind(t.Context(), p)
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
	report, err := modeltest.Run(t.Context(), bindEmbedded(t), modeltest.Options{Workers: 2})
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
-- sql/tests/core.deel.txtar --
>-- geen_getal --
>rule: Een model dat niet kan rekenen is een zaak die faalt.
>-- geen_getal/core.bron.csv --
>nr;tekst
>1;x
>-- geen_getal/expect.csv --
>n
>1
>
>-- getal --
>rule: De volgende zaak heeft er geen last van.
>-- getal/core.bron.csv --
>nr;tekst
>1;7
>-- getal/expect.csv --
>n
>7
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
	report, err := modeltest.Run(t.Context(), b, modeltest.Options{Workers: 3})
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
core.deel/geen_getal:1
the model does not run: Conversion Error: Could not convert string 'x' to INT32
LINE 4: select nr, tekst::integer as n from core.bron
                        ^
core.deel/getal:10
core.rij/volgorde:1
the rows are as expected, but in another order
   nr   tekst
-  1    a
+  [2]  [b]
-  2    b
+  [1]  [a]
core.rij/nog_niets:14
there is no expectation yet; write expect.csv, or run: inbeeld test --project DIR --update
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
	if report.Failed() != 5 || len(report.Without) != 0 {
		t.Errorf("%d failed, without %v", report.Failed(), report.Without)
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
		{pattern: "", ran: 1, without: []string{"core.bron", "core.deel", "staging.bron", "staging.soorten"}},
		{pattern: "core.rij", ran: 1},
		{pattern: "core.*", ran: 1, without: []string{"core.bron", "core.deel"}},
		{pattern: "*.bron", without: []string{"core.bron", "staging.bron"}},
		{pattern: "core.rik", misuse: `there is no model "core.rik"; did you mean "core.rij"?`},
		{pattern: "core.[", misuse: `"core.[" is not a pattern; write <layer>.<name>, or marts.* for a layer`},
	} {
		report, err := modeltest.Run(t.Context(), b, modeltest.Options{Select: tc.pattern, Workers: 1})
		var misuse *usage.Error
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
	if _, err := modeltest.Run(ctx, b, modeltest.Options{Workers: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
