package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
)

// rejudgedProject compares with other tables and with earlier stands.
var rejudgedProject = map[string]string{
	"checks/staging.leden.yaml": `
- {check: relationship, name: wijk_bekend, column: wijk, references: marts.wijken(wijk), warn: {rise: {points: 1}}, explain: '{aantal} was {vorige}'}
- {check: sum_matches, name: uren_kloppen, column: uren, total: {table: marts.wijken, column: uren}, warn: {above: 0, only_if_worse: true}, explain: '{aantal}'}
- {check: reconcile, name: ledental, measure: 1, reference: {table: marts.wijken, column: leden}, warn: {rise: {points: 1}}, explain: '{waarde} was {vorige}'}
- {check: outlier, name: uitschieter, numerator: uren, per: wijk, warn: {beyond: 10, only_if_worse: true}, explain: '{waarde}'}
`,
}

func deliverRejudged(t *testing.T) nightCase {
	n := newNight(t, writeCheckProject(t, rejudgedProject))
	for i, d := range []struct{ peildatum, rows string }{
		{"20191231", "a;Noord;10;x\nb;Noord;10;x\nc;Zuid;10;x\nd;Zuid;10;\n"},
		{"20200930", "a;Noord;8;x\nb;Noord;8;x\nc;Zuid;10;x\nd;Zuid;10;x\n"},
		{"20201231", "a;Noord;3;x\nb;Noord;3;x\nc;Zuid;10;x\nd;Zuid;;\nf;West;9;x\n"},
	} {
		n.deliver(t, "leden", "leden_"+d.peildatum+".csv", "Lid;Wijk;Uren;Oud\n"+d.rows, i+1)
	}
	if result, err := Run(t.Context(), nightOptions(n.data, n.project)); err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
	return n
}

// TestJudgeAgain: without a run the checks say the same, and with other limits what a run would say; not
// a byte of the data directory changes.
func TestJudgeAgain(t *testing.T) {
	t.Parallel()
	n := deliverRejudged(t)
	before := nightTree(t, n.data)
	book := ledger.Ledger{Dir: filepath.Join(n.data, "runs")}
	ids, err := book.IDs()
	if err != nil || len(ids) != 1 {
		t.Fatalf("%v, %v", ids, err)
	}
	run, err := book.Read(ids[0])
	if err != nil {
		t.Fatal(err)
	}
	judged, err := audit.Judge(t.Context(), nightOptions(n.data, n.project).Scope, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(run.Findings, judged.Findings); diff != "" {
		t.Errorf("the same checks (-run +judged)\n%s", diff)
	}
	other := writeCheckProject(t, rejudgedProject)
	nightWrite(t, filepath.Join(other, "checks", "marts.wijken.yaml"), `
- {check: coverage, name: uren_per_lid, numerator: uren, denominator: leden * 10, per: wijk, warn: {below: 95}, block: {below: 40}, explain: '{wijk} {waarde}'}
`)
	judged, err = audit.Judge(t.Context(), nightOptions(n.data, other).Scope, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Try(t.Context(), nightOptions(n.data, n.project).Scope, audit.BacktestOptions{
		File: "marts.wijken.yaml", Text: []byte("- {check: row_count, warn: {above: 2}, explain: '{waarde}'}\n"),
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, nightTree(t, n.data)); diff != "" {
		t.Errorf("the data directory changed (-before +after)\n%s", diff)
	}
	result, err := Run(t.Context(), nightOptions(n.data, other))
	if err != nil || result.Outcome != mart.Blocked {
		t.Fatalf("%+v, %v", result, err)
	}
	if diff := cmp.Diff(result.Findings, judged.Findings); diff != "" {
		t.Errorf("other limits (-run +judged)\n%s", diff)
	}
	if diff := cmp.Diff(result.Blocks, judged.Blocks); diff != "" || len(judged.Blocks) == 0 {
		t.Errorf("blocks (-run +judged)\n%s", diff)
	}
	if again, err := audit.Judge(t.Context(), nightOptions(n.data, other).Scope, nil); err != nil || !cmp.Equal(again, judged) {
		t.Errorf("after the blocked run: %v\n%s", err, cmp.Diff(judged, again))
	}
}

// TestJudgeOvertaken: a run that takes away what is being read makes judging begin again, on what that
// run left; without such a run it does not.
func TestJudgeOvertaken(t *testing.T) {
	t.Parallel()
	n := deliverRejudged(t)
	gone := fmt.Errorf("read a result: %w", fs.ErrNotExist)
	b, err := nightOptions(n.data, n.project).Open()
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.Open(t.Context(), b.Project)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	err = audit.Rejudge(t.Context(), b, g, g.Rules, 0, func(context.Context, *transform.Engine) error {
		tries++
		return gone
	})
	if !errors.Is(err, gone) || tries != 1 {
		t.Errorf("an error of its own: %d tries, %v", tries, err)
	}
	tries = 0
	var text string
	err = audit.Rejudge(t.Context(), b, g, g.Rules, 0, func(ctx context.Context, e *transform.Engine) error {
		if tries++; tries == 1 {
			n.deliver(t, "leden", "leden_20201231_beter.csv", "Lid;Wijk;Uren;Oud\na;Noord;10;x\nb;Noord;10;x\nc;Zuid;10;x\nd;Zuid;9;x\n", 9)
			if result, err := Run(ctx, nightOptions(n.data, n.project)); err != nil || result.Outcome != mart.Published {
				t.Errorf("%+v, %v", result, err)
			}
			return gone
		}
		row, err := e.Session(0).Row(ctx, `select string_agg(ernst || ' ' || coalesce(toestand, ''), ',' order by groep) from memory.meta.bevindingen_alle where "check" = 'marts.wijken.uren_per_lid' and is_laatste`)
		if err == nil {
			text = *row[0]
		}
		return err
	})
	if err != nil || tries != 2 || text != "ok opgelost,ok " {
		t.Errorf("%d tries, %q, %v", tries, text, err)
	}
}

// TestJudgeDamaged: a kept result whose bytes are others is not read.
func TestJudgeDamaged(t *testing.T) {
	t.Parallel()
	n := deliverRejudged(t)
	files, err := filepath.Glob(filepath.Join(n.data, "stand", "checks.marts.wijken.0", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte("kapot"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err = audit.Judge(t.Context(), nightOptions(n.data, n.project).Scope, []string{"marts.wijken"})
	if err == nil || !strings.HasSuffix(err.Error(), "is damaged; the next run computes it again: inbeeld run --data "+n.data) {
		t.Errorf("%v", err)
	}
}

// TestEarlierOfBoth: an earlier stand is held against that of the other table, where it has one.
func TestEarlierOfBoth(t *testing.T) {
	t.Parallel()
	n := deliverRejudged(t)
	rows := n.rows(t, `select peildatum::varchar || ' ' || "check" || ' ' || groep || ' ' || ernst from marts.bevindingen where "check" like 'staging.leden.%' and "check" not like '%leeg' order by "check", peildatum, groep`)
	var bad []string
	for _, line := range rows {
		if !strings.HasSuffix(line, " ok") {
			bad = append(bad, line)
		}
	}
	// Each table fits the other on its own date, though not on the date after it.
	if diff := cmp.Diff([]string{
		"2019-12-31 staging.leden.ledental alle geen_oordeel",
		"2019-12-31 staging.leden.uitschieter Noord geen_oordeel",
		"2019-12-31 staging.leden.uitschieter Zuid geen_oordeel",
		"2020-09-30 staging.leden.uitschieter Noord geen_oordeel",
		"2020-09-30 staging.leden.uitschieter Zuid geen_oordeel",
		"2019-12-31 staging.leden.wijk_bekend alle geen_oordeel",
	}, bad); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	rules, faults := rule.ParseFile("checks/marts.t.yaml", []byte("- {check: relationship, column: a, references: core.b(c), warn: {rise: {points: 1, versus: year}}, explain: x}\n"))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	for dated, want := range map[string]string{"core.b": `"core"."b__jaar"`, "core.c": `"core"."b"` + "\n"} {
		q := judge.Compile(rule.Table{Schema: "marts", Name: "t", PerPeildatum: true, Dated: []string{dated}}, rules)
		if _, then, _ := strings.Cut(q[0].SQL, `"marts"."t__jaar"`); !strings.Contains(then, want) {
			t.Errorf("%s has earlier stands: %s", dated, q[0].SQL)
		}
	}
}
