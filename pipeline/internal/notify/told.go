package notify

import "time"

// told is what a recipient knows of an alert.
type told struct {
	Entry
	active bool      // as far as the recipient knows it is not solved
	at     time.Time // when it was told so
}

// A memory is what every recipient was told, by recipient and key of the alert.
type memory map[string]map[string]told

// remember replays messages, the oldest first. A notice about definitions counts for everybody: the
// ernst in it is what each alert is compared with from then on.
func remember(messages []Message) memory {
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
		k[recipient] = map[string]told{}
	}
	k[recipient][e.key()] = told{Entry: e, active: e.State != Opgelost && e.State != Vervallen, at: at}
}
