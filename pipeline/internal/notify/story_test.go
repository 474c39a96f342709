package notify

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/dutch"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A story is nights of one data directory, as a test tells them.
type story struct {
	conditions map[string]*Condition
	order      []string
	in         Input
	failed     string
}

func storySettings() Settings {
	return Settings{
		Sender: "Inbeeld <inbeeld@voorbeeld.nl>", SMTP: SMTP{Host: "mail.voorbeeld.nl"},
		Roles:    map[string][]string{"sturing": {"sturing@voorbeeld.nl"}, "datateam": {"data@voorbeeld.nl"}, "werkkamer": {"werkkamer@voorbeeld.nl"}},
		Supplier: map[string][]string{"sonar": {"levering@uwv.voorbeeld.nl"}},
		Uitvoeringsdienst: map[string][]string{
			"HBEL": {"hbel@voorbeeld.nl"}, "Hilversum": {"hilversum@voorbeeld.nl"}, "Gooise Meren": {"gm@voorbeeld.nl"},
		},
		Escalate: Escalation{After: 3, To: "werkkamer"},
	}.WithDefaults()
}

func storyZone(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestStory plays the nights of testdata/story.txtar: on each exactly the messages of the golden file
// are made, and on the quiet ones none.
func TestStory(t *testing.T) {
	script, s := newStory(t)
	golden := &txtar.Archive{}
	for _, night := range script.Files {
		messages := s.night(t, string(night.Data))
		if len(messages) == 0 {
			golden.Files = append(golden.Files, txtar.File{Name: night.Name + ": geen bericht"})
		}
		for _, m := range messages {
			text := "Aan: " + addresses(m) + "\nOnderwerp: " + m.Subject + "\n\n" + m.Text
			golden.Files = append(golden.Files, txtar.File{Name: night.Name + ": " + m.Recipient, Data: []byte(text)})
		}
		// The same night again, with what was made then: nothing is said twice.
		again := s.in
		if repeated, err := Compose(again); err != nil || len(repeated) > 0 {
			t.Errorf("%s: a second run makes %d messages more (%v)", night.Name, len(repeated), err)
		}
	}
	file := filepath.Join("testdata", "story.golden.txtar")
	if *update {
		if err := os.WriteFile(file, txtar.Format(golden), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(txtar.Format(golden))); diff != "" {
		t.Errorf("the messages are not those of %s (-want +got); -update writes it anew:\n%s", file, diff)
	}
}

func newStory(t *testing.T) (*txtar.Archive, *story) {
	t.Helper()
	script, err := txtar.ParseFile(filepath.Join("testdata", "story.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return script, &story{conditions: map[string]*Condition{}, in: Input{Settings: storySettings(), Judged: map[string]Judged{}, Marts: Marts{Name: "Banenafspraak"}}}
}

// told is the message of a night to a recipient.
func (s *story) told(t *testing.T, script *txtar.Archive, night, recipient string) Message {
	t.Helper()
	for _, n := range script.Files {
		for _, m := range s.night(t, string(n.Data)) {
			if n.Name == night && m.Recipient == recipient {
				return m
			}
		}
	}
	t.Fatalf("night %s tells %s nothing", night, recipient)
	return Message{}
}

func addresses(m Message) string {
	var to []string
	for _, target := range m.Targets {
		to = append(to, target.Address)
	}
	return strings.Join(to, ", ")
}

// night plays one night and gives its messages.
func (s *story) night(t *testing.T, text string) []Message {
	t.Helper()
	s.in.Before = map[string]Judged{}
	for k, v := range s.in.Judged {
		s.in.Before[k] = v
	}
	if len(s.in.Judged) == 0 {
		s.in.Before = nil
	}
	s.failed = ""
	for _, row := range strings.Split(strings.TrimSpace(text), "\n") {
		s.line(t, strings.Fields(row))
	}
	s.in.Run = s.in.Now.UTC().Format("20060102T150405Z")
	s.in.Partial = s.failed != ""
	s.in.Conditions = nil
	run := Condition{Check: "run", Group: "alle", Title: "run mislukt", Ernst: okay, Text: "De run is weer gelukt.", Audience: []string{DataTeam}}
	if s.in.Partial {
		run.Ernst, run.Text = Alarm, s.failed
	}
	s.in.Conditions = append(s.in.Conditions, run)
	s.in.Marts.Blocked = false
	for _, k := range s.order {
		v := s.conditions[k]
		s.in.Marts.Blocked = s.in.Marts.Blocked || v.Ernst == Blokkerend
		if !s.in.Partial || len(v.History) == 0 {
			s.in.Conditions = append(s.in.Conditions, *v)
		}
	}
	if !s.in.Marts.Blocked && !s.in.Partial {
		s.in.Marts.Published = s.in.Now
	}
	messages, err := Compose(s.in)
	if err != nil {
		t.Fatal(err)
	}
	s.in.Messages = append(s.in.Messages, messages...)
	return messages
}

func (s *story) line(t *testing.T, fields []string) {
	t.Helper()
	spaced := func(text string) string { return strings.ReplaceAll(text, "_", " ") }
	switch fields[0] {
	case "clock":
		now, err := time.ParseInLocation("2006-01-02 15:04", fields[1]+" "+fields[2], storyZone(t))
		if err != nil {
			t.Fatal(err)
		}
		s.in.Now = now
	case "stand":
		s.stand(t, fields[1], fields[2], fields[3], fields[4:])
	case "decide":
		until := strings.Trim(fields[4], "-")
		if fields[4] != "-" {
			until = fields[4]
		}
		s.in.Decisions = append(s.in.Decisions, Decision{
			Kind: DecisionKind(fields[1]), Check: fields[2], Group: fields[3], Until: until, Who: spaced(fields[5]), Reason: spaced(fields[6]), At: s.in.Now.Add(-time.Hour),
		})
	case "levering":
		v := s.condition("levering", fields[1]+" "+fields[2])
		v.Title, v.Label, v.Preposition = "geweigerde levering", fields[1]+" ("+dutch.Date(fields[2])+")", "van"
		v.Ernst, v.Text, v.Audience = fields[3], spaced(fields[4]), []string{Supplier + "/" + fields[1], DataTeam}
		v.Action = "Stuur een verbeterde levering met dezelfde peildatum in de naam."
	case "failed":
		s.failed = spaced(fields[1])
	default:
		t.Fatalf("no such line: %v", fields)
	}
}

func (s *story) condition(check, group string) *Condition {
	k := alertKey(check, group)
	if s.conditions[k] == nil {
		s.conditions[k] = &Condition{Check: check, Group: group}
		s.order = append(s.order, k)
	}
	return s.conditions[k]
}

// diensten are where groups belong; others are nobody's.
var diensten = map[string]string{"Blaricum": "HBEL", "Huizen": "HBEL", "Laren": "HBEL", "Hilversum": "Hilversum", "Gooise Meren": "Gooise Meren"}

func (s *story) stand(t *testing.T, check, definition, peildatum string, groups []string) {
	t.Helper()
	s.in.Judged[check] = Judged{Definition: definition, Peildatum: peildatum}
	s.in.Marts.Peildata = map[string]string{"sonar": peildatum}
	for _, g := range groups {
		name, found, _ := strings.Cut(g, "=")
		name = strings.ReplaceAll(name, "_", " ")
		v := s.condition(check, name)
		ernst, value, _ := strings.Cut(found, "/")
		if v.Peildatum != peildatum {
			v.Previous = v.Value
		}
		if v.Ernst != ernst || v.Since == "" {
			v.Since = peildatum
		}
		v.Ernst, v.Value = ernst, value
		switch check {
		case "profieldekking":
			v.Preposition, v.Limit = "in", "50%"
			if ernst == Alarm {
				v.Limit = "25%"
			}
			v.Title = "profieldekking onder " + v.Limit
			v.Text = "In " + name + " heeft " + value + " van de gemeenteklanten een klantprofiel."
			v.Audience = []string{"sturing"}
			if d := diensten[name]; d != "" {
				v.Audience = append(v.Audience, Uitvoeringsdienst+"/"+d)
			}
			v.Affects = []string{"transparantie_klantprofielen"}
			v.Action = "Bespreek met de consulenten wie nog een klantprofiel moet krijgen."
		default:
			v.Title, v.Text, v.Audience, v.Value = "totaal klopt niet", "In "+value+" regels klopt het totaal niet.", []string{DataTeam}, ""
		}
	}
	for _, k := range s.order {
		v := s.conditions[k]
		if v.Check != check {
			continue
		}
		v.Peildatum, v.Definition = peildatum, definition
		if i := slices.IndexFunc(v.History, func(h Stand) bool { return h.Peildatum == peildatum }); i >= 0 {
			v.History[i].Ernst = v.Ernst
			continue
		}
		v.History = append(slices.Clone(v.History), Stand{peildatum, v.Ernst})
	}
}
