package pipeline

import (
	"fmt"
	"html"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// TestFewEverywhere: of 238 of 240 persons mail, dashboard, ledger and status show the same masked text.
func TestFewEverywhere(t *testing.T) {
	t.Parallel()
	const masked = "In Noord hebben meer dan 235 van de 240 leden een tekst. Dat is meer dan 97,9%."
	n := newNight(t, writeCheckProject(t, map[string]string{"checks/staging.leden.yaml": `
- {check: share, name: tekst, condition: oud is not null, per: wijk, block: {below: 99.9}, notify: [datateam], explain: 'In {wijk} hebben {teller} van de {noemer} leden een tekst. Dat is {waarde}.'}
`}))
	var rows strings.Builder
	for i := range 240 {
		fmt.Fprintf(&rows, "l%d;Noord;10;%s\n", i, map[bool]string{true: "x"}[i > 1])
	}
	n.deliver(t, "leden", "leden_20201231.csv", "Lid;Wijk;Uren;Oud\n"+rows.String(), 1)
	o, folder := nightOptions(n.data, n.project), filepath.Join(t.TempDir(), "berichten")
	o.Alerts = nightAlerts(folder)
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Blocked {
		t.Fatalf("%+v, %v", result, err)
	}
	texts := map[string]string{"blocks": strings.Join(result.Blocks, "\n"), "dashboard": dashboardPage(t, n.data, "/bevindingen")}
	for name, pattern := range map[string]string{"mail": filepath.Join(folder, "*.json"), "ledger": filepath.Join(n.data, "runs", result.Run.ID+".json"), "status": filepath.Join(n.data, "marts", "STATUS.txt")} {
		texts[name] = readAll(t, pattern)
	}
	for name, text := range texts {
		if !strings.Contains(text, masked) || strings.Contains(text, "238") || strings.Contains(text, "99,2%") {
			t.Errorf("%s lacks %q, or says more:\n%s", name, masked, text)
		}
	}
}

// TestFewRefused: of 238 of 240 records in quarantine no reader learns how many are not.
func TestFewRefused(t *testing.T) {
	t.Parallel()
	const masked = "meer dan 235 van 240 records in quarantaine (grens 50%)"
	n := newNight(t, writeCheckProject(t, nil))
	var rows strings.Builder
	for i := range 240 {
		fmt.Fprintf(&rows, "l%d;Noord;%s;x\n", i, map[bool]string{true: "veel", false: "10"}[i > 1])
	}
	n.deliver(t, "leden", "leden_20201231.csv", "Lid;Wijk;Uren;Oud\n"+rows.String(), 1)
	o, folder := nightOptions(n.data, n.project), filepath.Join(t.TempDir(), "berichten")
	o.Alerts = nightAlerts(folder)
	result, err := Run(t.Context(), o)
	if err != nil || result.Refused != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	page := dashboardPage(t, n.data, "/runs/"+result.Run.ID)
	if !strings.Contains(page, masked) || strings.Contains(page, "238") || strings.Contains(page, ">2<") {
		t.Errorf("the page of the run lacks %q, or says more:\n%s", masked, page)
	}
	for _, pattern := range []string{filepath.Join(folder, "*.json"), filepath.Join(n.data, "marts", "STATUS.txt")} {
		if text := readAll(t, pattern); !strings.Contains(text, masked) || strings.Contains(text, "238") {
			t.Errorf("%s lacks %q, or says more:\n%s", pattern, masked, text)
		}
	}
}

// readAll joins the files of a pattern, of which there must be one.
func readAll(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s is not there: %v", pattern, err)
	}
	var all strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// dashboardPage renders a page about a data directory.
func dashboardPage(t *testing.T, data, path string) string {
	t.Helper()
	book := ledger.Ledger{Dir: filepath.Join(data, "runs")}
	src := dashboard.Source{
		Now: time.Now, Zone: time.UTC, Runs: (&ledger.Index{Ledger: book}).Runs, Run: book.Read,
		Log:        func(string) (string, error) { return "", nil },
		Service:    func() dashboard.Service { return dashboard.Service{} },
		Deliveries: func() ([]dashboard.Delivery, error) { return nil, nil },
	}
	h, err := dashboard.Handler(src, dashboard.Access{}, dashboard.NewMetrics(src))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path, nil))
	return html.UnescapeString(w.Body.String())
}
