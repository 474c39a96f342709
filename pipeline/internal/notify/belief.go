package notify

import (
	"slices"
	"time"
)

// A belief is what a recipient knows of an alert.
type belief struct {
	Entry
	active bool      // the recipient does not know it to be solved
	at     time.Time // of the message that said so
}

// A memory holds the beliefs of every recipient, by recipient and key of the alert.
type memory map[string]map[string]belief

// replay returns what recipients know after messages, the oldest first. A notice about definitions
// counts for everybody: later conditions are compared with the ernst in it.
func replay(messages []Message) memory {
	known := memory{}
	for _, m := range messages {
		for _, e := range m.Changed {
			if m.Kind != Definition {
				known.note(m.Recipient, e, m.Created)
				continue
			}
			for _, r := range e.Audience {
				known.note(r, e, m.Created)
			}
			for r, alerts := range known {
				if _, ok := alerts[e.key()]; ok {
					known.note(r, e, m.Created)
				}
			}
		}
	}
	return known
}

func (k memory) note(recipient string, e Entry, at time.Time) {
	if k[recipient] == nil {
		k[recipient] = map[string]belief{}
	}
	k[recipient][e.key()] = belief{Entry: e, active: e.State != Opgelost && e.State != Vervallen, at: at}
}

// A Decision is a person's decision about an alert.
type Decision struct {
	Kind   DecisionKind
	Check  string
	Group  string // "" for all groups of the check
	Who    string
	Reason string
	At     time.Time
	Until  string // of a snooze: the first day, as an ISO date, on which the alert can be news again
	// Peildatum and Ernst are those of the condition that was resolved; a later or more serious condition opens
	// the alert again.
	Peildatum, Ernst string
}

// A DecisionKind is a kind of decision.
type DecisionKind string

// The decisions.
const (
	Acknowledge DecisionKind = "acknowledge" // somebody works on it: no escalation
	Snooze      DecisionKind = "snooze"      // until a day only news that it is solved, or blocks publication
	Resolve     DecisionKind = "resolve"     // counts as solved until the next stand
)

// decided returns the last decision of a kind about an alert, nil without one.
func decided(decisions []Decision, kind DecisionKind, check, group string) *Decision {
	for _, d := range slices.Backward(decisions) {
		if d.Kind == kind && d.Check == check && (d.Group == "" || d.Group == group) {
			return &d
		}
	}
	return nil
}

// snoozed returns the snooze in force, nil without one.
func (in *Input) snoozed(v Condition) *Decision {
	if d := decided(in.Decisions, Snooze, v.Check, v.Group); d != nil && in.today() < d.Until {
		return d
	}
	return nil
}

// snoozeEnded reports whether a snooze ended since a recipient was told of an alert.
func (in *Input) snoozeEnded(t belief) bool {
	d := decided(in.Decisions, Snooze, t.Check, t.Group)
	return d != nil && in.today() >= d.Until && in.day(t.at) < d.Until
}

// acknowledged returns the acknowledgement of an alert, nil when the alert was solved since.
func (in *Input) acknowledged(v Condition) *Decision {
	d := decided(in.Decisions, Acknowledge, v.Check, v.Group)
	if d == nil {
		return nil
	}
	for _, m := range in.Messages {
		if m.Created.After(d.At) && solves(m, v.key()) {
			return nil
		}
	}
	return d
}

func solves(m Message, alert string) bool {
	return slices.ContainsFunc(m.Changed, func(e Entry) bool {
		return e.key() == alert && (e.State == Opgelost || e.State == Vervallen)
	})
}

// resolved returns the decision that an alert counts as solved, nil for a later or more serious condition
// than the one decided about.
func (in *Input) resolved(v Condition) *Decision {
	d := decided(in.Decisions, Resolve, v.Check, v.Group)
	if d == nil || d.Peildatum != v.Peildatum || rank(v.Ernst) > rank(d.Ernst) {
		return nil
	}
	return d
}
