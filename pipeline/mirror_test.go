package pipeline

import (
	"bytes"
	"encoding/csv"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/contract"
)

// The copy elsewhere follows what is published, also back; that it cannot be made fails nothing and is
// made up for by the next run, with or without news.
func TestPublishTo(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	o := nightOptions(n.data, n.project)
	share := filepath.Join(t.TempDir(), "share")
	o.Publish.To, o.Publish.CSV = contract.From{Kind: contract.FromDir, Address: share}, true
	if err := os.WriteFile(share, []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(outcome mart.Outcome, failure string) *Result {
		t.Helper()
		result, err := Run(t.Context(), o)
		if err != nil || result.Outcome != outcome {
			t.Fatalf("%+v, %v", result, err)
		}
		status := n.status(t)
		if status.Copy == nil || (failure == "") != (status.Copy.Failure == "") || !strings.Contains(status.Copy.Failure, failure) {
			t.Fatalf("copy %+v", status.Copy)
		}
		if failure == "" && status.Copy.Version != status.Version {
			t.Errorf("the copy has version %s, not %s", status.Copy.Version, status.Version)
		}
		return result
	}
	copied := func() map[string]string {
		t.Helper()
		files := map[string]string{}
		names, err := filepath.Glob(filepath.Join(share, "*.parquet"))
		csvs, terr := filepath.Glob(filepath.Join(share, "csv", "*.csv"))
		if err := errors.Join(err, terr); err != nil || len(names) != 3 || len(csvs) != 3 {
			t.Fatalf("%v and %v, %v", names, csvs, err)
		}
		for _, path := range append(names, csvs...) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(share, path)
			here, err := os.ReadFile(n.path("marts", "current", rel))
			if err != nil || !bytes.Equal(text, here) {
				t.Errorf("%s is not what is published, %v", rel, err)
			}
			files[rel] = string(text)
		}
		return files
	}
	result := run(mart.Published, "not a directory")
	if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, "is niet bijgewerkt") {
		t.Errorf("notes %q", notes)
	}
	if err := os.Remove(share); err != nil {
		t.Fatal(err)
	}
	run(mart.NothingToDo, "")
	first := copied()
	n.second(t)
	run(mart.Published, "")
	if maps.Equal(first, copied()) {
		t.Error("the second night changed nothing")
	}
	if _, err := Rollback(t.Context(), o, "", "test", "proef"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, copied()); diff != "" {
		t.Errorf("after the rollback:\n%s", diff)
	}

	// A share that is no longer mounted is not taken for an empty one.
	if err := os.Rename(share, share+"-aside"); err != nil {
		t.Fatal(err)
	}
	run(mart.Pinned, "no such file or directory")
	if err := os.Mkdir(share, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		run(mart.Pinned, "it has no .inbeeld; mount the share again, or create that file to use this folder")
	}
	if err := errors.Join(os.Remove(share), os.Rename(share+"-aside", share)); err != nil {
		t.Fatal(err)
	}
	run(mart.Pinned, "")

	o.Publish.To.Address = n.path("marts", "elders")
	var misuse *usage.Error
	if _, err := Run(t.Context(), o); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "inside the data directory") {
		t.Errorf("%v", err)
	}
}

// A CSV copy has the rows of its mart as a Dutch spreadsheet reads them, and no formulas.
func TestTwin(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, map[string]string{
		"project/sql/marts/werk.sql": `-- description: Waarden die een rekenblad anders leest.
-- grain: [nummer]
-- columns:
--   nummer: Volgorde.
--   tekst: Tekst.
--   bedrag: Euro.
--   klopt: Ja of nee.
--   dag: Datum.
select
    nummer::integer as nummer,
    tekst,
    bedrag::decimal(12, 2) as bedrag,
    klopt,
    dag
from (
    values
    (1, '=1+1', -1234.5, true, date '2020-12-31'),
    (2, 'a;b "c"' || chr(10) || 'd', 0.07, false, null),
    (3, '-x', null, null, null),
    (4, null, 1, true, null)
) as w(nummer, tekst, bedrag, klopt, dag)
`, "project/checks/marts.werk.yaml": "- check: not_null\n  column: nummer\n  severity: block\n  notify: [datateam]\n  explain: 'Leeg: {aantal}.'\n",
	}))
	n.first(t)
	o := nightOptions(n.data, n.project)
	o.Publish.CSV = true
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(n.path("marts", "current", "csv", "werk.csv"))
	if err != nil {
		t.Fatal(err)
	}
	body, marked := strings.CutPrefix(string(text), "\ufeff")
	reader := csv.NewReader(strings.NewReader(body))
	reader.Comma = ';'
	records, err := reader.ReadAll()
	want := [][]string{
		{"nummer", "tekst", "bedrag", "klopt", "dag"},
		{"1", "'=1+1", "-1234,50", "ja", "2020-12-31"},
		{"2", "a;b \"c\"\nd", "0,07", "nee", ""},
		{"3", "'-x", "", "", ""},
		{"4", "", "1,00", "ja", ""},
	}
	if diff := cmp.Diff(want, records); diff != "" || !marked || err != nil {
		t.Errorf("marked %v, %v\n%s", marked, err, diff)
	}
	if _, err := os.Stat(n.path("marts", "current", "csv", "personen.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a mart of persons has a CSV copy: %v", err)
	}
	if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.NothingToDo {
		t.Errorf("the run after it: %+v, %v", result, err)
	}
	o.Publish.CSV = false
	if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
		t.Errorf("without CSV copies: %+v, %v", result, err)
	}
	if _, err := os.Stat(n.path("marts", "current", "csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("CSV copies are still there: %v", err)
	}
}
