package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// TestAlertsOfTheService: a deadline that was missed is told without a run, once, and that it is solved by
// the run that puts the marts in order.
func TestAlertsOfTheService(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	folder := t.TempDir()
	n.first(t)
	n.tells(t, folder, 0, mart.Published)

	missed := nightClock.AddDate(0, 0, 1)
	_, err := ledger.Ledger{Dir: n.path("runs")}.Note(ledger.Event{
		Kind: ledger.DeadlineMissed, At: missed, Schedule: "nachtelijk", Window: missed.Add(-5 * time.Hour),
		Text: "Om 7.00 uur waren er geen nieuwe cijfers.",
	})
	if err != nil {
		t.Fatal(err)
	}
	o := nightOptions(n.data, n.project)
	o.Alerts, o.Now = nightAlerts(folder), func() time.Time { return missed }
	for i, want := range []int{1, 0} {
		sent, err := SendAlerts(t.Context(), o.Scope, o.Alerts)
		if err != nil || sent.Sent != want || len(sent.Failed) > 0 {
			t.Fatalf("time %d: %+v, %v", i+1, sent, err)
		}
	}
	told := ""
	for _, line := range arrived(t, folder) {
		if strings.Contains(line, "niet op tijd gepubliceerd") {
			told = line
		}
	}
	if !strings.HasPrefix(told, "datateam: ") {
		t.Errorf("told %q", told)
	}
	news := n.tells(t, folder, 2, mart.NothingToDo)
	if len(news) != 1 || !strings.Contains(news[0], "opgelost") {
		t.Errorf("the run after it tells %q", news)
	}
	if diff := cmp.Diff([]string(nil), n.tells(t, folder, 3, mart.NothingToDo)); diff != "" {
		t.Error(diff)
	}
}
