package notify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTeams(t *testing.T) {
	ca := newAuthority(t)
	testChannel(t, func(t *testing.T, fault string) (Channel, func() []string) {
		return openPost(t, ca, fault, func(string) Endpoint { return Endpoint{"teams": "env:ADDRESS", "ca": ca.file} })
	})
}

// TestTeamsParts: a message that is too large comes in parts below the limit; what Teams still finds too
// large comes as a short card; a 429 says when to come back; no text becomes a link.
func TestTeamsParts(t *testing.T) {
	ca := newAuthority(t)
	p := parcel(t)
	for i := range 200 {
		e := p.Changed[0]
		e.Group = fmt.Sprintf("Gemeente %d", i)
		p.Changed = append(p.Changed, e)
	}
	parts := cards(p.Message)
	if len(parts) < 2 {
		t.Fatalf("%d parts", len(parts))
	}
	all := ""
	for i, part := range parts {
		if len(part) > 28_000 {
			t.Errorf("part %d has %d bytes", i+1, len(part))
		}
		all += string(part)
	}
	for i := range 200 {
		if !strings.Contains(all, fmt.Sprintf("Gemeente %d:", i)) {
			t.Fatalf("Gemeente %d is in no part", i)
		}
	}
	if strings.Contains(all, "[klik]") {
		t.Error("text became a link")
	}
	s := Settings{Roles: map[string][]string{"sturing": {"team"}}, Channels: map[string]Endpoint{"team": {"teams": "env:T"}}}
	p.Targets = s.targets("sturing")
	if got := s.parts(p.Message); len(got) != len(parts) || got[1].Part != 2 {
		t.Errorf("targets %+v", got)
	}
	server := &postServer{answers: []int{http.StatusRequestEntityTooLarge, http.StatusOK, http.StatusTooManyRequests}}
	server.serve(t, ca.valid)
	channel, err := Endpoint{"teams": "env:ADDRESS", "ca": ca.file}.open(server.secrets())
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.Send(t.Context(), p); err != nil || !strings.Contains(string(server.taken()[0].body), "te groot voor Teams") {
		t.Errorf("too large: %v", err)
	}
	var f *SendError
	if err := channel.Send(t.Context(), p); !errors.As(err, &f) || f.Permanent || f.After != 2*time.Minute || strings.Contains(err.Error(), server.url) {
		t.Errorf("too many: %#v", err)
	}
}
