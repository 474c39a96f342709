package notify

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// An Alert is a verdict that is not in order, as a list shows it.
type Alert struct {
	ID string `json:"id"`
	Entry
	Recipients []string `json:"recipients"`
	// Told is when somebody was last told of it, zero when nobody was.
	Told time.Time `json:"told,omitzero"`
}

// Alerts are all that is not in order, the most serious first, with what was decided about it. What was
// resolved by decision is not among them.
func Alerts(in Input) []Alert {
	known := remember(in.Messages)
	var entries []Entry
	for _, v := range in.Verdicts {
		if wrong(v.Ernst) && in.resolved(v) == nil {
			e := in.still(v)
			e.State = Open
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, byWeight)
	alerts := []Alert{}
	for _, e := range entries {
		a := Alert{ID: AlertID(e.Check, e.Group), Entry: e, Recipients: in.audience(e.Verdict)}
		for _, told := range known {
			if t, ok := told[e.key()]; ok && t.at.After(a.Told) {
				a.Told, a.State = t.at, t.State
			}
		}
		if a.Told.IsZero() {
			a.State = Nieuw
		}
		alerts = append(alerts, a)
	}
	return alerts
}

// Preview are the messages that there would be if nothing had been told before, to everybody who is
// meant, address or not.
func Preview(in Input) ([]Message, error) {
	in.Messages, in.Before = nil, nil
	all := map[string]bool{}
	for _, v := range in.Verdicts {
		for _, r := range v.Audience {
			all[r] = true
		}
	}
	everybody := in.Settings
	everybody.Roles, everybody.Supplier, everybody.Uitvoeringsdienst = map[string][]string{}, map[string][]string{}, map[string][]string{}
	if to := in.Settings.Escalate.To; to != "" {
		all[to] = true
	}
	for _, r := range slices.Sorted(maps.Keys(all)) {
		role, part, whole := strings.Cut(r, "/")
		switch {
		case !whole:
			everybody.Roles[role] = []string{"iedereen@example.nl"}
		case role == Supplier:
			everybody.Supplier[part] = []string{"iedereen@example.nl"}
		default:
			everybody.Uitvoeringsdienst[part] = []string{"iedereen@example.nl"}
		}
	}
	in.Settings = everybody
	messages, err := Compose(in)
	for i := range messages {
		messages[i].Targets = []Target{}
	}
	return messages, err
}

// TestMessage is a message that shows that messages arrive.
func TestMessage(in Input, recipient string) (Message, error) {
	m, err := in.message(Test, recipient, nil, nil, nil)
	m.NotBefore = time.Time{} // somebody is waiting for it
	return m, err
}

// A Letter is one target of a message that has not been reached.
type Letter struct {
	Message  string    `json:"message"`
	Subject  string    `json:"subject"`
	To       string    `json:"to"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"`
	Error    string    `json:"error,omitempty"`
}

// Letters are the targets that wait, and those that were given up.
func Letters(messages []Message) (waiting, dead []Letter) {
	for _, m := range messages {
		for _, t := range m.Targets {
			l := Letter{Message: m.ID, Subject: m.Subject, To: t.name(), Attempts: t.Attempts, Next: t.Next, Error: t.Error}
			if m.NotBefore.After(l.Next) {
				l.Next = m.NotBefore
			}
			switch t.State {
			case Waiting:
				waiting = append(waiting, l)
			case Dead:
				dead = append(dead, l)
			}
		}
	}
	return waiting, dead
}

// WriteMessage writes a message as files <id>.html, .txt and .json into a folder.
func WriteMessage(dir string, m Message) error { return writeMessage(dir, m, nil) }
