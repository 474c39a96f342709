package web

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/serve"
)

const (
	// calendarAge is the maximum age of the delivery calendar on a page.
	calendarAge = 20 * time.Second
	// logShown is how much of the end of a log a page shows, in bytes.
	logShown = 200_000
)

// A Feed supplies the dashboard of one service.
type Feed struct {
	Scope intake.Scope
	Index *ledger.Index
	// Project returns the project in use; nil before the service has read it.
	Project func() *project.Project
	// State returns the state of the supervisor; Refused says why the last reload was refused, or is nil.
	State   func() serve.State
	Refused func() *string
}

// Source returns the source of the dashboard.
func (f *Feed) Source() dashboard.Source {
	store := mart.Store{Dir: filepath.Join(f.Scope.Path, "marts")}
	zone := time.Local
	if p, _, err := project.Load(f.Scope.ProjectDir); err == nil && len(p.Schedules) > 0 {
		zone = p.Schedules[0].Zone
	}
	cached := &cachedCalendar{read: f.readCalendar, now: f.Scope.Now}
	book := f.Index.Ledger
	return dashboard.Source{
		Now: f.Scope.Now, Zone: zone, Status: store.ReadStatus, Runs: f.Index.Runs, Run: book.Read, Deliveries: cached.get,
		Log:     func(id string) (string, error) { return logEnd(book, id) },
		Windows: f.windows,
		Marts: func() (*mart.Manifest, error) {
			_, m, err := store.Current()
			return m, err
		},
		Events:  book.Events,
		Service: f.service,
	}
}

func (f *Feed) windows(n int) []dashboard.Window {
	list := []dashboard.Window{}
	if p := f.Project(); p != nil {
		for _, w := range p.Windows(f.Scope.Now(), n) {
			list = append(list, dashboard.Window(w))
		}
	}
	return list
}

func (f *Feed) service() dashboard.Service {
	state := f.State()
	v := dashboard.Service{Started: state.Started, Faults: state.Faults, Ticked: state.Ticked}
	if state.Order != nil {
		v.Run = state.Order.ID
	}
	if why := f.Refused(); why != nil {
		v.Refused = *why
	}
	return v
}

func (f *Feed) readCalendar() ([]dashboard.Delivery, error) {
	list, err := intake.Calendar(f.Project(), f.Scope)
	if err != nil {
		return nil, err
	}
	shown := make([]dashboard.Delivery, len(list))
	for i, e := range list {
		shown[i] = dashboard.Delivery{
			Source: e.Source, Description: e.Description, Supplier: e.Supplier, State: string(e.State), Last: e.Last, Received: e.Received,
			Due: e.Due, Until: e.Until, Early: e.Early, Repeated: e.Repeated, Refused: e.Refused,
		}
	}
	return shown, nil
}

// cachedCalendar caches the delivery calendar for calendarAge.
type cachedCalendar struct {
	read func() ([]dashboard.Delivery, error)
	now  func() time.Time

	mu   sync.Mutex
	at   time.Time
	last []dashboard.Delivery
}

func (c *cachedCalendar) get() ([]dashboard.Delivery, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := c.now().Sub(c.at); c.last != nil && age >= 0 && age < calendarAge {
		return c.last, nil
	}
	list, err := c.read()
	if err == nil {
		c.at, c.last = c.now(), list
	}
	return list, err
}

// logEnd returns the end of the log of a run; "" without one.
func logEnd(book ledger.Ledger, id string) (text string, err error) {
	f, err := os.Open(book.Log(filepath.Base(id)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	end, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-logShown), logShown))
	return string(end), err
}
