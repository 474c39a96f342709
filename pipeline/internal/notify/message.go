package notify

import (
	"slices"
	"time"
)

// A State says what happened to the alert of an entry.
type State string

// The states. Open is news only when a snooze ended.
const (
	Nieuw     State = "nieuw"
	Erger     State = "erger"
	Beter     State = "beter"
	Opgelost  State = "opgelost"
	Vervallen State = "vervallen" // no condition any more: too little to judge, or no such check
	Wisselend State = "wisselend" // in and out of order too often to tell each time
	Open      State = "open"
)

// An Entry is an alert as a message tells it.
type Entry struct {
	State State  `json:"toestand"`
	Was   string `json:"was,omitempty"`     // the ernst that the recipient knew
	Again bool   `json:"opnieuw,omitempty"` // the recipient knew it to be solved
	Note  string `json:"noot,omitempty"`
	Condition
}

// A Kind is the purpose of a message.
type Kind string

// The kinds of messages.
const (
	Digest     Kind = "digest"
	Definition Kind = "definitie" // changes by a changed rule or model; the data team gets it for everybody
	SignOfLife Kind = "levensteken"
	Test       Kind = "test"
)

// A Message is one message to one recipient, and a file of the outbox.
type Message struct {
	// ID is the same in every attempt, so that a receiver recognises a repetition.
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Recipient string    `json:"recipient"`
	Run       string    `json:"run"`
	Created   time.Time `json:"created"`
	// NotBefore is the end of quiet hours, zero outside them.
	NotBefore time.Time `json:"not_before,omitzero"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	Changed   []Entry   `json:"changed"`
	Open      []Entry   `json:"open"`
	// Attachments are names of files in [Outbox.Reports].
	Attachments []string `json:"attachments,omitempty"`
	Targets     []Target `json:"targets"`
}

// A Target is one address of a message, and how delivery to it went.
type Target struct {
	Channel  string    `json:"channel"`           // Mail, or a key of Settings.Channels
	Address  string    `json:"address,omitempty"` // of Mail only
	Part     int       `json:"part,omitempty"`    // from 1, where the channel takes a message in parts
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"` // time of the next attempt
	Done     time.Time `json:"done,omitzero"`
	Error    string    `json:"error,omitempty"` // of the last attempt
}

// The states of a target.
const (
	Waiting = "waiting"
	Sent    = "sent"
	Dead    = "dead" // the outbox gave up
)

func (m Message) finished() bool {
	return !slices.ContainsFunc(m.Targets, func(t Target) bool { return t.State == Waiting })
}
