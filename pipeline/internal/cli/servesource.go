package cli

import (
	"errors"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
)

const (
	// calendarAge is how old the delivery calendar on a page may be: it reads all deliveries.
	calendarAge = 20 * time.Second
	// mostLogShown is how much of the end of a log is on a page, in bytes.
	mostLogShown = 200_000
)

// source gives the dashboard what it shows.
func (s *service) source(data string) dashboard.Source {
	store := mart.Store{Dir: filepath.Join(data, "marts")}
	zone := time.Local
	if p, _, err := project.Load(s.options.ProjectDir); err == nil && len(p.Schedules) > 0 {
		zone = p.Schedules[0].Zone
	}
	calendar := &cachedCalendar{read: func() ([]dashboard.Delivery, error) { return deliveryCalendar(s.project.Load(), s.options) }, now: s.now}
	return dashboard.Source{
		Now: s.now, Zone: zone, Status: store.ReadStatus, Runs: s.index.Runs, Run: s.book.Read, Deliveries: calendar.get,
		Log: func(id string) (string, error) { return logEnd(s.book, id) },
		Windows: func(n int) []dashboard.Window {
			list := []dashboard.Window{}
			if p := s.project.Load(); p != nil {
				for _, w := range p.Windows(s.now(), n) {
					list = append(list, dashboard.Window(w))
				}
			}
			return list
		},
		Marts: func() (*mart.Manifest, error) {
			_, m, err := store.Current()
			return m, err
		},
		Events:  s.book.Events,
		Service: s.says,
	}
}

// says is what the service says about itself.
func (s *service) says() dashboard.Service {
	state := s.supervisor.State()
	v := dashboard.Service{Started: state.Started, Faults: state.Faults, Ticked: state.Ticked}
	if state.Order != nil {
		v.Run = state.Order.ID
	}
	if why := s.refused.Load(); why != nil {
		v.Refused = *why
	}
	return v
}

func deliveryCalendar(p *project.Project, o pipeline.Options) ([]dashboard.Delivery, error) {
	list, err := intake.Calendar(p, o.Scope)
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

// calendar keeps the delivery calendar for a moment.
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

// logEnd is the end of what a run logged.
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
	if _, err := f.Seek(max(0, info.Size()-mostLogShown), io.SeekStart); err != nil {
		return "", err
	}
	end, err := io.ReadAll(io.LimitReader(f, mostLogShown))
	return string(end), err
}

// quiet takes what the HTTP server complains about: mostly browsers that went away.
func quiet(to zerolog.Logger) *log.Logger {
	return log.New(to.Level(zerolog.DebugLevel), "", 0)
}
