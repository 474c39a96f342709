package notify

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"inbeeld/pipeline/secret"
)

// teamsDriver posts Adaptive Cards to a Teams workflow, as many as the size of the message takes.
var teamsDriver = driver{
	kind: "teams",
	settings: []setting{
		{"teams", reference, true, "The address of a Teams workflow. Where it is: env:NAME or file:PATH.", "env:TEAMS_STURING"},
		caSetting,
	},
	open: func(e Endpoint, secrets secret.Reader) (Channel, error) {
		address, err := secrets.Read("teams", e["teams"])
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(address, "https://") {
			return nil, secrets.Fault("teams", "%s holds no https address; copy the address of the workflow", e["teams"])
		}
		p, err := newPoster("Teams", address, e, secrets)
		return teams{p}, err
	},
	parts: func(m Message) int { return len(cards(m)) },
}

type teams struct{ poster }

// Send posts one card. Where Teams finds it too large, Send posts a short card that says where to look.
func (c teams) Send(ctx context.Context, p Parcel) error {
	parts := cards(p.Message)
	body := parts[min(max(p.Part, 1), len(parts))-1]
	id := fmt.Sprintf("%s-%d", p.ID, p.Part)
	status, err := c.post(ctx, body, map[string]string{"Idempotency-Key": id})
	if status == http.StatusRequestEntityTooLarge {
		_, err = c.post(ctx, shortCard(p.Message), map[string]string{"Idempotency-Key": id + "-kort"})
	}
	return err
}
