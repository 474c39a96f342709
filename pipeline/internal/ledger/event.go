package ledger

import (
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

// Kinds of events.
const (
	// DeadlineMissed: at its deadline a window had no publication.
	DeadlineMissed = "deadline_missed"
	// WindowFailed: a window failed, and nobody tries again.
	WindowFailed = "window_failed"
)

// An Event is something that happened to a window and that its run cannot tell, because there is none,
// or it is stuck. It is written once and never changed; who sends messages reads it here.
type Event struct {
	// ID is the same for the same event, however often it is noticed.
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	At       time.Time `json:"at"`
	Schedule string    `json:"schedule"`
	Window   time.Time `json:"window"`
	Text     string    `json:"uitleg"` // in Dutch
}

func (l Ledger) events() string { return filepath.Join(l.Dir, "events") }

// Note writes an event of a window, and tells whether it is a new one.
func (l Ledger) Note(e Event) (noted bool, err error) {
	e.ID = WindowID(e.Schedule, e.Window) + "." + e.Kind
	path := filepath.Join(l.events(), e.ID+".json")
	if _, err := os.Stat(path); err == nil {
		return false, nil
	}
	text, err := json.MarshalIndent(e, "", "  ")
	if err == nil {
		err = os.MkdirAll(l.events(), 0o700)
	}
	if err == nil {
		err = durable.WriteFile(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return false, fmt.Errorf("note event %s: %w", e.ID, err)
	}
	return true, nil
}

// inOrder are the outcomes of runs that leave the marts as they should be; held is that somebody holds
// them on an earlier version.
var inOrder = []string{"published", "nothing_to_do", "held"}

// InOrder tells whether a run ended with the marts in order.
func (r *Run) InOrder() bool { return slices.Contains(inOrder, r.Outcome) }

// Unresolved are the events since which no run has ended with the marts in order.
func Unresolved(events []Event, runs []*Run) []Event {
	var last time.Time
	for _, r := range runs {
		if r.InOrder() && r.Ended().After(last) {
			last = r.Ended()
		}
	}
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return !e.At.After(last) })
}

// Events reads the events, the oldest window first.
func (l Ledger) Events() ([]Event, error) {
	entries, err := os.ReadDir(l.events())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list events: %w", err)
	}
	var events []Event
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") || !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(l.events(), entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		var e Event
		if json.Unmarshal(text, &e) != nil {
			continue // damaged by the disk; the other events still count
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b Event) int { return strings.Compare(a.ID, b.ID) })
	return events, nil
}
