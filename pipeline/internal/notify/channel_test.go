package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A driver makes a channel whose other side has a fault: "" for none, or temporary, permanent, slow,
// dead, expired. received gives the IDs that the other side took. A nil channel has no such fault.
type driver struct {
	name string
	open func(t *testing.T, fault string) (channel Channel, received func() []string)
}

func drivers(t *testing.T) []driver {
	ca := newAuthority(t)
	return []driver{
		{"mail by STARTTLS", func(t *testing.T, fault string) (Channel, func() []string) { return openMail(t, ca, starttls, fault) }},
		{"mail by TLS", func(t *testing.T, fault string) (Channel, func() []string) {
			return openMail(t, ca, implicitTLS, fault)
		}},
		{"Teams", func(t *testing.T, fault string) (Channel, func() []string) {
			return openPost(t, ca, fault, func(string) Endpoint { return Endpoint{Teams: "env:ADDRESS", CA: ca.file} })
		}},
		{"webhook", func(t *testing.T, fault string) (Channel, func() []string) {
			return openPost(t, ca, fault, func(url string) Endpoint { return Endpoint{Webhook: url, Secret: "env:SECRET", CA: ca.file} })
		}},
		{"folder", openFolder},
	}
}

func openMail(t *testing.T, ca authority, how, fault string) (Channel, func() []string) {
	t.Helper()
	server := &mailServer{password: "geheim"}
	certificate := ca.valid
	switch fault {
	case "temporary":
		server.answer("sturing@voorbeeld.nl", 451)
	case "permanent":
		server.answer("sturing@voorbeeld.nl", 550)
	case "slow":
		server.hang = make(chan struct{})
		t.Cleanup(func() { close(server.hang) })
	case "expired":
		certificate = ca.outdated
	}
	if fault == "dead" {
		server.port = deadPort(t)
	} else {
		server.serve(t, certificate, how == implicitTLS)
	}
	s := Settings{Sender: "Inbeeld <inbeeld@voorbeeld.nl>", SMTP: SMTP{Host: "127.0.0.1", Port: server.port, TLS: how, User: "inbeeld", Password: "env:PASSWORD", CA: ca.file}}
	return s.Open(func(string) string { return "geheim" })[Mail], func() []string {
		var ids []string
		for _, l := range server.letters() {
			ids = append(ids, l.id)
		}
		return ids
	}
}

// deadPort is one that nobody listens on.
func deadPort(t *testing.T) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it never spoke to anybody
	return listener.Addr().(*net.TCPAddr).Port
}

func openPost(t *testing.T, ca authority, fault string, endpoint func(url string) Endpoint) (Channel, func() []string) {
	t.Helper()
	server := &postServer{}
	certificate := ca.valid
	switch fault {
	case "temporary":
		server.answers = []int{http.StatusServiceUnavailable}
	case "permanent":
		server.answers = []int{http.StatusNotFound}
	case "slow":
		server.slow = true
	case "expired":
		certificate = ca.outdated
	}
	if fault == "dead" {
		server.url = fmt.Sprintf("https://127.0.0.1:%d", deadPort(t))
	} else {
		server.serve(t, certificate)
	}
	e := endpoint(server.url)
	channel, err := e.open(func(name string) string { return map[string]string{"ADDRESS": server.url, "SECRET": "geheim"}[name] })
	if err != nil {
		t.Fatal(err)
	}
	return channel, func() []string {
		var ids []string
		for _, p := range server.taken() {
			id := p.header.Get("Idempotency-Key")
			ids = append(ids, strings.TrimSuffix(id, "-0"))
		}
		return ids
	}
}

func openFolder(t *testing.T, fault string) (Channel, func() []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "meldingen")
	switch fault {
	case "":
	case "dead":
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		return nil, nil
	}
	return folder{dir}, func() []string {
		files, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range files {
			ids = append(ids, strings.TrimSuffix(filepath.Base(f), ".json"))
		}
		return ids
	}
}

// parcel is a message with what a check, or a supplier, may try to say.
func parcel(t *testing.T) Parcel {
	t.Helper()
	v := Verdict{
		Check: "marts.x.profieldekking", Group: "Weesp", Preposition: "in", Title: "profieldekking onder 25%", Ernst: Alarm, Peildatum: "2020-12-31", Since: "2020-12-31",
		Text: `In Weesp <script>alert("x")</script> [klik](https://kwaad.example) & meer.`, Value: "minder dan 15,6%", Limit: "25%", Audience: []string{"sturing"},
	}
	in := Input{Now: time.Date(2021, 1, 4, 2, 30, 0, 0, storyZone(t)), Run: "20210104T013000Z", Verdicts: []Verdict{v}, Settings: storySettings(), Marts: Marts{Name: "Banenafspraak\r\nBcc: iedereen@kwaad.example"}}
	messages, err := Compose(in)
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	return Parcel{Message: messages[0], Target: messages[0].Targets[0], Files: []File{{"pakbon.xlsx", []byte("PK")}}}
}

// TestChannels holds every channel to what is said at Channel, with every fault of the other side.
func TestChannels(t *testing.T) {
	for _, d := range drivers(t) {
		t.Run(d.name, func(t *testing.T) {
			for fault, want := range map[string]SendError{
				"temporary": {}, "permanent": {Permanent: true}, "slow": {}, "dead": {Unreachable: true}, "expired": {Unreachable: true},
			} {
				channel, received := d.open(t, fault)
				if channel == nil {
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				if fault == "slow" {
					cancel()
					ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
				}
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
				if ids := received(); fault != "slow" && len(ids) > 0 {
					t.Errorf("%s: yet the other side took %v", fault, ids)
				}
			}
			channel, received := d.open(t, "")
			p := parcel(t)
			for range 2 {
				if err := channel.Send(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			ids := received()
			for _, id := range ids {
				if id != p.ID {
					t.Errorf("the other side took %q, not %q", id, p.ID)
				}
			}
			if len(ids) == 0 {
				t.Error("nothing arrived")
			}
		})
	}
}

// TestMailAsItArrives looks at one mail the way its reader gets it.
func TestMailAsItArrives(t *testing.T) {
	ca := newAuthority(t)
	server := &mailServer{}
	server.serve(t, ca.valid, false)
	s := Settings{Sender: "Inbeeld <inbeeld@voorbeeld.nl>", SMTP: SMTP{Host: "127.0.0.1", Port: server.port, CA: ca.file}}.WithDefaults()
	channel := s.Open(func(string) string { return "" })[Mail]
	p := parcel(t)
	if err := channel.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	mail := server.letters()[0].data
	header, _, _ := strings.Cut(mail, "\r\n\r\n")
	for _, want := range []string{"Auto-Submitted: auto-generated", "Message-ID: <" + p.ID + "@voorbeeld.nl>", "multipart/mixed", "To: <sturing@voorbeeld.nl>"} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail has no %q:\n%s", want, mail)
		}
	}
	if strings.Contains(header, "\nBcc:") {
		t.Errorf("a line break in a subject became a header:\n%s", header)
	}
	if strings.Contains(p.HTML, "<script>alert") || !strings.Contains(p.HTML, "&lt;script&gt;") {
		t.Error("the text of a check became HTML")
	}
	p.Address = "sturing@voorbeeld.nl\r\nBcc: iedereen@kwaad.example"
	var f *SendError
	if err := channel.Send(t.Context(), p); !errors.As(err, &f) || !f.Permanent || len(server.letters()) != 1 {
		t.Errorf("an address with a line break: %v", err)
	}
}

func TestWrongPassword(t *testing.T) {
	ca := newAuthority(t)
	server := &mailServer{password: "anders"}
	server.serve(t, ca.valid, false)
	s := Settings{Sender: "inbeeld@voorbeeld.nl", SMTP: SMTP{Host: "127.0.0.1", Port: server.port, User: "inbeeld", Password: "env:PASSWORD", CA: ca.file}}.WithDefaults()
	err := s.Open(func(string) string { return "geheim" })[Mail].Send(t.Context(), parcel(t))
	var f *SendError
	if !errors.As(err, &f) || f.Permanent || !f.Unreachable || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got %v", err)
	}
}

// TestWebhookSigned: who has the secret can tell that it is ours, and whole.
func TestWebhookSigned(t *testing.T) {
	ca := newAuthority(t)
	server := &postServer{}
	server.serve(t, ca.valid)
	channel, err := Endpoint{Webhook: server.url, Secret: "env:S", CA: ca.file}.open(func(string) string { return "geheim" })
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
	schema := readSchema(t)
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	schema.holds(t, "announcement", schema.root, body)
	if body["id"] != p.ID {
		t.Errorf("id %v", body["id"])
	}
}

// TestTeams: a message that is too large comes in parts below the limit; what Teams still finds too
// large comes as a short card; a 429 says when to come back; no text becomes a link.
func TestTeams(t *testing.T) {
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
	s := Settings{Roles: map[string][]string{"sturing": {"team"}}, Channels: map[string]Endpoint{"team": {Teams: "env:T"}}}
	p.Targets = s.targets("sturing")
	if got := s.parts(p.Message); len(got) != len(parts) || got[1].Part != 2 {
		t.Errorf("targets %+v", got)
	}
	server := &postServer{answers: []int{http.StatusRequestEntityTooLarge, http.StatusOK, http.StatusTooManyRequests}}
	server.serve(t, ca.valid)
	channel, err := Endpoint{Teams: "env:T", CA: ca.file}.open(func(string) string { return server.url })
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
