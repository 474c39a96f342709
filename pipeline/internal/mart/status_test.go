package mart

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func writeStatus(t *testing.T, s Store, st Status) *Status {
	t.Helper()
	if err := s.WriteStatus(st); err != nil {
		t.Fatal(err)
	}
	got, err := s.ReadStatus()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func statusLines(t *testing.T, s Store) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Dir, "STATUS.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestNoStatus(t *testing.T) {
	st, err := newStore(t).ReadStatus()
	if st != nil || err != nil {
		t.Errorf("got %v, %v", st, err)
	}
}

// TestBlockedSince follows one store through several runs.
func TestBlockedSince(t *testing.T) {
	s := newStore(t)
	why := func(text string) *Block { return &Block{Why: []string{text}} }
	for i, c := range []struct {
		outcome Outcome
		given   *Block
		want    *Block
	}{
		{Blocked, why("a"), &Block{Since: night(1), Why: []string{"a"}}},
		{Blocked, why("b"), &Block{Since: night(1), Why: []string{"b"}}},
		{Failed, nil, &Block{Since: night(1), Why: []string{"b"}}},
		{Interrupted, nil, &Block{Since: night(1), Why: []string{"b"}}},
		{Blocked, why("c"), &Block{Since: night(1), Why: []string{"c"}}},
		{Published, nil, nil},
		{Failed, nil, nil},
		{Blocked, why("d"), &Block{Since: night(8), Why: []string{"d"}}},
		{NothingToDo, nil, nil},
		{Blocked, nil, &Block{Since: night(10)}},
		{Waiting, &Block{Why: []string{"e"}, Approve: "r11"}, &Block{Since: night(11), Why: []string{"e"}, Approve: "r11"}},
		{Failed, nil, &Block{Since: night(11), Why: []string{"e"}, Approve: "r11"}},
		{Waiting, &Block{Why: []string{"f"}, Approve: "r13"}, &Block{Since: night(11), Why: []string{"f"}, Approve: "r13"}},
		{Blocked, why("g"), &Block{Since: night(14), Why: []string{"g"}}},
		{Published, nil, nil},
	} {
		got := writeStatus(t, s, Status{Outcome: c.outcome, Run: "r", Finished: night(i + 1), Blocked: c.given})
		if diff := cmp.Diff(c.want, got.Blocked); diff != "" {
			t.Errorf("run %d, %s: %s", i+1, c.outcome, diff)
		}
	}
}

func TestStatusFollowsCurrent(t *testing.T) {
	s := newStore(t)
	st := Status{
		Outcome: Failed, Run: "r", Finished: night(1).Add(7 * time.Millisecond), Failure: "De schijf is vol.",
		Version: "verzonnen", Published: night(9), Peildata: map[string]string{"x": "y"},
	}
	got := writeStatus(t, s, st)
	want := &Status{Outcome: Failed, Run: "r", Finished: night(1), Failure: "De schijf is vol.", Refused: []Refusal{}, Peildata: map[string]string{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	publishFiles(t, s, "nacht-2", night(2), first)
	got = writeStatus(t, s, st)
	want.Version, want.Published, want.Peildata = "nacht-2", night(2), map[string]string{"sonar": "2020-12-31"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// If current is broken, the status has everything else.
	if err := os.RemoveAll(filepath.Join(s.Dir, "versions", "nacht-2")); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteStatus(Status{Outcome: Interrupted, Run: "r3", Finished: night(3)}); err == nil {
		t.Error("a broken current went unseen")
	}
	got, err := s.ReadStatus()
	if err != nil || got.Run != "r3" || got.Version != "" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStatusReplacesDamage(t *testing.T) {
	for name, content := range map[string]string{"cut off": `{"outcome": "blo`, "empty": "", "other types": `{"run": 7}`, "not JSON": "blocked"} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			writeStatus(t, s, Status{Outcome: Published, Run: "r1", Finished: night(1)})
			if err := os.WriteFile(filepath.Join(s.Dir, "status.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := s.ReadStatus(); err == nil {
				t.Error("read without an error")
			}
			if got := writeStatus(t, s, Status{Outcome: NothingToDo, Run: "r2", Finished: night(2)}); got.Run != "r2" {
				t.Errorf("got %v", got)
			}
		})
	}
	s := newStore(t)
	if err := s.WriteStatus(Status{Outcome: "klaar", Finished: night(1)}); err == nil || !strings.Contains(err.Error(), "klaar") {
		t.Errorf("got %v", err)
	}
}

func TestStatusReaders(t *testing.T) {
	s := newStore(t)
	gid := os.Getgid()
	if os.Geteuid() == 0 {
		gid = 4242
	}
	if err := s.Publish(t.Context(), stageFiles(t, "nacht-1", night(1), first), "nacht-1", Modes{Group: &gid}); err != nil {
		t.Fatal(err)
	}
	writeStatus(t, s, Status{Outcome: Published, Run: "nacht-1", Finished: night(1)})
	for _, name := range []string{"status.json", "STATUS.txt"} {
		info, err := os.Stat(filepath.Join(s.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := int(info.Sys().(*syscall.Stat_t).Gid); info.Mode().Perm() != 0o640 || got != gid {
			t.Errorf("%s: mode %v, group %d", name, info.Mode().Perm(), got)
		}
	}
}

func TestStatusText(t *testing.T) {
	cet := time.FixedZone("CET", 3600)
	at := time.Date(2026, 11, 21, 3, 5, 0, 0, cet)
	for name, c := range map[string]struct {
		published bool // pinned too when the status says so
		status    Status
		want      string
	}{
		"nothing yet": {false, Status{Outcome: Failed, Run: "nacht-0", Finished: at, Failure: "De schijf is vol."}, `DOELGROEP IN BEELD

De laatste run is mislukt: de cijfers zijn niet vernieuwd.
Reden: De schijf is vol.
Afgerond: 21 november 2026, 03.05 uur (run nacht-0)

Er is nog niets gepubliceerd.
`},
		"published": {true, Status{Outcome: Published, Run: "nacht-1", Finished: at}, `DOELGROEP IN BEELD

De laatste run is gelukt: de cijfers zijn vernieuwd.
Afgerond: 21 november 2026, 03.05 uur (run nacht-1)

U leest versie nacht-1, gepubliceerd op 1 november 2026, 03.34 uur.
De gegevens gaan over:
  - sonar: 31 december 2020
`},
		"interrupted": {false, Status{Outcome: Interrupted, Run: "nacht-2", Finished: at}, `DOELGROEP IN BEELD

De laatste run is afgebroken: de cijfers zijn niet vernieuwd.
Afgerond: 21 november 2026, 03.05 uur (run nacht-2)

Er is nog niets gepubliceerd.
`},
		"all there is": {true, Status{
			Outcome: Blocked, Run: "nacht-3", Finished: at, Pinned: &PinStatus{"nacht-1", "anna", "de aantallen van Huizen kloppen niet", night(2)},
			Blocked: &Block{Why: []string{"De totalen van Wijdemeren kloppen niet.", "Er zijn 3 dubbele sleutels."}},
			Refused: []Refusal{
				{Source: "sonar", ID: "2027-03-01-0", Peildatum: "2027-03-01", File: "sonar_20270301.csv", Why: "kolom KlantVan ontbreekt"},
				{Source: "plaatsingen", Peildatum: "onbekend", File: "plaatsingen.csv", Why: "geen kopregel"},
			},
			Missed: []Missed{{Source: "sonar", Place: "sftp://uwv.example.org/uit", Why: "no answer for 2m0s (tried 4 times)"}},
		}, `DOELGROEP IN BEELD

De laatste run is tegengehouden: de cijfers zijn niet vernieuwd.
Afgerond: 21 november 2026, 03.05 uur (run nacht-3)

U leest versie nacht-1, gepubliceerd op 1 november 2026, 03.34 uur.
De cijfers zijn gepind op versie nacht-1: nieuwe cijfers worden pas weer gepubliceerd als dat wordt opgeheven.
Gepind op 2 november 2026, 03.34 uur door anna, omdat: de aantallen van Huizen kloppen niet
De gegevens gaan over:
  - sonar: 31 december 2020

Publicatie wordt tegengehouden sinds 21 november 2026, 03.05 uur, omdat:
  - De totalen van Wijdemeren kloppen niet.
  - Er zijn 3 dubbele sleutels.

Niet opgehaald (de volgende run probeert het opnieuw):
  - sftp://uwv.example.org/uit: no answer for 2m0s (tried 4 times)

Geweigerde leveringen:
  - sonar, peildatum 1 maart 2027, sonar_20270301.csv: kolom KlantVan ontbreekt
  - plaatsingen, peildatum onbekend, plaatsingen.csv: geen kopregel
`},
		"waiting": {true, Status{
			Outcome: Waiting, Run: "nacht-5", Finished: at,
			Blocked: &Block{Why: []string{"trechter: 2 rijen van de 6 veranderen (grens 0)."}, Approve: "nacht-5"},
		}, `DOELGROEP IN BEELD

De laatste run wacht op goedkeuring: de cijfers zijn niet vernieuwd.
Afgerond: 21 november 2026, 03.05 uur (run nacht-5)

U leest versie nacht-1, gepubliceerd op 1 november 2026, 03.34 uur.
De gegevens gaan over:
  - sonar: 31 december 2020

Publicatie wacht op goedkeuring sinds 21 november 2026, 03.05 uur, omdat cijfers die er al waren zouden veranderen:
  - trechter: 2 rijen van de 6 veranderen (grens 0).
Goedkeuren: inbeeld approve nacht-5 --reason '…'
`},
		"refused but up to date": {false, Status{
			Outcome: NothingToDo, Run: "nacht-4", Finished: at,
			Refused: []Refusal{{Source: "sonar", Peildatum: "2027-03-01", File: "s.csv", Why: "leeg"}},
		}, `DOELGROEP IN BEELD

De laatste run is gelukt: er was niets nieuws, de cijfers zijn actueel.
Afgerond: 21 november 2026, 03.05 uur (run nacht-4)

Er is nog niets gepubliceerd.

Geweigerde leveringen:
  - sonar, peildatum 1 maart 2027, s.csv: leeg
`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if c.published {
				publishFiles(t, s, "nacht-1", night(1), first)
			}
			if p := c.status.Pinned; p != nil {
				if err := s.SetPin(Pin{Version: p.Version, Who: p.Who, Reason: p.Reason, At: p.Since}); err != nil {
					t.Fatal(err)
				}
			}
			writeStatus(t, s, c.status)
			if diff := cmp.Diff(c.want, statusLines(t, s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
