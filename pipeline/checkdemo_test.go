package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

const dekking = "marts.transparantie_klantprofielen.profieldekking_gemeente"

// TestChecksOfTheDemo follows the story of the profieldekking: the verdicts of the letter, another limit
// tried on the quarters before and then set, and the quarter after it.
func TestChecksOfTheDemo(t *testing.T) {
	t.Parallel()
	data := publishDemo(t)
	t.Run("verdicts", func(t *testing.T) { demoVerdicts(t, data) })
	t.Run("explained rows", func(t *testing.T) { demoRows(t, data) })
	t.Run("backtest", func(t *testing.T) { demoBacktest(t, data) })
	t.Run("next quarter", func(t *testing.T) { demoNextQuarter(t, data) })
}

// demoVerdicts: what a judgement without a run says is what the letter gives.
func demoVerdicts(t *testing.T, data string) {
	judged, err := audit.Judge(t.Context(), nightOptions(data, "").Scope, []string{"profieldekking_gemeente", "profieldekking_uwv"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range judged.Findings {
		if f.Ernst != "ok" && f.Peildatum == "2020-12-31" {
			got = append(got, strings.TrimPrefix(f.Check, "marts.")+" "+f.Group+" "+f.Ernst)
		}
	}
	want := []string{
		"transparantie_klantprofielen.profieldekking_gemeente Blaricum alarm",
		"transparantie_klantprofielen.profieldekking_gemeente Eemnes geen_oordeel",
		"transparantie_klantprofielen.profieldekking_gemeente Gooise Meren waarschuwing",
		"transparantie_klantprofielen.profieldekking_gemeente Hilversum alarm",
		"transparantie_klantprofielen.profieldekking_gemeente Huizen waarschuwing",
		"transparantie_klantprofielen.profieldekking_gemeente Laren geen_oordeel",
		"transparantie_klantprofielen.profieldekking_gemeente Weesp alarm",
		"transparantie_klantprofielen.profieldekking_gemeente Wijdemeren alarm",
		"transparantie_regio.profieldekking_gemeente Gooi en Vechtstreek alarm",
		"transparantie_regio.profieldekking_gemeente Gooise Meren waarschuwing",
		"transparantie_regio.profieldekking_gemeente HBEL waarschuwing",
		"transparantie_regio.profieldekking_gemeente Hilversum alarm",
		"transparantie_regio.profieldekking_gemeente Weesp alarm",
		"transparantie_regio.profieldekking_gemeente Wijdemeren alarm",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	values := nightCase{data: data}.rows(t, `select groep || ' ' || waarde::varchar from marts.kwaliteit_bevindingen where peildatum = date '2020-12-31' `+
		`and ("check" = '`+dekking+`' or "check" like '%regio.profieldekking%' and groep in ('HBEL', 'Gooi en Vechtstreek') or "check" like '%uwv' and groep = 'Eemnes') order by 1`)
	if diff := cmp.Diff([]string{
		"Blaricum 24.00", "Eemnes 14.30", "Eemnes 70.00", "Gooi en Vechtstreek 24.50", "Gooise Meren 27.00", "HBEL 29.10",
		"Hilversum 22.90", "Huizen 32.70", "Laren 26.70", "Weesp 12.50", "Wijdemeren 18.90",
	}, values); diff != "" {
		t.Errorf("values (-want +got)\n%s", diff)
	}
}

// demoRows: the SQL that an explanation prints runs as it stands in a shell on its peildatum, and shows
// rows where there is something to show.
func demoRows(t *testing.T, data string) {
	b, err := nightOptions(data, "").Open()
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.Open(t.Context(), b.Project)
	if err != nil {
		t.Fatal(err)
	}
	judged, err := audit.Judge(t.Context(), nightOptions(data, "").Scope, nil)
	if err != nil {
		t.Fatal(err)
	}
	shells := map[string]*inspect.Shell{}
	run := 0
	for _, f := range judged.Findings {
		e, err := audit.ExplainCheck(t.Context(), b, g, audit.ExplainOptions{Check: f.Check + "@" + f.Group})
		if err != nil {
			t.Fatal(err)
		}
		v := e.Verdict
		masked := strings.Contains(f.Text, dutch.Few) || strings.Contains(f.Text, "meer dan") || strings.Contains(f.Text, dutch.Hidden)
		if !masked && v.Text != f.Text || v.Ernst != f.Ernst || v.State != f.State || v.Action == "" || len(v.Limits) == 0 {
			t.Errorf("%s@%s is explained as %+v", f.Check, f.Group, v)
		}
		if v.Query == "" {
			continue
		}
		if !strings.Contains(e.Text(), "\n"+v.Query+";\n") {
			t.Errorf("%s@%s: the explanation lacks its SQL\n%s", f.Check, f.Group, e.Text())
		}
		shell := shells[v.Peildatum]
		if shell == nil {
			o := nightOptions(data, "")
			o.Peildatum = v.Peildatum
			if shell, err = inspect.OpenShell(t.Context(), o.Scope); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = shell.Close() }()
			shells[v.Peildatum] = shell
		}
		_, rows, err := shell.Run(t.Context(), v.Query)
		if err != nil {
			t.Errorf("%s@%s: %v\n%s", f.Check, f.Group, err, v.Query)
		}
		teller := v.Trend[len(v.Trend)-1].Teller
		if empty := teller == "" || strings.Trim(teller, "0.") == ""; len(rows) == 0 && !empty {
			t.Errorf("%s@%s: no rows, where teller is %s\n%s", f.Check, f.Group, teller, v.Query)
		}
		run++
	}
	if run < 20 {
		t.Errorf("only %d queries were run", run)
	}
}

// demoBacktest: what a limit would have told is what a run tells once it is set.
func demoBacktest(t *testing.T, data string) {
	project := t.TempDir()
	file := filepath.Join(project, "checks", "marts.transparantie_klantprofielen.yaml")
	text := `- check: coverage
  name: profieldekking_gemeente
  numerator: met_profiel
  denominator: totaal
  where: klant_van = 'GEMEENTE'
  per: gemeente
  min_denominator: 20
  warn: {below: 50}
  alarm: {below: 30}
  notify: [sturing]
  explain: '{gemeente} {waarde}'
`
	nightWrite(t, file, text)
	try := func(last int) []string {
		tried, err := audit.Try(t.Context(), nightOptions(data, "").Scope, audit.BacktestOptions{File: file, Text: []byte(text), Last: last})
		if err != nil {
			t.Fatal(err)
		}
		if last > 0 && len(tried.Peildata) != last {
			t.Errorf("the last %d are %v", last, tried.Peildata)
		}
		told, n := []string{}, 0
		for _, a := range tried.Alerts {
			told = append(told, a.Peildatum+" "+a.Group+" "+a.State+" "+a.Ernst)
		}
		for _, c := range tried.Counts {
			n += c.Count
		}
		if n != len(told) {
			t.Errorf("%d alerts are counted as %d", len(told), n)
		}
		return told
	}
	told := try(0)
	o := nightOptions(data, project)
	if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
	want := nightCase{data: data}.rows(t, `select peildatum::varchar || ' ' || groep || ' ' || toestand || ' ' || ernst from marts.kwaliteit_bevindingen `+
		`where "check" = '`+dekking+`' and toestand <> 'open' order by peildatum, groep`)
	if diff := cmp.Diff(want, told); diff != "" || len(told) < 8 {
		t.Errorf("%d alerts (-run +backtest)\n%s", len(told), diff)
	}
	// Huizen came above 30 at the end of 2019, and is not good yet.
	for _, alert := range []string{"2019-12-31 Huizen beter waarschuwing"} {
		if !slices.Contains(told, alert) {
			t.Errorf("%q is not among %q", alert, told)
		}
	}
	recent := slices.DeleteFunc(want, func(line string) bool { return line < "2019-12-31" })
	dates := nightCase{data: data}.rows(t, `select count(distinct peildatum)::varchar from marts.kwaliteit_bevindingen where "check" = '`+dekking+`' and peildatum >= date '2019-12-31'`)
	if diff := cmp.Diff(recent, try(int(duck.Number(&dates[0])))); diff != "" {
		t.Errorf("the last peildata (-run +backtest)\n%s", diff)
	}
	if result, err := Run(t.Context(), nightOptions(data, "")); err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
}

// demoNextQuarter: Hilversum comes above 50%, Huizen below 25%, and the others stay as they were.
func demoNextQuarter(t *testing.T, data string) {
	files, err := filepath.Glob(filepath.Join(data, "landing", "sonar", "2020-12-31-*", "sonar_20201231.csv"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	next := profiles(t, string(text), "Hilversum", "N", "J", 80)
	next = profiles(t, next, "Huizen", "J", "N", 9)
	nightWrite(t, filepath.Join(data, "inbox", "sonar", "sonar_20210331.csv"), next)
	o := nightOptions(data, "")
	o.Now = func() time.Time { return time.Date(2021, 4, 5, 1, 30, 0, 0, time.UTC) }
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		t.Fatalf("%+v, %v", result, err)
	}
	all, changed := []string{}, []string{}
	for _, f := range result.Findings {
		if f.Check != dekking {
			continue
		}
		line := fmt.Sprintf("%s %s %s", f.Group, f.Ernst, f.State)
		all = append(all, strings.TrimSuffix(line, " "))
		if changes(f) {
			changed = append(changed, line)
		}
	}
	if diff := cmp.Diff([]string{
		"Blaricum alarm open", "Eemnes geen_oordeel", "Gooise Meren waarschuwing open", "Hilversum ok opgelost",
		"Huizen alarm erger", "Laren geen_oordeel", "Weesp alarm open", "Wijdemeren alarm open",
	}, all); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Hilversum ok opgelost", "Huizen alarm erger"}, changed); diff != "" {
		t.Errorf("changes (-want +got)\n%s", diff)
	}
	judged, err := audit.Judge(t.Context(), o.Scope, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result.Findings, judged.Findings); diff != "" {
		t.Errorf("judged again (-run +check)\n%s", diff)
	}
}

// changes tells whether a finding is other than on the date before.
func changes(f ledger.Finding) bool { return f.State != "" && f.State != "open" }

// profiles changes IndKlantprofiel of so many gemeenteklanten whose NaamGemeente holds a name.
func profiles(t *testing.T, text, gemeente, from, to string, count int) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	column := map[string]int{}
	for i, line := range lines {
		fields := strings.Split(strings.TrimSuffix(line, "\r"), ";")
		if len(column) == 0 {
			if fields[0] == "Burgerservicenr" {
				for c, name := range fields {
					column[strings.TrimSpace(name)] = c
				}
			}
			continue
		}
		profile := column["IndKlantprofiel"]
		if count > 0 && len(fields) == len(column) && strings.Contains(strings.ToUpper(fields[column["NaamGemeente"]]), strings.ToUpper(gemeente)) && fields[column["KlantVan"]] == "GEMEENTE" && fields[profile] == from {
			fields[profile] = to
			lines[i] = strings.Join(fields, ";")
			count--
		}
	}
	if count > 0 {
		t.Fatalf("%d more gemeenteklanten of %s with %s are needed", count, gemeente, from)
	}
	return strings.Join(lines, "\n")
}
