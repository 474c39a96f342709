package notify

import "slices"

// A Verdict is what a check says of a group now. It names no person: its texts are made for messages.
type Verdict struct {
	Check string `json:"check"`
	Group string `json:"groep"`
	// Label is the group as people read it, when that is another text; Preposition stands before it, ""
	// when the group goes without saying.
	Label       string `json:"label,omitempty"`
	Preposition string `json:"voorzetsel,omitempty"`
	Title       string `json:"kop"` // a few words: "profieldekking onder 25%"
	Ernst       string `json:"ernst"`
	// Peildatum and Since are ISO dates, "" where the verdict is about no stand. Since is the first
	// peildatum of this ernst in a row.
	Peildatum string   `json:"peildatum,omitempty"`
	Since     string   `json:"sinds,omitempty"`
	Text      string   `json:"tekst"`
	Value     string   `json:"waarde,omitempty"`
	Limit     string   `json:"grens,omitempty"`
	Previous  string   `json:"vorige,omitempty"` // the value on the stand before
	Affects   []string `json:"raakt,omitempty"`  // marts
	Action    string   `json:"doen,omitempty"`
	// Attachment is a file in the folder of reports that goes along, "" for none.
	Attachment string `json:"bijlage,omitempty"`
	// Audience are the recipients: roles, and parts of roles.
	Audience []string `json:"voor"`
	// History is the ernst on the last stands on which the check was judged, the oldest first, this
	// verdict's included; none where the verdict is about no stand.
	History []Stand `json:"verloop,omitempty"`
	// Definition is a fingerprint of the rule and of all that it measures with, "" when that is code.
	Definition string `json:"definitie,omitempty"`
}

// A Stand is the ernst of a check and group on a peildatum.
type Stand struct {
	Peildatum string `json:"peildatum"`
	Ernst     string `json:"ernst"`
}

// Judged says of a check how it was judged: by which definition, and on which peildatum last.
type Judged struct {
	Definition string `json:"definitie"`
	Peildatum  string `json:"peildatum"`
}

// A Situation is all that the checks of a run have to say. The run keeps it with its ledger.
type Situation struct {
	// Verdicts are those that are not in order, or were not on one of the last stands.
	Verdicts []Verdict         `json:"verdicts"`
	Judged   map[string]Judged `json:"judged"` // by check
}

// The words of a verdict that notify goes by.
const (
	okay         = "ok"
	Waarschuwing = "waarschuwing"
	Alarm        = "alarm"
	Blokkerend   = "blokkerend"
	geenOordeel  = "geen_oordeel"
)

// Redefined names the verdict that a publication waits for a changed definition to be approved. It is told
// once, in the notice about definitions, for each group, and never solved by a message: who approves is who
// was told.
const Redefined = "definitie"

// rank orders what is not in order: 0 is nothing to tell of.
func rank(ernst string) int {
	return slices.Index([]string{"", Waarschuwing, Alarm, Blokkerend}, ernst)
}

// wrong tells whether an ernst makes an alert.
func wrong(ernst string) bool { return rank(ernst) > 0 }

// key names an alert.
func key(check, group string) string { return check + "@" + group }

func (v Verdict) key() string { return key(v.Check, v.Group) }

func (v Verdict) label() string {
	if v.Label != "" {
		return v.Label
	}
	return v.Group
}

// on is the ernst on a peildatum, by the definition of now; ok when the check was not judged on it.
func (v Verdict) on(peildatum string) string {
	for _, s := range v.History {
		if s.Peildatum == peildatum {
			return s.Ernst
		}
	}
	return okay
}

// remembers tells whether the history reaches back to a peildatum.
func (v Verdict) remembers(peildatum string) bool {
	return len(v.History) > 0 && v.History[0].Peildatum <= peildatum
}

// row counts the stands in a row, up to the last one, on which it was at least an alarm.
func (v Verdict) row() int {
	n := 0
	for _, s := range slices.Backward(v.History) {
		if rank(s.Ernst) < rank(Alarm) {
			break
		}
		n++
	}
	return n
}

// changes counts how often, within the last stands, what was in order no longer was, or the other way.
func (v Verdict) changes(stands int) int {
	n := 0
	last := v.History[max(0, len(v.History)-stands):]
	for i := 1; i < len(last); i++ {
		if wrong(last[i].Ernst) != wrong(last[i-1].Ernst) {
			n++
		}
	}
	return n
}
