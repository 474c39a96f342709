package pipeline

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/sql/quote"
)

// checkProject has one source, two tables, and checks on deliveries, on what is set apart of them and on
// what is made of them.
var checkProject = map[string]string{
	"inbeeld.yaml": "standalone: true\ntitle: Wijken\ndescription: Klein project met regels.\n",
	"sources/leden.yaml": `description: Leden
supplier: proef
owner: proef
match: 'leden_(?P<peildatum>\d{8}).*\.csv'
delivery: snapshot
key: [lid]
expect: {every: 92d, grace: 14d}
limits: {quarantined: 50%}
columns:
  - {name: Lid, as: lid, type: text, required: true, description: Het lid.}
  - {name: Wijk, as: wijk, type: text, required: true, description: De wijk.}
  - {name: Uren, as: uren, type: integer, description: Uren.}
  - {name: Oud, as: oud, type: text, description: Vrije tekst.}
`,
	"sql/staging/leden.sql": `-- description: Leden.
-- grain: [peildatum, lid]
-- per: peildatum
select getvariable('peildatum')::date as peildatum, lid, wijk, uren, oud from raw.leden
`,
	"sql/marts/wijken.sql": `-- description: Leden per wijk.
-- grain: [peildatum, wijk]
-- per: peildatum
-- columns:
--   peildatum: Datum.
--   wijk: Wijk.
--   leden: Leden.
--   uren: Uren.
select peildatum, wijk, count(*) as leden, coalesce(sum(uren), 0)::bigint as uren from staging.leden group by peildatum, wijk
`,
	"sql/marts/bevindingen.sql": `-- description: Bevindingen.
-- grain: [peildatum, check, groep]
-- columns:
--   peildatum: Datum.
--   check: Controle.
--   groep: Groep.
--   ernst: Ernst.
--   toestand: Toestand.
--   sinds: Sinds.
select peildatum, "check", groep, ernst, toestand, sinds from meta.bevindingen
`,
	"checks/raw.leden.yaml": `
- {check: volume_change, name: omvang, alarm: {beyond: 30}, explain: '{waarde}'}
- {check: volume_change, name: omvang_jaar, versus: year, warn: {beyond: 60}, explain: '{waarde}'}
- {check: not_null, column: uren, severity: warn, explain: '{aantal}'}
- {check: freshness, explain: 'Laatste levering van {peildatum}, {waarde} dagen oud. De grens is {drempel}.'}
`,
	"checks/quarantine.leden.yaml": `
- {check: row_count, name: apart, warn: {above: 0}, explain: '{waarde}'}
`,
	"checks/marts.wijken.yaml": `
- {check: freshness, name: te_oud, warn: {above: 40}, explain: '{waarde} dagen.'}
- {check: coverage, name: uren_per_lid, numerator: uren, denominator: leden * 10, per: wijk, warn: {below: 90}, alarm: {below: 40}, explain: '{wijk} {waarde}'}
`,
	"checks/staging.leden.leeg.sql": "-- per: wijk\n-- severity: warn\n-- explain: '{wijk}: {aantal}'\nselect lid, wijk from staging.leden where oud is null\n",
}

// TestChecksOverTime follows verdicts over the peildata of a source: earlier stands, states, keys of
// rows, and time.
func TestChecksOverTime(t *testing.T) {
	t.Parallel()
	n := newNight(t, writeCheckProject(t, nil))
	for i, d := range []struct{ peildatum, rows string }{
		{"20191231", "a;Noord;10;x\nb;Noord;10;x\nc;Zuid;10;x\nd;Zuid;10;\n"},
		{"20200930", "a;Noord;8;x\nb;Noord;8;x\nc;Zuid;10;x\nd;Zuid;10;x\ne;Zuid;veel;x\n"},
		{"20201231", "a;Noord;3;x\nb;Noord;3;x\nc;Zuid;10;x\nd;Zuid;;\nf;West;9;x\ng;West;9;x\nh;West;9;x\n"},
		{"20210331", "a;Noord;5;x\nb;Noord;5;x\nc;Zuid;10;x\nd;Zuid;10;x\nf;West;9;x\ng;West;9;x\nh;West;9;x\n"},
	} {
		n.deliver(t, "leden", "leden_"+d.peildatum+".csv", "Lid;Wijk;Uren;Oud\n"+d.rows, i+1)
	}
	o := nightOptions(n.data, n.project)
	o.Now = func() time.Time { return time.Date(2021, 7, 16, 1, 30, 0, 0, time.UTC) }
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
	rows, err := inspect.QueryMarts(t.Context(), n.data, `select strftime(peildatum, '%Y-%m-%d') || ' ' || "check" || ' ' || groep || ' ' || ernst || ' ' || coalesce(toestand, '-') || ' ' || sinds `+
		`from marts.bevindingen where ernst <> 'ok' or toestand is not null order by "check", groep, peildatum`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, *r[0])
	}
	want := []string{
		"2020-09-30 marts.wijken.uren_per_lid Noord waarschuwing nieuw 2020-09-30",
		"2020-12-31 marts.wijken.uren_per_lid Noord alarm erger 2020-12-31",
		"2021-03-31 marts.wijken.uren_per_lid Noord waarschuwing beter 2021-03-31",
		"2020-12-31 marts.wijken.uren_per_lid Zuid waarschuwing nieuw 2020-12-31",
		"2021-03-31 marts.wijken.uren_per_lid Zuid ok opgelost 2021-03-31",
		"2020-09-30 quarantine.leden.apart alle waarschuwing nieuw 2020-09-30",
		"2020-12-31 quarantine.leden.apart alle ok opgelost 2020-12-31",
		"2020-12-31 raw.leden.not_null_uren alle waarschuwing nieuw 2020-12-31",
		"2021-03-31 raw.leden.not_null_uren alle ok opgelost 2021-03-31",
		"2019-12-31 raw.leden.omvang alle geen_oordeel - 2019-12-31",
		"2020-12-31 raw.leden.omvang alle alarm nieuw 2020-12-31",
		"2021-03-31 raw.leden.omvang alle ok opgelost 2021-03-31",
		"2019-12-31 raw.leden.omvang_jaar alle geen_oordeel - 2019-12-31",
		"2020-09-30 raw.leden.omvang_jaar alle geen_oordeel - 2019-12-31",
		"2020-12-31 raw.leden.omvang_jaar alle waarschuwing nieuw 2020-12-31",
		"2021-03-31 raw.leden.omvang_jaar alle waarschuwing open 2020-12-31",
		"2019-12-31 staging.leden.leeg Zuid waarschuwing nieuw 2019-12-31",
		"2020-09-30 staging.leden.leeg Zuid ok opgelost 2020-09-30",
		"2020-12-31 staging.leden.leeg Zuid waarschuwing nieuw 2020-12-31",
		"2021-03-31 staging.leden.leeg Zuid ok opgelost 2021-03-31",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	late := []ledger.Finding{
		{Check: "marts.wijken.te_oud", Group: "alle", Ernst: "waarschuwing", Peildatum: "2021-03-31", Title: "wijken is te laat", Text: "107 dagen."},
		{Check: "raw.leden.freshness", Group: "alle", Ernst: "alarm", Peildatum: "2021-03-31", Title: "leden is te laat", Text: "Laatste levering van 31 maart 2021, 107 dagen oud. De grens is 106."},
	}
	if diff := cmp.Diff(late, result.Findings[:2]); diff != "" {
		t.Errorf("verdicts on time (-want +got)\n%s", diff)
	}
	for _, f := range result.Findings[2:] {
		if f.State == "" || (f.Ernst != "ok") != (f.Query != "") {
			t.Errorf("finding without a state or with the wrong query: %+v", f)
		}
	}
	o.Now = func() time.Time { return time.Date(2021, 4, 1, 1, 30, 0, 0, time.UTC) }
	if again, err := Run(t.Context(), o); err != nil || again.Outcome != mart.NothingToDo || len(again.Findings) != 0 {
		t.Errorf("a night without news on which nothing is late: %+v, %v", again, err)
	}
	if keys := keptKeys(t, n.data, "staging.leden.leeg", "2020-12-31", "Zuid"); keys != `[["d"]]` {
		t.Errorf("keys of failing rows: %s", keys)
	}
	if keys := keptKeys(t, n.data, "raw.leden.not_null_uren", "2020-12-31", "alle"); keys != `[["5","d"]]` {
		t.Errorf("keys of failing records: %s", keys)
	}
}

// TestCheckThatCannotBeEvaluated blocks, and hides neither the other checks of its statement nor why.
func TestCheckThatCannotBeEvaluated(t *testing.T) {
	t.Parallel()
	n := newNight(t, writeCheckProject(t, map[string]string{"checks/staging.leden.yaml": `
- {check: share, name: getal, condition: cast(oud as integer) > 0, warn: {above: 5}, explain: '{waarde}'}
- {check: not_null, column: oud, severity: alarm, explain: '{aantal}'}
`}))
	n.deliver(t, "leden", "leden_20191231.csv", "Lid;Wijk;Uren;Oud\na;Noord;10;geheim van Jan\nb;Noord;10;\n", 1)
	result, err := Run(t.Context(), nightOptions(n.data, n.project))
	if err != nil || result.Outcome != mart.Blocked {
		t.Fatalf("%+v, %v", result, err)
	}
	text := strings.Join(result.Blocks, "\n")
	if len(result.Blocks) != 1 || !strings.HasPrefix(text, "staging.leden.getal (alle, 2019-12-31): Deze controle kan niet worden uitgevoerd") || strings.Contains(text, "Jan") {
		t.Errorf("blocked by %q", text)
	}
	found := map[string]string{}
	for _, f := range result.Findings {
		found[f.Check] = f.Ernst
	}
	if found["staging.leden.not_null_oud"] != string(rule.Alarm) {
		t.Errorf("the other check of the statement: %v", found)
	}
}

func writeCheckProject(t *testing.T, over map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, files := range []map[string]string{checkProject, over} {
		for name, text := range files {
			nightWrite(t, filepath.Join(dir, name), text)
		}
	}
	return dir
}

// keptKeys reads the keys beside a verdict.
func keptKeys(t *testing.T, data, check, peildatum, group string) string {
	t.Helper()
	session := openCheckSession(t, 1)
	files, err := filepath.Glob(filepath.Join(data, "stand", "checks."+check[:strings.LastIndex(check, ".")]+".*", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no verdicts kept: %v", err)
	}
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = quote.Literal(f)
	}
	row, err := session.Row(t.Context(), fmt.Sprintf(`select max(sleutels)::varchar from read_parquet([%s]) where "check" = %s and peildatum = date %s and groep = %s`,
		strings.Join(list, ", "), quote.Literal(check), quote.Literal(peildatum), quote.Literal(group)))
	if err != nil || row[0] == nil {
		t.Fatalf("no keys of %s: %v", check, err)
	}
	var keys [][]string
	if err := json.Unmarshal([]byte(*row[0]), &keys); err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if len(k) > 1 && strings.Count(k[0], "-") == 2 { // the peildatum of a grain
			keys[i] = k[1:]
		}
	}
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
