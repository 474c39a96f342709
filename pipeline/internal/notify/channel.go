package notify

import (
	"context"
	"errors"
	"time"

	"inbeeld/pipeline/secret"
)

// Mail is the name of the channel of mail addresses.
const Mail = "mail"

// A Channel delivers messages.
//
// Send makes one attempt and returns when ctx ends; the outbox repeats it, Send does not. Nil means that
// the other side took the message. Any error means that the attempt is repeated later, unless it is a
// *SendError that says otherwise.
//
// Send must be idempotent as far as the other side allows: a process that dies between the answer and
// its record in the outbox sends the same parcel again. Every attempt therefore has the same bytes and
// the ID of the message, by which the receiver can drop a repetition.
//
// An error names the other side and never contains a secret; the address of a Teams workflow is one.
// The outbox calls Send for one parcel at a time.
type Channel interface {
	Send(ctx context.Context, p Parcel) error
}

// A Parcel is a message for one target, with its attachments.
type Parcel struct {
	Message
	Target
	Files []File
}

// A File is an attachment.
type File struct {
	Name string
	Data []byte
}

// A SendError says why a message did not arrive, and when an attempt makes sense again.
type SendError struct {
	// Permanent errors are not repeated: the outbox gives up on the target.
	Permanent bool
	// Unreachable errors concern the channel, not the message: the outbox leaves the channel alone until
	// the next time it sends.
	Unreachable bool
	// After is how long the other side asks to wait before the next attempt; 0 when it does not say.
	After time.Duration
	Err   error
}

func (f *SendError) Error() string { return f.Err.Error() }

func (f *SendError) Unwrap() error { return f.Err }

// attemptTimeout is how long one attempt may take.
const attemptTimeout = 20 * time.Second

// Open returns the channels by name; secrets reads what they refer to. A channel whose secret or
// certificate cannot be read fails every Send with that error; the others work.
func (s Settings) Open(secrets secret.Reader) map[string]Channel {
	at := secrets.At + ": alerts."
	open := func(c Channel, err error) Channel {
		if err != nil {
			return broken{err}
		}
		return c
	}
	secrets.At = at + "smtp"
	channels := map[string]Channel{Mail: open(s.openMail(secrets))}
	for name, e := range s.Channels {
		secrets.At = at + "channels." + name
		channels[name] = open(e.open(secrets))
	}
	return channels
}

// broken is a channel that could not be opened.
type broken struct{ err error }

func (b broken) Send(context.Context, Parcel) error { return &SendError{Unreachable: true, Err: b.err} }

// unknown is the channel of a name that the settings no longer have.
var unknown = broken{errors.New("there is no such channel any more; add it to alerts.channels, or remove the message from the outbox")}
