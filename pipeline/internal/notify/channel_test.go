package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/secret"
)

// testChannel holds a channel to the contract of [Channel], with every fault of the other side. open
// returns a channel whose other side has the fault: "" for none, or temporary, permanent, slow, dead or
// expired (its certificate). received returns the IDs that the other side took. A nil channel cannot have
// the fault.
func testChannel(t *testing.T, open func(t *testing.T, fault string) (channel Channel, received func() []string)) {
	t.Helper()
	for fault, want := range map[string]SendError{
		"temporary": {}, "permanent": {Permanent: true}, "slow": {}, "dead": {Unreachable: true}, "expired": {Unreachable: true},
	} {
		channel, received := open(t, fault)
		if channel == nil {
			continue
		}
		timeout := 5 * time.Second
		if fault == "slow" {
			timeout = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		err := channel.Send(ctx, parcel(t))
		cancel()
		var f *SendError
		if !errors.As(err, &f) || f.Permanent != want.Permanent || want.Unreachable && !f.Unreachable {
			t.Errorf("%s: %#v", fault, err)
			continue
		}
		if fault == "expired" && !strings.Contains(err.Error(), "certificate") {
			t.Errorf("expired: %v", err)
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the error has the secret: %v", fault, err)
		}
		if ids := received(); fault != "slow" && len(ids) > 0 {
			t.Errorf("%s: yet the other side took %v", fault, ids)
		}
	}
	channel, received := open(t, "")
	p := parcel(t)
	for range 2 {
		if err := channel.Send(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	ids := received()
	if len(ids) == 0 || slices.ContainsFunc(ids, func(id string) bool { return id != p.ID }) {
		t.Errorf("the other side took %q, not %q", ids, p.ID)
	}
}

// testSecrets is a reader whose environment has the secret "geheim" under every name.
var testSecrets = secret.Reader{At: "inbeeld.yaml", Env: func(string) string { return "geheim" }}

// parcel is a message with what a check, or a supplier, may try to say.
func parcel(t *testing.T) Parcel {
	t.Helper()
	v := Condition{
		Check: "marts.x.profieldekking", Group: "Weesp", Preposition: "in", Title: "profieldekking onder 25%", Ernst: Alarm, Peildatum: "2020-12-31", Since: "2020-12-31",
		Text: `In Weesp <script>alert("x")</script> [klik](https://kwaad.example) & meer.`, Value: "minder dan 15,6%", Limit: "25%", Audience: []string{"sturing"},
	}
	in := Input{Now: time.Date(2021, 1, 4, 2, 30, 0, 0, storyZone(t)), Run: "20210104T013000Z", Conditions: []Condition{v}, Settings: storySettings(), Marts: Marts{Name: "Banenafspraak\r\nBcc: iedereen@kwaad.example"}}
	messages, err := Compose(in)
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	return Parcel{Message: messages[0], Target: messages[0].Targets[0], Files: []File{{"pakbon.xlsx", []byte("PK")}}}
}

// TestBrokenChannel: a channel that cannot be opened says which key is wrong, and the others work.
func TestBrokenChannel(t *testing.T) {
	dir := t.TempDir()
	s := Settings{
		SMTP:     SMTP{User: "inbeeld", Password: "env:NIETS"},
		Channels: map[string]Endpoint{"team": {"teams": "file:niets"}, "keten": {"webhook": "https://x", "secret": "env:ER", "ca": "niets.pem"}, "map": {"folder": dir}},
	}
	channels := s.Open(secret.Reader{At: "inbeeld.yaml", Data: dir, Env: func(name string) string { return map[string]string{"ER": "geheim"}[name] }})
	for name, want := range map[string]string{
		Mail:    "inbeeld.yaml: alerts.smtp.password: env:NIETS is empty; set it for the user that runs inbeeld",
		"team":  "inbeeld.yaml: alerts.channels.team.teams: open " + dir + "/niets: no such file or directory; create it there or next to the file that refers to it, or correct the path",
		"keten": "inbeeld.yaml: alerts.channels.keten.ca: open " + dir + "/niets.pem: no such file or directory; create it there or next to the file that refers to it, or correct the path",
	} {
		var f *SendError
		if err := channels[name].Send(t.Context(), parcel(t)); !errors.As(err, &f) || f.Permanent || !f.Unreachable || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := channels["map"].Send(t.Context(), parcel(t)); err != nil {
		t.Error(err)
	}
}
