package notify

import "time"

// A State is what an entry says of an alert.
type State string

// The states. Open is told of by itself only when a snooze has ended.
const (
	Nieuw     State = "nieuw"
	Erger     State = "erger"
	Beter     State = "beter"
	Opgelost  State = "opgelost"
	Vervallen State = "vervallen" // there is no verdict any more: too little to judge, or no such check
	Wisselend State = "wisselend" // in and out of order, too often to tell of each time
	Open      State = "open"
)

// An Entry is an alert as a message tells it.
type Entry struct {
	State State  `json:"toestand"`
	Was   string `json:"was,omitempty"`     // the ernst that the recipient knew of
	Again bool   `json:"opnieuw,omitempty"` // it was told to be solved before
	Note  string `json:"noot,omitempty"`
	Verdict
}

// A Kind says what a message is for.
type Kind string

// The kinds of messages.
const (
	Digest     Kind = "digest"
	Definition Kind = "definitie" // what changed because a rule or model did: to the data team, for all
	Life       Kind = "levensteken"
	Test       Kind = "test"
)

// A Message is one message to one recipient. It is the file in the outbox.
type Message struct {
	// ID is stable: what is sent twice has it twice.
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Recipient string    `json:"recipient"`
	Run       string    `json:"run"`
	Created   time.Time `json:"created"`
	// NotBefore is when quiet hours end, zero when there are none.
	NotBefore time.Time `json:"not_before,omitzero"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	Changed   []Entry   `json:"changed"`
	Open      []Entry   `json:"open"`
	// Attachments are names of files in the folder of reports.
	Attachments []string `json:"attachments,omitempty"`
	Targets     []Target `json:"targets"`
}

// A Target is an address that a message goes to, and how that went.
type Target struct {
	Channel  string    `json:"channel"`           // "mail", or a channel of the settings
	Address  string    `json:"address,omitempty"` // of mail
	Part     int       `json:"part,omitempty"`    // of a message that a channel brings in parts, from 1
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"` // not before
	Done     time.Time `json:"done,omitzero"`
	Error    string    `json:"error,omitempty"` // of the last attempt that failed
}

// The states of a target.
const (
	Waiting = "waiting"
	Sent    = "sent"
	Dead    = "dead" // given up
)

func (m Message) finished() bool {
	for _, t := range m.Targets {
		if t.State == Waiting {
			return false
		}
	}
	return true
}
