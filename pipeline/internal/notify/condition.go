package notify

import (
	"cmp"
	"slices"
)

// A Condition is what a check says of a group now. Its texts go into messages, and name no person.
type Condition struct {
	Check string `json:"check"`
	Group string `json:"groep"`
	// Label is the group as people read it, "" when that is Group itself. Preposition stands before it; ""
	// when the message need not name the group.
	Label       string `json:"label,omitempty"`
	Preposition string `json:"voorzetsel,omitempty"`
	Title       string `json:"kop"` // a few words: "profieldekking onder 25%"
	Ernst       string `json:"ernst"`
	// Peildatum and Since are ISO dates, "" for a condition about no stand. Since is the first peildatum of the
	// current run of this ernst.
	Peildatum string   `json:"peildatum,omitempty"`
	Since     string   `json:"sinds,omitempty"`
	Text      string   `json:"tekst"`
	Value     string   `json:"waarde,omitempty"`
	Limit     string   `json:"grens,omitempty"`
	Previous  string   `json:"vorige,omitempty"` // the value on the previous stand
	Affects   []string `json:"raakt,omitempty"`  // marts
	Action    string   `json:"doen,omitempty"`
	// Attachment is a file in [Outbox.Reports], "" for none.
	Attachment string `json:"bijlage,omitempty"`
	// Audience names the recipients: roles, and parts of roles.
	Audience []string `json:"voor"`
	// History is the ernst on the last HistoryStands stands that were judged, the oldest first, this one
	// included; empty for a condition about no stand.
	History []Stand `json:"verloop,omitempty"`
	// Definition is the fingerprint of the rule and of everything that it measures with, "" for Go code.
	Definition string `json:"definitie,omitempty"`
}

// A Stand is the ernst of a check and group on a peildatum.
type Stand struct {
	Peildatum string `json:"peildatum"`
	Ernst     string `json:"ernst"`
}

// Judged holds the definition that judged a check, and the last peildatum.
type Judged struct {
	Definition string `json:"definitie"`
	Peildatum  string `json:"peildatum"`
}

// A Situation holds the conditions of the checks of a run. The run stores it in its ledger.
type Situation struct {
	// Conditions are those that are not in order now, or were not on one of the last stands.
	Conditions []Condition       `json:"verdicts"`
	Judged     map[string]Judged `json:"judged"` // by check
}

// The values of ernst.
const (
	okay         = "ok"
	Waarschuwing = "waarschuwing"
	Alarm        = "alarm"
	Blokkerend   = "blokkerend"
	geenOordeel  = "geen_oordeel"
)

// Redefined is the check of the condition that a publication waits for approval of a changed definition. The
// notice about definitions tells it once for each group. No message says that it is solved: the people who
// approve it are those who were told.
const Redefined = "definitie"

// rank orders the values of ernst that make an alert, from 1; others are 0 or less.
func rank(ernst string) int {
	return slices.Index([]string{"", Waarschuwing, Alarm, Blokkerend}, ernst)
}

// isAlert reports whether an ernst makes an alert.
func isAlert(ernst string) bool { return rank(ernst) > 0 }

// alertKey names an alert.
func alertKey(check, group string) string { return check + "@" + group }

func (v Condition) key() string { return alertKey(v.Check, v.Group) }

func (v Condition) label() string { return cmp.Or(v.Label, v.Group) }

// on returns the ernst on a peildatum by the current definition; ok when the check was not judged on it.
func (v Condition) on(peildatum string) string {
	for _, s := range v.History {
		if s.Peildatum == peildatum {
			return s.Ernst
		}
	}
	return okay
}

// reaches reports whether the history goes back to a peildatum.
func (v Condition) reaches(peildatum string) bool {
	return len(v.History) > 0 && v.History[0].Peildatum <= peildatum
}

// streak counts the last stands in a row with at least an alarm.
func (v Condition) streak() int {
	n := 0
	for _, s := range slices.Backward(v.History) {
		if rank(s.Ernst) < rank(Alarm) {
			break
		}
		n++
	}
	return n
}

// changes counts the transitions between in order and not, within the last stands.
func (v Condition) changes(stands int) int {
	n := 0
	last := v.History[max(0, len(v.History)-stands):]
	for i := 1; i < len(last); i++ {
		if isAlert(last[i].Ernst) != isAlert(last[i-1].Ernst) {
			n++
		}
	}
	return n
}
