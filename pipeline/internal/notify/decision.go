package notify

import "time"

// A Decision is what a person decided about an alert.
type Decision struct {
	Kind   DecisionKind
	Check  string
	Group  string // "" for all groups of the check
	Who    string
	Reason string
	At     time.Time
	Until  string // of a snooze: the first day on which is told of it again
	// Peildatum and Ernst are of the verdict when it was resolved: a later or more serious one opens the
	// alert again.
	Peildatum, Ernst string
}

// A DecisionKind is what was decided.
type DecisionKind string

// The decisions.
const (
	Acknowledge DecisionKind = "acknowledge" // somebody is on it: told as before, but not escalated
	Snooze      DecisionKind = "snooze"      // nothing is told until a day, but that it is solved, or blocks
	Resolve     DecisionKind = "resolve"     // as good as solved, until the next stand
)

// decided gives the last decision of a kind about an alert.
func decided(decisions []Decision, kind DecisionKind, check, group string) *Decision {
	for i := len(decisions) - 1; i >= 0; i-- {
		if d := decisions[i]; d.Kind == kind && d.Check == check && (d.Group == "" || d.Group == group) {
			return &d
		}
	}
	return nil
}

// snoozed is the snooze that is going on, nil when there is none.
func (in *Input) snoozed(v Verdict) *Decision {
	if d := decided(in.Decisions, Snooze, v.Check, v.Group); d != nil && in.today() < d.Until {
		return d
	}
	return nil
}

// snoozeEnded tells whether a snooze has ended since a recipient was told of an alert.
func (in *Input) snoozeEnded(t told) bool {
	d := decided(in.Decisions, Snooze, t.Check, t.Group)
	return d != nil && in.today() >= d.Until && in.day(t.at) < d.Until
}

// acknowledged is the acknowledgement of an alert; it ends when the alert was solved since.
func (in *Input) acknowledged(v Verdict) *Decision {
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
	for _, e := range m.Changed {
		if e.key() == alert && (e.State == Opgelost || e.State == Vervallen) {
			return true
		}
	}
	return false
}

// resolved is the decision that an alert is as good as solved, nil when the verdict is a later or more
// serious one than it was about.
func (in *Input) resolved(v Verdict) *Decision {
	d := decided(in.Decisions, Resolve, v.Check, v.Group)
	if d == nil || d.Peildatum != v.Peildatum || rank(v.Ernst) > rank(d.Ernst) {
		return nil
	}
	return d
}
