package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
)

// A Box is the folder of messages: outbox, sent, and the reports that go along. In outbox is what
// somebody still has to get, in sent what everybody had or was given up.
type Box struct{ Dir string }

// Reports is the folder of files that go along with messages.
func (b Box) Reports() string { return filepath.Join(b.Dir, "reports") }

func (b Box) outbox(id string) string { return filepath.Join(b.Dir, "outbox", id+".json") }

func (b Box) sent(id string) string { return filepath.Join(b.Dir, "sent", id+".json") }

// Messages are all that were made, the oldest first. A box that does not exist has none.
func (b Box) Messages() ([]Message, error) {
	waiting, err := read(filepath.Join(b.Dir, "outbox"))
	if err != nil {
		return nil, err
	}
	sent, err := read(filepath.Join(b.Dir, "sent"))
	if err != nil {
		return nil, err
	}
	all := slices.Concat(sent, waiting)
	slices.SortFunc(all, func(a, b Message) int {
		return cmp.Or(a.Created.Compare(b.Created), -boolean(a.Kind == Definition, b.Kind == Definition), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// boolean compares truth: more is true.
func boolean(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func read(dir string) ([]Message, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	var messages []Message
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		var m Message
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, fmt.Errorf("read message %s: %w; remove the file: what it told is then told again", filepath.Join(dir, e.Name()), err)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// Put keeps messages until they are sent. Only one process at a time puts. What a killed one left half
// written goes.
func (b Box) Put(messages []Message) error {
	for _, dir := range []string{"outbox", "sent"} {
		if err := os.MkdirAll(filepath.Join(b.Dir, dir), 0o700); err != nil {
			return fmt.Errorf("keep messages: %w", err)
		}
	}
	if err := durable.Sweep(filepath.Join(b.Dir, "outbox")); err != nil {
		return err
	}
	for _, m := range messages {
		if err := write(b.outbox(m.ID), m); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, m Message) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("keep message %s: %w", m.ID, err)
	}
	return durable.WriteFile(path, append(text, '\n'), 0o600)
}

// horizon is how long is tried to bring a message; backoff is the time between the first two attempts, which
// doubles up to longestBackoff.
const (
	horizon        = 72 * time.Hour
	backoff        = time.Minute
	longestBackoff = 6 * time.Hour
)

// A Sending sends what waits in a box.
type Sending struct {
	Box      Box
	Channels map[string]Channel
	Now      func() time.Time
	// Step is called between any two steps, for tests that kill the process there; nil is nobody.
	Step func(string)
	// Sent and Dead count the targets that were reached, and given up, by this sending; Failed are the errors of
	// attempts.
	Sent, Dead int
	Failed     []error
}

// Run makes one attempt for every target that is due, until ctx ends. Each answer is written down
// before the next attempt; so a message is sent a second time only when its answer was lost. Its error is
// about the box; what channels say is in Failed. Only one process at a time sends.
func (s *Sending) Run(ctx context.Context) error {
	waiting, err := read(filepath.Join(s.Box.Dir, "outbox"))
	if err != nil {
		return err
	}
	slices.SortFunc(waiting, func(a, b Message) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	unreachable := map[string]bool{}
	for _, m := range waiting {
		if err := s.message(ctx, m, unreachable); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sending) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

func (s *Sending) message(ctx context.Context, m Message, unreachable map[string]bool) error {
	if s.Now().Before(m.NotBefore) {
		return nil
	}
	for i := range m.Targets {
		t := &m.Targets[i]
		if t.State != Waiting || s.Now().Before(t.Next) || unreachable[t.Channel] || ctx.Err() != nil {
			continue
		}
		s.step("due")
		err := s.attempt(ctx, m, *t)
		s.step("answered")
		s.note(m, t, err)
		var f *SendError
		if errors.As(err, &f) && f.Unreachable {
			unreachable[t.Channel] = true
		}
		if err := write(s.Box.outbox(m.ID), m); err != nil {
			return err
		}
		s.step("noted")
	}
	if !m.finished() {
		return nil
	}
	m.HTML = "" // can be made again of what it tells
	if err := write(s.Box.outbox(m.ID), m); err != nil {
		return err
	}
	s.step("finished")
	if err := durable.Rename(s.Box.outbox(m.ID), s.Box.sent(m.ID)); err != nil {
		return fmt.Errorf("keep message %s as sent: %w", m.ID, err)
	}
	s.step("sent")
	return nil
}

func (s *Sending) attempt(ctx context.Context, m Message, t Target) error {
	p := Parcel{Message: m, Target: t}
	for _, name := range m.Attachments {
		data, err := os.ReadFile(filepath.Join(s.Box.Reports(), filepath.Base(name)))
		if err != nil {
			return fmt.Errorf("what goes along: %w", err)
		}
		p.Files = append(p.Files, File{filepath.Base(name), data})
	}
	channel, ok := s.Channels[t.Channel]
	if !ok {
		channel = nobody
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	return channel.Send(ctx, p)
}

// note writes down how an attempt went.
func (s *Sending) note(m Message, t *Target, err error) {
	now := s.Now().UTC()
	t.Attempts++
	if err == nil {
		t.State, t.Done, t.Next, t.Error = Sent, now, time.Time{}, ""
		s.Sent++
		return
	}
	s.Failed = append(s.Failed, fmt.Errorf("message %s to %s: %w", m.ID, t.name(), err))
	t.Error = oneLine(err.Error())
	var f *SendError
	wait := min(backoff<<min(t.Attempts-1, 10), longestBackoff)
	if errors.As(err, &f) {
		wait = max(wait, f.After)
	}
	begun := m.Created
	if m.NotBefore.After(begun) {
		begun = m.NotBefore
	}
	if f != nil && f.Permanent || now.Sub(begun) >= horizon {
		t.State, t.Done, t.Next = Dead, now, time.Time{}
		s.Dead++
		return
	}
	t.Next = now.Add(wait)
}

// name is a target as people read it.
func (t Target) name() string {
	if t.Address != "" {
		return t.Address
	}
	return t.Channel
}
