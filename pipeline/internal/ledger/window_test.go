package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var night = time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC)

func TestWindowID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"20210104T013000Z-nachtelijk": "nachtelijk", "20210104T013000Z": "", "20210104T013000Z-2": "", "20210104T013000Z-": "", "nachtelijk": "", "x-nachtelijk": "",
	} {
		schedule, window, ok := ParseWindowID(id)
		if ok != (want != "") || ok && (schedule != want || WindowID(schedule, window) != id) {
			t.Errorf("%s: %s %s %v", id, schedule, window, ok)
		}
	}
}

// Prune keeps the newest run of each schedule, and what is not decided or cannot be read.
func TestPrune(t *testing.T) {
	t.Parallel()
	l := Ledger{Dir: filepath.Join(t.TempDir(), "runs")}
	write := func(hour int, schedule, outcome string, again bool) {
		t.Helper()
		at := night.Add(time.Duration(hour) * time.Hour)
		r := &Run{ID: at.Format(idTime), Started: at, Outcome: outcome, Again: again}
		if schedule != "" {
			r.ID, r.Schedule, r.Window = WindowID(schedule, at), schedule, &at
		}
		if err := l.Write(r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(l.Log(r.ID), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(0, "maand", "published", false) // the newest of its schedule
	write(1, "nacht", "failed", true)     // to be tried again
	write(2, "nacht", Queued, false)
	write(3, "nacht", "published", false)
	write(4, "", "", false) // by hand, and killed
	write(5, "", "published", false)
	write(6, "nacht", Skipped, false)
	write(7, "", "published", false)
	if err := os.WriteFile(filepath.Join(l.Dir, "20210103T000000Z-nacht.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	removed, err := l.Prune(2)
	if err != nil || removed != 3 {
		t.Errorf("%d removed, %v", removed, err)
	}
	ids, err := l.IDs()
	want := "20210103T000000Z-nacht 20210104T013000Z-maand 20210104T023000Z-nacht 20210104T033000Z-nacht 20210104T073000Z-nacht 20210104T083000Z"
	if got := strings.Join(ids, " "); err != nil || got != want {
		t.Errorf("left: %s, %v", got, err)
	}
	if logs, err := filepath.Glob(filepath.Join(l.Dir, "*.log")); err != nil || len(logs) != 5 {
		t.Errorf("logs left: %v, %v", logs, err)
	}
	x := &Index{Ledger: l}
	for range 2 {
		runs, damaged, err := x.Runs()
		if err != nil || len(runs) != 5 || len(damaged) != 1 || runs[0].ID != "20210104T083000Z" {
			t.Errorf("%d runs, damaged %v, %v", len(runs), damaged, err)
		}
	}
	if err := l.MarkDamaged(ids[0]); err != nil {
		t.Fatal(err)
	}
	write(8, "", "published", false)
	if runs, damaged, err := x.Runs(); err != nil || len(runs) != 6 || len(damaged) != 0 || runs[0].ID != "20210104T093000Z" {
		t.Errorf("afterwards %d runs, damaged %v, %v", len(runs), damaged, err)
	}
}

// An event is written once, and counts until a run ends with the marts in order.
func TestEvents(t *testing.T) {
	t.Parallel()
	l := Ledger{Dir: filepath.Join(t.TempDir(), "runs")}
	e := Event{Kind: DeadlineMissed, Schedule: "nacht", Window: night, At: night.Add(5 * time.Hour), Text: "te laat"}
	for i, want := range []bool{true, false} {
		e.At = e.At.Add(time.Duration(i) * time.Hour)
		if noted, err := l.Note(e); err != nil || noted != want {
			t.Fatalf("noted %v, %v", noted, err)
		}
	}
	events, err := l.Events()
	if err != nil || len(events) != 1 || events[0].ID != "20210104T013000Z-nacht.deadline_missed" || !events[0].At.Equal(night.Add(5*time.Hour)) {
		t.Fatalf("%+v, %v", events, err)
	}
	for _, c := range []struct {
		outcome string
		ended   time.Duration
		open    int
	}{{"published", 4 * time.Hour, 1}, {"blocked", 6 * time.Hour, 1}, {"waiting", 6 * time.Hour, 1}, {"nothing_to_do", 6 * time.Hour, 0}, {"published", 6 * time.Hour, 0}} {
		ended := night.Add(c.ended)
		if open := Unresolved(events, []*Run{{Outcome: c.outcome, Finished: &ended}}); len(open) != c.open {
			t.Errorf("%s after %s: %d open", c.outcome, c.ended, len(open))
		}
	}
}
