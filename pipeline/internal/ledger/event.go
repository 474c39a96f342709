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
	// DeadlineMissed means that a window had no publication by its deadline.
	DeadlineMissed = "deadline_missed"
	// WindowFailed means that a window failed and will not be tried again.
	WindowFailed = "window_failed"
)

// An Event is something that happened to a window that its run cannot report, because there is none or it
// is stuck. It is written once and never changed.
type Event struct {
	// ID identifies the event, however often it is noticed.
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	At       time.Time `json:"at"`
	Schedule string    `json:"schedule"`
	Window   time.Time `json:"window"`
	Text     string    `json:"uitleg"` // in Dutch
}

func (l Ledger) events() string { return filepath.Join(l.Dir, "events") }

// Note writes an event of a window and reports whether it is new.
func (l Ledger) Note(e Event) (noted bool, err error) {
	e.ID = WindowID(e.Schedule, e.Window) + "." + e.Kind
	path := filepath.Join(l.events(), e.ID+".json")
	if _, err := os.Stat(path); err == nil {
		return false, nil
	}
	err = os.MkdirAll(l.events(), 0o700)
	if err == nil {
		err = durable.WriteJSON(path, e)
	}
	if err != nil {
		return false, fmt.Errorf("write event %s: %w", e.ID, err)
	}
	return true, nil
}

// inOrder are the outcomes that leave the marts as they should be. held means that a person pinned them to
// an earlier version.
var inOrder = []string{"published", "nothing_to_do", "held"}

// InOrder reports whether the run left the marts as they should be.
func (r *Run) InOrder() bool { return slices.Contains(inOrder, r.Outcome) }

// Unresolved returns the events that no run in order has followed.
func Unresolved(events []Event, runs []*Run) []Event {
	var last time.Time
	for _, r := range runs {
		if r.InOrder() && r.Ended().After(last) {
			last = r.Ended()
		}
	}
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return !e.At.After(last) })
}

// Events returns the events, oldest window first.
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
			continue // damaged; the other events still count
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b Event) int { return strings.Compare(a.ID, b.ID) })
	return events, nil
}
