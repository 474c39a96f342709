package intake

import (
	"maps"
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

// restrict leaves out what a restricted run does not know: later peildata, and later receipts.
func (a Asof) restrict(d delivery.Delivery) (delivery.Delivery, bool) {
	if a.Peildatum != "" && d.Peildatum > a.Peildatum {
		return d, false
	}
	if !a.Received.IsZero() {
		d.Receipts = slices.DeleteFunc(slices.Clone(d.Receipts), func(r delivery.Receipt) bool { return !r.Landed.Before(a.Received) })
	}
	return d, len(d.Receipts) > 0
}

// Decided are the decisions that the run knows.
func (b *Book) Decided() []delivery.Decision {
	if b.Received.IsZero() {
		return b.Decisions
	}
	return slices.DeleteFunc(slices.Clone(b.Decisions), func(d delivery.Decision) bool { return !d.At.Before(b.Received) })
}

// ReadDeliveries reads what has landed, what was decided, and what became of it.
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
	for first := range readersAtOnce {
		readers.Go(func() {
			for i := first; i < len(loads); i += readersAtOnce {
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
			b.Loads[lake.Key(d.Source, d.ID)] = loads[i]
		}
	}
	return nil
}

// readersAtOnce is how many small files are read side by side.
const readersAtOnce = 4

// Known are the deliveries of sources that the project has a contract for.
func (b *Book) InScope() []delivery.Delivery {
	var known []delivery.Delivery
	gone := b.expired()
	for _, d := range b.Deliveries {
		if sequence, let := gone[lake.Key(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			continue
		}
		if d, ok := b.restrict(d); ok && b.Project.Contract(d.Source) != nil {
			known = append(known, d)
		}
	}
	return known
}

// fold is what is in force of all that is known. Whoever changes what is known clears state.
func (b *Book) State() delivery.State {
	if b.state != nil {
		return *b.state
	}
	accepted := b.Accepted()
	state := delivery.Fold(b.InScope(), b.Decided(), func(d delivery.Delivery) delivery.Judgement {
		l := b.Loads[lake.Key(d.Source, d.ID)]
		if l == nil {
			return delivery.Judgement{Reasons: []string{"nog niet geladen"}}
		}
		inSpite := l.LimitsOnly && !accepted[lake.Key(d.Source, d.ID)] // of a decision that does not count for this run
		return delivery.Judgement{Accepted: l.Accepted && !inSpite, Reasons: l.Reasons}
	})
	b.state = &state
	return state
}

// Accepted are the deliveries that a person accepted, by loadKey.
func (b *Book) Accepted() map[string]bool {
	accepted := map[string]bool{}
	for _, d := range b.Decided() {
		if d.Kind == delivery.Accept {
			accepted[lake.Key(d.Source, d.Delivery)] = true
		}
	}
	return accepted
}

// Asof restricts what is known to deliveries about dates up to Peildatum, and received before
// Received; zero values restrict nothing.
type Asof struct {
	Peildatum string
	Received  time.Time
}

// Retention says how many days things stay.
type Retention struct {
	// Landing is for the original of a delivery, after it was received last; 0 is 30. What was loaded
	// from it stays.
	Landing int
	// Lake is for what was loaded from a delivery, after it was received last; 0 is for ever. What is
	// still needed stays longer.
	Lake int
}

// A Scope says what to read: a data directory, the project, and as of when.
type Scope struct {
	datadir.Dir
	// ProjectDir is a folder laid over the embedded project, or "".
	ProjectDir string
	Asof
	Retain Retention
}

// A Book is all that is known of the deliveries of a data directory: what landed, what was decided,
// what became of each.
type Book struct {
	datadir.Dir
	Asof
	Retain  Retention
	Project *project.Project
	// Key is the pseudonym key, once it is opened.
	Key *pseudonym.Key

	Deliveries []delivery.Delivery
	Decisions  []delivery.Decision
	Loads      map[string]*lake.Load // by lake.Key
	state      *delivery.State       // of these, once it was asked for
}

// Open reads what is known of the deliveries of the scope.
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

// Loaded adds loads to what is known.
func (b *Book) Loaded(loads map[string]*lake.Load) {
	maps.Copy(b.Loads, loads)
	b.state = nil
}
