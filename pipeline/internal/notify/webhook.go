package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"inbeeld/pipeline/secret"
)

// webhookDriver posts a signed [Announcement] to another program.
var webhookDriver = driver{
	kind: "webhook",
	settings: []setting{
		{"webhook", httpsAddress, true, "An https address that gets JSON.", "https://keten.voorbeeld.nl/inbeeld"},
		{"secret", reference, true, "The secret that signs the JSON. Where it is: env:NAME or file:PATH.", "file:/etc/inbeeld/keten"},
		caSetting,
	},
	open: func(e Endpoint, secrets secret.Reader) (Channel, error) {
		signingKey, err := secrets.Read("secret", e["secret"])
		if err != nil {
			return nil, err
		}
		p, err := newPoster("webhook", e["webhook"], e, secrets)
		return webhook{p, []byte(signingKey)}, err
	},
}

type webhook struct {
	poster
	signingKey []byte
}

// An Announcement is the body of a webhook's request; announcement.schema.json is its JSON schema. The
// header X-Inbeeld-Signature signs it: "sha256=" and the HMAC-SHA-256, in hex, of the header
// X-Inbeeld-Timestamp (seconds since 1970), a full stop, and the body.
type Announcement struct {
	Version   int       `json:"version"` // 1
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Recipient string    `json:"recipient"`
	Run       string    `json:"run"`
	Created   time.Time `json:"created"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Changed   []Entry   `json:"changed"`
	Open      []Entry   `json:"open"`
}

func announce(m Message) Announcement {
	return Announcement{
		Version: 1, ID: m.ID, Kind: m.Kind, Recipient: m.Recipient, Run: m.Run, Created: m.Created, Subject: m.Subject, Text: m.Text,
		Changed: append([]Entry{}, m.Changed...), Open: append([]Entry{}, m.Open...),
	}
}

// Send posts the whole message. The timestamp is the message's, so that a repetition has the same bytes.
func (c webhook) Send(ctx context.Context, p Parcel) error {
	body, err := json.Marshal(announce(p.Message))
	if err != nil {
		return &SendError{Permanent: true, Err: err}
	}
	timestamp := strconv.FormatInt(p.Created.Unix(), 10)
	_, err = c.post(ctx, body, map[string]string{
		"Idempotency-Key": p.ID, "X-Inbeeld-Timestamp": timestamp, "X-Inbeeld-Signature": "sha256=" + sign(c.signingKey, timestamp, body),
	})
	return err
}

func sign(signingKey []byte, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, signingKey)
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
