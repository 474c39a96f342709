package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"inbeeld/pipeline/secret"
)

// TestMain lets the test binary be a process that sends, so that it can be killed.
func TestMain(m *testing.M) {
	if order := os.Getenv("NOTIFY_SEND"); order != "" {
		os.Exit(sendProcess(order))
	}
	os.Exit(m.Run())
}

// A sendOrder is what such a process is to do.
type sendOrder struct {
	Dir      string
	Settings Settings
	Now      time.Time
	KillAt   int    // the step, from 1, at which it kills itself; 0 is never
	List     string // file to which it writes the names of the steps
}

func sendProcess(text string) int {
	var o sendOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	var steps []string
	s := Sending{Outbox: Outbox{o.Dir}, Channels: o.Settings.Open(secret.Reader{Env: os.Getenv}), Now: func() time.Time { return o.Now }, Step: func(name string) {
		if steps = append(steps, name); len(steps) == o.KillAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}}
	if err := s.Run(context.Background()); err != nil {
		panic(err)
	}
	if o.List != "" {
		if err := os.WriteFile(o.List, []byte(strings.Join(steps, "\n")), 0o600); err != nil {
			panic(err)
		}
	}
	return 0
}

func (o sendOrder) run(t *testing.T) (killed bool) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "NOTIFY_SEND="+string(text))
	out, err := cmd.CombinedOutput()
	killed = err != nil && strings.Contains(err.Error(), "killed")
	if err != nil && !killed {
		t.Fatalf("%v: %s", err, out)
	}
	return killed
}

// box is one with two messages, of two addresses and of one.
func box(t *testing.T) (Outbox, []Message) {
	t.Helper()
	settings := storySettings()
	settings.Roles["sturing"] = []string{"sturing@voorbeeld.nl", "tweede@voorbeeld.nl"}
	v := Condition{Check: "marts.x.totaal", Group: "alle", Title: "totaal klopt niet", Ernst: Alarm, Text: "Het totaal klopt niet.", Audience: []string{"sturing", DataTeam}}
	messages, err := Compose(Input{Now: sendClock, Run: "r", Conditions: []Condition{v}, Settings: settings, Marts: Marts{Name: "Banenafspraak"}})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	b := Outbox{filepath.Join(t.TempDir(), "alerts")}
	if err := b.Put(messages); err != nil {
		t.Fatal(err)
	}
	return b, messages
}

var sendClock = time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC)

// TestKilledWhileSending: killed between any two steps, every message arrives; a second time only when
// the kill came after the server's answer and before it was written down.
func TestKilledWhileSending(t *testing.T) {
	ca := newAuthority(t)
	settings := func(port int) Settings {
		return Settings{Sender: "inbeeld@voorbeeld.nl", SMTP: SMTP{Host: "127.0.0.1", Port: port, CA: ca.file}}.WithDefaults()
	}
	stepFile := filepath.Join(t.TempDir(), "steps")
	server := &mailServer{}
	server.serve(t, ca.valid, false)
	b, _ := box(t)
	if (sendOrder{Dir: b.Dir, Settings: settings(server.port), Now: sendClock, List: stepFile}).run(t) {
		t.Fatal("killed without a reason")
	}
	text, err := os.ReadFile(stepFile)
	if err != nil {
		t.Fatal(err)
	}
	steps := strings.Split(string(text), "\n")
	for _, want := range []string{"due", "answered", "noted", "finished", "sent"} {
		if !slices.Contains(steps, want) {
			t.Fatalf("no step %q in %v", want, steps)
		}
	}
	for i, step := range steps {
		t.Run(fmt.Sprintf("%d %s", i+1, step), func(t *testing.T) {
			server := &mailServer{}
			server.serve(t, ca.valid, false)
			b, messages := box(t)
			order := sendOrder{Dir: b.Dir, Settings: settings(server.port), Now: sendClock, KillAt: i + 1}
			if !order.run(t) {
				t.Fatal("not killed")
			}
			if err := b.Put(nil); err != nil { // sweeps
				t.Fatal(err)
			}
			order.KillAt = 0
			order.run(t)
			times := map[string]int{}
			for _, l := range server.letters() {
				times[l.to+" "+l.id]++
			}
			twice := 0
			for _, m := range messages {
				for _, target := range m.Targets {
					n := times[target.Address+" "+m.ID]
					if n == 0 {
						t.Errorf("%s to %s was lost", m.ID, target.Address)
					}
					twice += max(n-1, 0)
				}
			}
			if twice > 0 && step != "answered" || twice > 1 {
				t.Errorf("%d mails came twice", twice)
			}
			left, err := filepath.Glob(filepath.Join(b.Dir, "outbox", "*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left in the outbox: %v, %v", left, err)
			}
		})
	}
}

func send(t *testing.T, b Outbox, s Settings, now time.Time) *Sending {
	t.Helper()
	sending := &Sending{Outbox: b, Channels: s.Open(testSecrets), Now: func() time.Time { return now }}
	if err := sending.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sending
}

// TestOneOfMany: what a server has against one address keeps the message from no other.
func TestOneOfMany(t *testing.T) {
	ca := newAuthority(t)
	server := &mailServer{}
	server.serve(t, ca.valid, false)
	s := Settings{Sender: "inbeeld@voorbeeld.nl", SMTP: SMTP{Host: "127.0.0.1", Port: server.port, CA: ca.file}}.WithDefaults()
	b, _ := box(t)
	server.answer("data@voorbeeld.nl", 550)
	server.answer("sturing@voorbeeld.nl", 451)
	if first := send(t, b, s, sendClock); first.Sent != 1 || first.Dead != 1 || len(first.Failed) != 2 {
		t.Errorf("first: %+v", first)
	}
	if early := send(t, b, s, sendClock.Add(30*time.Second)); early.Sent+early.Dead+len(early.Failed) > 0 {
		t.Errorf("tried before it was due: %+v", early)
	}
	server.answer("sturing@voorbeeld.nl", 0)
	if second := send(t, b, s, sendClock.Add(time.Minute)); second.Sent != 1 || second.Dead != 0 {
		t.Errorf("second: %+v", second)
	}
	var to []string
	for _, l := range server.letters() {
		to = append(to, l.to)
	}
	if slices.Sort(to); !slices.Equal(to, []string{"sturing@voorbeeld.nl", "tweede@voorbeeld.nl"}) {
		t.Errorf("letters to %v", to)
	}
	messages, err := b.Messages()
	if err != nil || len(messages) != 2 || messages[0].Targets[0].State != Dead || !strings.Contains(messages[0].Targets[0].Error, "550") {
		t.Errorf("%v %+v", err, messages)
	}
}

// TestGivenUp: a server that stays away is asked once for all messages, less and less often, and given up
// after three days.
func TestGivenUp(t *testing.T) {
	s := Settings{Sender: "inbeeld@voorbeeld.nl", SMTP: SMTP{Host: "127.0.0.1", Port: deadPort(t)}}.WithDefaults()
	b, _ := box(t)
	now, attempts := sendClock, 0
	var dead int
	for range 200 {
		done := send(t, b, s, now)
		attempts += len(done.Failed)
		dead += done.Dead
		now = now.Add(time.Hour)
	}
	if dead != 3 || attempts < 10 || attempts > 90 {
		t.Errorf("%d given up after %d attempts", dead, attempts)
	}
}

// TestQuietHours: what is made at night waits for the morning, also across midnight and the change to
// summer time.
func TestQuietHours(t *testing.T) {
	zone := storyZone(t)
	for _, c := range []struct{ from, until, now, want string }{
		{"18:00", "07:30", "2021-01-04 02:30", "2021-01-04 07:30"},
		{"18:00", "07:30", "2021-01-04 18:00", "2021-01-05 07:30"},
		{"18:00", "07:30", "2021-01-04 07:30", ""},
		{"18:00", "07:30", "2021-01-04 12:00", ""},
		{"01:00", "06:00", "2021-03-28 01:30", "2021-03-28 06:00"},
		{"", "", "2021-01-04 02:30", ""},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, zone)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if end := (Quiet{c.from, c.until}).after(now); !end.IsZero() {
			got = end.In(zone).Format("2006-01-02 15:04")
		}
		if got != c.want {
			t.Errorf("%s to %s at %s: %q, not %q", c.from, c.until, c.now, got, c.want)
		}
	}
	b, messages := box(t)
	messages[0].NotBefore = sendClock.Add(time.Hour)
	if err := b.Put(messages); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "map")
	channels := map[string]Channel{Mail: folder{dir}}
	early := Sending{Outbox: b, Channels: channels, Now: func() time.Time { return sendClock }}
	late := Sending{Outbox: b, Channels: channels, Now: func() time.Time { return sendClock.Add(2 * time.Hour) }}
	if err := early.Run(t.Context()); err != nil || early.Sent != 2 {
		t.Errorf("early: %d, %v", early.Sent, err)
	}
	if err := late.Run(t.Context()); err != nil || late.Sent != 1 {
		t.Errorf("late: %d, %v", late.Sent, err)
	}
}
