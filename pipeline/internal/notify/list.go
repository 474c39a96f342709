package notify

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// An Alert is a condition that is not in order, as a list shows it.
type Alert struct {
	ID string `json:"id"`
	Entry
	Recipients []string `json:"recipients"`
	// Told is the time of the last message about it, zero without one.
	Told time.Time `json:"told,omitzero"`
}

// Alerts returns the alerts, the most serious first, with the decisions about them. It leaves out alerts
// that a decision resolved.
func Alerts(in Input) []Alert {
	known := replay(in.Messages)
	var entries []Entry
	for _, v := range in.Conditions {
		if isAlert(v.Ernst) && in.resolved(v) == nil {
			e := in.unchanged(v)
			e.State = Open
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, byWeight)
	alerts := []Alert{}
	for _, e := range entries {
		a := Alert{ID: AlertID(e.Check, e.Group), Entry: e, Recipients: in.audience(e.Condition)}
		for _, beliefs := range known {
			if t, ok := beliefs[e.key()]; ok && t.at.After(a.Told) {
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

// Preview returns the messages that would be due if nobody had been told anything, to every recipient of a
// condition, also without an address.
func Preview(in Input) ([]Message, error) {
	in.Messages, in.Before = nil, nil
	all := map[string]bool{}
	for _, v := range in.Conditions {
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

// TestMessage returns a message that tries the addresses of a recipient, also in quiet hours.
func TestMessage(in Input, recipient string) (Message, error) {
	m, err := in.message(Test, recipient, nil, nil, nil)
	m.NotBefore = time.Time{}
	return m, err
}

// A Letter is one target that a message did not reach.
type Letter struct {
	Message  string    `json:"message"`
	Subject  string    `json:"subject"`
	To       string    `json:"to"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"`
	Error    string    `json:"error,omitempty"`
}

// Letters returns the targets that wait, and those that the outbox gave up on.
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
