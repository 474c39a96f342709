package notify

import "time"

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
