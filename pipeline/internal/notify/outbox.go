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

// An Outbox is a folder of messages: outbox holds those with a waiting target, sent the others, and reports
// the attachments.
type Outbox struct{ Dir string }

// Reports returns the folder of attachments.
func (b Outbox) Reports() string { return filepath.Join(b.Dir, "reports") }

func (b Outbox) waiting(id string) string { return filepath.Join(b.Dir, "outbox", id+".json") }

func (b Outbox) sent(id string) string { return filepath.Join(b.Dir, "sent", id+".json") }

// Messages returns all messages, the oldest first. An outbox that does not exist has none.
func (b Outbox) Messages() ([]Message, error) {
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
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(rankInRun(a), rankInRun(b)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// rankInRun puts a notice about definitions before the other messages of its run.
func rankInRun(m Message) int {
	if m.Kind == Definition {
		return 0
	}
	return 1
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
			return nil, fmt.Errorf("read message %s: %w; remove the file; recipients are then told again what it said", filepath.Join(dir, e.Name()), err)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// Put stores messages until they are sent, and removes the temporary files of a killed process. The caller
// holds the run lock.
func (b Outbox) Put(messages []Message) error {
	for _, dir := range []string{"outbox", "sent"} {
		if err := os.MkdirAll(filepath.Join(b.Dir, dir), 0o700); err != nil {
			return fmt.Errorf("store messages: %w", err)
		}
	}
	if err := durable.Sweep(filepath.Join(b.Dir, "outbox")); err != nil {
		return err
	}
	for _, m := range messages {
		if err := durable.WriteJSON(b.waiting(m.ID), m); err != nil {
			return err
		}
	}
	return nil
}

// The outbox gives up on a target after horizon. Attempts are backoff apart at first; the time doubles up to
// longestBackoff.
const (
	horizon        = 72 * time.Hour
	backoff        = time.Minute
	longestBackoff = 6 * time.Hour
)

// A Sending sends the waiting messages of an outbox.
type Sending struct {
	Outbox   Outbox
	Channels map[string]Channel
	Now      func() time.Time
	// Step, if set, is called between steps; tests kill the process there.
	Step func(string)
	// Sent counts the targets that were reached, Dead those given up; Failed holds the errors of attempts.
	Sent, Dead int
	Failed     []error
}

// Run makes one attempt for every target that is due, until ctx ends. It records each answer before the
// next attempt, so that a message is sent twice only when its answer was lost. An error is about the
// outbox; those of channels are in Failed. The caller sees to it that one process at a time sends.
func (s *Sending) Run(ctx context.Context) error {
	waiting, err := read(filepath.Join(s.Outbox.Dir, "outbox"))
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
		if err := durable.WriteJSON(s.Outbox.waiting(m.ID), m); err != nil {
			return err
		}
		s.step("noted")
	}
	if !m.finished() {
		return nil
	}
	m.HTML = "" // can be rendered again
	if err := durable.WriteJSON(s.Outbox.waiting(m.ID), m); err != nil {
		return err
	}
	s.step("finished")
	if err := durable.Rename(s.Outbox.waiting(m.ID), s.Outbox.sent(m.ID)); err != nil {
		return fmt.Errorf("move message %s to sent: %w", m.ID, err)
	}
	s.step("sent")
	return nil
}

func (s *Sending) attempt(ctx context.Context, m Message, t Target) error {
	p := Parcel{Message: m, Target: t}
	for _, name := range m.Attachments {
		data, err := os.ReadFile(filepath.Join(s.Outbox.Reports(), filepath.Base(name)))
		if err != nil {
			return fmt.Errorf("attachment: %w", err)
		}
		p.Files = append(p.Files, File{filepath.Base(name), data})
	}
	channel, ok := s.Channels[t.Channel]
	if !ok {
		channel = unknown
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return channel.Send(ctx, p)
}

// note records the outcome of an attempt in the target.
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

// name returns the target as people read it.
func (t Target) name() string { return cmp.Or(t.Address, t.Channel) }
