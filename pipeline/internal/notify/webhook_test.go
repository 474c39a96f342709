package notify

import (
	"encoding/json"
	"testing"
)

func TestWebhook(t *testing.T) {
	ca := newAuthority(t)
	testChannel(t, func(t *testing.T, fault string) (Channel, func() []string) {
		return openPost(t, ca, fault, func(url string) Endpoint {
			return Endpoint{"webhook": url, "secret": "env:SECRET", "ca": ca.file}
		})
	})
}

// TestWebhookSigned: who has the secret can tell that it is ours, and whole.
func TestWebhookSigned(t *testing.T) {
	ca := newAuthority(t)
	server := &postServer{}
	server.serve(t, ca.valid)
	channel, err := Endpoint{"webhook": server.url, "secret": "env:SECRET", "ca": ca.file}.open(server.secrets())
	if err != nil {
		t.Fatal(err)
	}
	p := parcel(t)
	if err := channel.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	got := server.taken()[0]
	if want := "sha256=" + sign([]byte("geheim"), got.header.Get("X-Inbeeld-Timestamp"), got.body); got.header.Get("X-Inbeeld-Signature") != want {
		t.Errorf("signature %q, not %q", got.header.Get("X-Inbeeld-Signature"), want)
	}
	announcement := readSchema(t)
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	announcement.holds(t, "announcement", announcement.root, body)
	if body["id"] != p.ID {
		t.Errorf("id %v", body["id"])
	}
}
