package notify

import (
	"errors"
	"strings"
	"testing"
)

func TestMail(t *testing.T) {
	ca := newAuthority(t)
	for _, how := range []string{starttls, implicitTLS} {
		t.Run(how, func(t *testing.T) {
			testChannel(t, func(t *testing.T, fault string) (Channel, func() []string) { return openMail(t, ca, how, fault) })
		})
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
	return s.Open(testSecrets)[Mail], func() []string {
		var ids []string
		for _, l := range server.letters() {
			ids = append(ids, l.id)
		}
		return ids
	}
}

// TestMailAsItArrives looks at one mail the way its reader gets it.
func TestMailAsItArrives(t *testing.T) {
	ca := newAuthority(t)
	server := &mailServer{}
	server.serve(t, ca.valid, false)
	s := Settings{Sender: "Inbeeld <inbeeld@voorbeeld.nl>", SMTP: SMTP{Host: "127.0.0.1", Port: server.port, CA: ca.file}}.WithDefaults()
	channel := s.Open(testSecrets)[Mail]
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

// TestWrongPassword: a refused password passes when people repair it, and is in no error.
func TestWrongPassword(t *testing.T) {
	ca := newAuthority(t)
	server := &mailServer{password: "anders"}
	server.serve(t, ca.valid, false)
	s := Settings{Sender: "inbeeld@voorbeeld.nl", SMTP: SMTP{Host: "127.0.0.1", Port: server.port, User: "inbeeld", Password: "env:PASSWORD", CA: ca.file}}.WithDefaults()
	err := s.Open(testSecrets)[Mail].Send(t.Context(), parcel(t))
	var f *SendError
	if !errors.As(err, &f) || f.Permanent || !f.Unreachable || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got %v", err)
	}
}
