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
	texts := map[string]string{"blocks": strings.Join(result.Blocks, "\n"), "dashboard": bevindingen(t, n.data)}
	for name, pattern := range map[string]string{"mail": filepath.Join(folder, "*.json"), "ledger": filepath.Join(n.data, "runs", result.Run.ID+".json"), "status": filepath.Join(n.data, "marts", "STATUS.txt")} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s is not there: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] += string(text)
		}
	}
	for name, text := range texts {
		if !strings.Contains(text, masked) || strings.Contains(text, "238") || strings.Contains(text, "99,2%") {
			t.Errorf("%s lacks %q, or says more:\n%s", name, masked, text)
		}
	}
}

// bevindingen renders the page of findings of a data directory.
func bevindingen(t *testing.T, data string) string {
	t.Helper()
	book := ledger.Ledger{Dir: filepath.Join(data, "runs")}
	src := dashboard.Source{
		Now: time.Now, Zone: time.UTC, Runs: (&ledger.Index{Ledger: book}).Runs, Run: book.Read,
		Deliveries: func() ([]dashboard.Delivery, error) { return nil, nil },
	}
	h, err := dashboard.Handler(src, dashboard.Access{}, dashboard.NewMetrics(src))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/bevindingen", nil))
	return html.UnescapeString(w.Body.String())
}
