package dashboard

import (
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// A Source is where the dashboard has its data from. Each function may be called at any time and by
// several requests at once, also while a run is going.
type Source struct {
	Now func() time.Time
	// Zone is that of the times on the pages.
	Zone *time.Location
	// Status is what the last run said, nil when there was none.
	Status func() (*mart.Status, error)
	// Runs are without findings, deliveries and notes, the last first; names of damaged files behind it.
	Runs func() ([]*ledger.Run, []string, error)
	// Run is one run in full; fs.ErrNotExist when there is none.
	Run func(id string) (*ledger.Run, error)
	// Log is the end of what a run logged, "" when it logged nothing here.
	Log func(id string) (string, error)
	// Windows are the first n to come.
	Windows func(n int) []Window
	// Deliveries is the delivery calendar of today.
	Deliveries func() ([]Delivery, error)
	// Marts is the manifest of what is published, nil when nothing is.
	Marts func() (*mart.Manifest, error)
	// Events are of windows, the oldest first.
	Events func() ([]ledger.Event, error)
	// Service is what the service says about itself.
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
	// Run is the id of the run that is going, "" when there is none.
	Run     string    `json:"run,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// Faults keep the service from its work; Refused says why the last reload was.
	Faults  []string  `json:"faults,omitempty"`
	Refused string    `json:"refused,omitempty"`
	Ticked  time.Time `json:"ticked"`
}

// alive is how long ago the service may have looked at its clock.
const alive = 2 * time.Minute
