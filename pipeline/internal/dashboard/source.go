package dashboard

import (
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// A Source supplies the data. Its functions must be safe for concurrent use, also during a run.
type Source struct {
	Now func() time.Time
	// Zone is the time zone of the pages.
	Zone *time.Location
	// Status returns the status after the last run, or nil before the first.
	Status func() (*mart.Status, error)
	// Runs returns the runs without findings, deliveries and notes, latest first, and the names of
	// damaged files.
	Runs func() ([]*ledger.Run, []string, error)
	// Run returns one run in full, or fs.ErrNotExist.
	Run func(id string) (*ledger.Run, error)
	// Log returns the end of the log of a run, or "" if it has none.
	Log func(id string) (string, error)
	// Windows returns the next n windows.
	Windows func(n int) []Window
	// Deliveries returns the delivery calendar of today.
	Deliveries func() ([]Delivery, error)
	// Marts returns the manifest of the published version, or nil if there is none.
	Marts func() (*mart.Manifest, error)
	// Events returns the events of windows, oldest first.
	Events func() ([]ledger.Event, error)
	// Service returns the state of the service.
	Service func() Service
}

// A Window is a moment at which a schedule asks for a run.
type Window struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"`
}

// A Delivery is the delivery that is expected of a source, and its state.
type Delivery struct {
	Source      string    `json:"source"`
	Description string    `json:"description"`
	Supplier    string    `json:"supplier"`
	State       string    `json:"state,omitempty"` // on_time, expected, late, never; "" if no rhythm
	Last        string    `json:"last,omitempty"`
	Received    time.Time `json:"received,omitzero"`
	Due         string    `json:"due,omitempty"`
	Until       string    `json:"until,omitempty"`
	Early       bool      `json:"early,omitempty"`
	Repeated    time.Time `json:"repeated,omitzero"`
	Refused     string    `json:"refused,omitempty"`
}

// Service is the state of the service.
type Service struct {
	// Run is the id of the current run, or "" between runs.
	Run     string    `json:"run,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// Faults keep the service from running windows. Refused says why the last reload was refused.
	Faults  []string  `json:"faults,omitempty"`
	Refused string    `json:"refused,omitempty"`
	Ticked  time.Time `json:"ticked"`
}

// maxTickAge is the maximum time since the last tick of a healthy service.
const maxTickAge = 2 * time.Minute
