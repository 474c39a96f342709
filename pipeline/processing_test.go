package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/usage"
)

// logged reads the processing log of a night.
func (n nightCase) logged(t *testing.T) []datadir.Processing {
	t.Helper()
	log, damaged, err := datadir.ReadProcessing(Options{Scope: intake.Scope{Dir: datadir.Dir{Path: n.data}}}.Dir)
	if err != nil || len(damaged) > 0 {
		t.Fatalf("damaged %v, %v", damaged, err)
	}
	return log
}

// What was written stays, in order, whatever a power cut did to the last line, and is closed to others.
func TestProcessingLog(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	at := time.Date(2026, 12, 31, 23, 59, 59, 500, time.UTC)
	o := Options{Scope: intake.Scope{Dir: datadir.Dir{Path: n.data, User: "inbeeld", Who: "J. Jansen", Now: func() time.Time { return at }}}}
	if err := datadir.Record(o.Dir, "persoon show", "verzoek om inzage", map[string]int64{"rows": 3}); err != nil {
		t.Fatal(err)
	}
	file := n.path("processing", "2026.jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(whole, whole[:20]...), 0o600); err != nil {
		t.Fatal(err)
	}
	at = at.Add(time.Second)
	for _, o.Who = range []string{"", "K. Klaassen"} {
		if err := datadir.Record(o.Dir, "shell", datadir.PurposeLook, nil); err != nil {
			t.Fatal(err)
		}
	}
	at = at.Add(-time.Second)
	if err := datadir.Record(o.Dir, "shell", datadir.PurposeLook, nil); err != nil {
		t.Fatal(err)
	}
	log, damaged, err := datadir.ReadProcessing(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range log {
		got = append(got, strings.Join([]string{p.At.Format(time.DateTime), p.User, p.Who, p.What}, "|"))
	}
	want := []string{
		"2026-12-31 23:59:59|inbeeld|J. Jansen|persoon show", "2026-12-31 23:59:59|inbeeld|K. Klaassen|shell",
		"2027-01-01 00:00:00|inbeeld||shell", "2027-01-01 00:00:00|inbeeld|K. Klaassen|shell",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2026.jsonl:2"}, damaged); diff != "" {
		t.Error(diff)
	}
	for path, mode := range map[string]os.FileMode{filepath.Dir(file): 0o700, file: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Words that say nothing, or more than may be kept, are refused before anything is written.
func TestProcessingPurpose(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	for _, c := range []struct{ who, purpose, says string }{
		{"", " ", "say why with --reason"},
		{"", "verzoek van 123456782", "may be a BSN"},
		{"1234.56.782", "verzoek om inzage", "may be a BSN"},
	} {
		var misuse *usage.Error
		err := datadir.Record(datadir.Dir{Path: n.data, Who: c.who, Now: time.Now}, "persoon show", c.purpose, nil)
		if !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if log := n.logged(t); len(log) > 0 {
		t.Errorf("%+v", log)
	}
}
