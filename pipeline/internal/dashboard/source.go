package dashboard

import (
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// A Source supplies the data. Its functions are called by several requests at once, also during a run.
type Source struct {
	Now func() time.Time
	// Zone is the time zone of the pages.
	Zone *time.Location
	// Status returns the status after the last run; nil before the first.
	Status func() (*mart.Status, error)
	// Runs returns the runs without findings, deliveries and notes, the last first, and the names of
	// damaged files.
	Runs func() ([]*ledger.Run, []string, error)
	// Run returns one run in full, or fs.ErrNotExist.
	Run func(id string) (*ledger.Run, error)
	// Log returns the end of the log of a run; "" without one.
	Log func(id string) (string, error)
	// Windows returns the next n.
	Windows func(n int) []Window
	// Deliveries returns the delivery calendar of today.
	Deliveries func() ([]Delivery, error)
	// Marts returns the manifest of the published version; nil without one.
	Marts func() (*mart.Manifest, error)
	// Events returns the events of windows, the oldest first.
	Events func() ([]ledger.Event, error)
	// Service returns the state of the service.
	Service func() Service
}

// A Window is a moment at which a schedule asks for a run.
type Window struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"`
}

// A Delivery is what is expected of a source, and where it stands.
type Delivery struct {
	Source      string    `json:"source"`
	Description string    `json:"description"`
	Supplier    string    `json:"supplier"`
	State       string    `json:"state,omitempty"` // on_time, expected, late, never; "" without a rhythm
	Last        string    `json:"last,omitempty"`
	Received    time.Time `json:"received,omitzero"`
	Due         string    `json:"due,omitempty"`
	Until       string    `json:"until,omitempty"`
	Early       bool      `json:"early,omitempty"`
	Repeated    time.Time `json:"repeated,omitzero"`
	Refused     string    `json:"refused,omitempty"`
}

// Service is what the service says about itself.
type Service struct {
	// Run is the id of the current run; "" between runs.
	Run     string    `json:"run,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// Faults keep the service from running windows. Refused says why the last reload was refused.
	Faults  []string  `json:"faults,omitempty"`
	Refused string    `json:"refused,omitempty"`
	Ticked  time.Time `json:"ticked"`
}

// alive is how long the service may go without looking at its schedules.
const alive = 2 * time.Minute
