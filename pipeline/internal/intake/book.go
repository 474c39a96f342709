package intake

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// Asof restricts a book to deliveries on peildata up to Peildatum that were received before Received. Zero
// values restrict nothing.
type Asof struct {
	Peildatum string
	Received  time.Time
}

// Retention is how many days data stays after the delivery was last received.
type Retention struct {
	// Landing is for originals; 0 means RetainLanding.
	Landing int
	// Lake is for loads; 0 means for ever. Loads that are still needed stay longer.
	Lake int
}

// A Scope says what to read: a data directory, the project, and up to which moment.
type Scope struct {
	datadir.Dir
	// ProjectDir is a folder laid over the embedded project, or "".
	ProjectDir string
	Asof
	Retain Retention
}

// A Book is everything known about the deliveries of a data directory.
type Book struct {
	datadir.Dir
	Asof
	Retain  Retention
	Project *project.Project
	// Key is the pseudonym key; nil until the caller opens it.
	Key *pseudonym.Key

	Deliveries []delivery.Delivery
	Decisions  []delivery.Decision
	Loads      map[string]*lake.Load // by lake.Key
	state      *delivery.State       // cached; nil after a change
}

// Open reads the book of the scope.
func (s Scope) Open() (*Book, error) {
	if err := datadir.Check(s.Path); err != nil {
		return nil, err
	}
	proj, faults, err := project.Load(s.ProjectDir)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	b := &Book{Dir: s.Dir, Asof: s.Asof, Retain: s.Retain, Project: proj}
	return b, b.ReadDeliveries()
}

// ReadDeliveries reads the deliveries, the decisions and the loads.
func (b *Book) ReadDeliveries() (err error) {
	if err := datadir.CheckNoRewrite(b.Path); err != nil {
		return err
	}
	if b.Deliveries, err = delivery.ReadDeliveries(b.Path); err != nil {
		return err
	}
	if b.Decisions, err = delivery.ReadDecisions(b.Path); err != nil {
		return err
	}
	b.state = nil
	loads, faults := make([]*lake.Load, len(b.Deliveries)), make([]error, len(b.Deliveries))
	var readers sync.WaitGroup
	for first := range parallelReaders {
		readers.Go(func() {
			for i := first; i < len(loads); i += parallelReaders {
				loads[i], faults[i] = lake.Read(b.Path, b.Deliveries[i].Source, b.Deliveries[i].ID)
			}
		})
	}
	readers.Wait()
	b.Loads = map[string]*lake.Load{}
	for i, d := range b.Deliveries {
		if faults[i] != nil {
			return faults[i]
		}
		if loads[i] != nil {
			b.Loads[keyOf(d)] = loads[i]
		}
	}
	return nil
}

// parallelReaders is how many load records are read in parallel.
const parallelReaders = 4

func keyOf(d delivery.Delivery) string { return lake.Key(d.Source, d.ID) }

// load returns the load of a delivery, or nil.
func (b *Book) load(d delivery.Delivery) *lake.Load { return b.Loads[keyOf(d)] }

// AddLoads adds or replaces loads.
func (b *Book) AddLoads(loads map[string]*lake.Load) {
	maps.Copy(b.Loads, loads)
	b.state = nil
}

// InScope returns the deliveries in scope.
func (b *Book) InScope() []delivery.Delivery {
	var known []delivery.Delivery
	expired := b.expired()
	for _, d := range b.Deliveries {
		if expired(d) {
			continue
		}
		if d, ok := b.restrict(d); ok && b.Project.Contract(d.Source) != nil {
			known = append(known, d)
		}
	}
	return known
}

// restrict removes later receipts of a delivery. It returns false if the delivery itself is out of scope.
func (a Asof) restrict(d delivery.Delivery) (delivery.Delivery, bool) {
	if a.Peildatum != "" && d.Peildatum > a.Peildatum {
		return d, false
	}
	if !a.Received.IsZero() {
		d.Receipts = slices.DeleteFunc(slices.Clone(d.Receipts), func(r delivery.Receipt) bool { return !r.Landed.Before(a.Received) })
	}
	return d, len(d.Receipts) > 0
}

// DecisionsInScope returns the decisions taken before Received.
func (b *Book) DecisionsInScope() []delivery.Decision {
	if b.Received.IsZero() {
		return b.Decisions
	}
	return slices.DeleteFunc(slices.Clone(b.Decisions), func(d delivery.Decision) bool { return !d.At.Before(b.Received) })
}

// State returns which deliveries in scope are in force. The result is cached.
func (b *Book) State() delivery.State {
	if b.state != nil {
		return *b.state
	}
	accepted := b.Accepted()
	state := delivery.Fold(b.InScope(), b.DecisionsInScope(), func(d delivery.Delivery) delivery.Judgement {
		l := b.load(d)
		if l == nil {
			return delivery.Judgement{Reasons: []string{"nog niet geladen"}}
		}
		undecided := l.LimitsOnly && !accepted[keyOf(d)] // it was loaded by a decision that is out of scope
		return delivery.Judgement{Accepted: l.Accepted && !undecided, Reasons: l.Reasons}
	})
	b.state = &state
	return state
}

// Accepted returns the deliveries that a person accepted, by lake.Key.
func (b *Book) Accepted() map[string]bool {
	accepted := map[string]bool{}
	for _, d := range b.DecisionsInScope() {
		if d.Kind == delivery.Accept {
			accepted[lake.Key(d.Source, d.Delivery)] = true
		}
	}
	return accepted
}

// Create makes a data directory with an inbox folder for each source. In one that exists, it adds missing
// folders.
func Create(dir string, p *project.Project) error {
	folders := []string{"", "landing", "lake", "quarantine", "decisions", "stand", "work", "runs", "alerts", datadir.ProcessingDir, "secrets"}
	for _, c := range p.Contracts {
		if c.Dir != "" {
			folders = append(folders, filepath.FromSlash(c.Dir))
		}
	}
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return fmt.Errorf("create data directory: %w", err)
		}
	}
	return nil
}
