package notify

import (
	"strings"
	"testing"
	"time"
)

// TestWaitingIsToldOnce: that a publication waits for a changed definition stands in the notice to the data
// team, once for each set of definitions; while it waits it is open, and nobody is told that it is over.
func TestWaitingIsToldOnce(t *testing.T) {
	in := Input{
		Now: time.Date(2021, 1, 4, 8, 0, 0, 0, storyZone(t)), Run: "r", Settings: storySettings(),
		Judged: map[string]Judged{}, Before: map[string]Judged{}, Marts: Marts{Name: "Banenafspraak", Waiting: true},
	}
	waits := func(group string) Condition {
		return Condition{
			Check: Redefined, Group: group, Title: "cijfers wachten op goedkeuring", Ernst: Blokkerend, Text: "De publicatie wacht.",
			Action: "Keur het goed met: inbeeld approve.", Audience: []string{DataTeam},
		}
	}
	other := Condition{Check: "run", Group: "alle", Title: "de run is mislukt", Ernst: Alarm, Text: "Gestopt.", Audience: []string{DataTeam}}
	for _, night := range []struct {
		name       string
		conditions []Condition
		want       string // the subject of the only message, "" when there is none
		open       int
	}{
		{"first", []Condition{waits("a")}, "Banenafspraak: cijfers wachten op goedkeuring", 0},
		{"still", []Condition{waits("a")}, "", 0},
		{"something else is told", []Condition{waits("a"), other}, "Banenafspraak: de run is mislukt", 1},
		{"other definitions", []Condition{waits("b"), other}, "Banenafspraak: cijfers wachten op goedkeuring", 0},
		{"approved", []Condition{other}, "", 0},
	} {
		in.Now, in.Conditions = in.Now.AddDate(0, 0, 1), night.conditions
		messages, err := Compose(in)
		if err != nil {
			t.Fatal(err)
		}
		in.Messages = append(in.Messages, messages...)
		if night.want == "" {
			if len(messages) > 0 {
				t.Errorf("%s: told %q", night.name, messages[0].Subject)
			}
			continue
		}
		if len(messages) != 1 || messages[0].Recipient != DataTeam || messages[0].Subject != night.want || len(messages[0].Open) != night.open {
			t.Fatalf("%s: %+v", night.name, messages)
		}
		if text := messages[0].Text; !strings.Contains(text, "Nieuwe cijfers wachten op goedkeuring. De cijfers blijven die van de vorige keer.") {
			t.Errorf("%s: %s", night.name, text)
		}
	}
	in.Partial, in.Conditions, in.Now = true, nil, in.Now.AddDate(0, 0, 1)
	if messages, err := Compose(in); err != nil || len(messages) > 0 {
		t.Errorf("a run that failed tells %v, %v", messages, err)
	}
}
