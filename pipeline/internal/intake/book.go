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
	"inbeeld/sources"
)

// restrict leaves out what a restricted run does not know: later peildata, and later receipts.
func (o Asof) restrict(d sources.Delivery) (sources.Delivery, bool) {
	if o.Peildatum != "" && d.Peildatum > o.Peildatum {
		return d, false
	}
	if !o.Received.IsZero() {
		d.Receipts = slices.DeleteFunc(slices.Clone(d.Receipts), func(r sources.Receipt) bool { return !r.Landed.Before(o.Received) })
	}
	return d, len(d.Receipts) > 0
}

// decided are the decisions that the run knows.
func (r *Book) Decided() []sources.Decision {
	if r.Received.IsZero() {
		return r.Decisions
	}
	return slices.DeleteFunc(slices.Clone(r.Decisions), func(d sources.Decision) bool { return !d.At.Before(r.Received) })
}

// readDeliveries reads what has landed, what was decided, and what became of it.
func (r *Book) ReadDeliveries() (err error) {
	if err := datadir.UnlessRewriting(r.Path); err != nil {
		return err
	}
	if r.Deliveries, err = sources.ReadDeliveries(r.Path); err != nil {
		return err
	}
	if r.Decisions, err = sources.ReadDecisions(r.Path); err != nil {
		return err
	}
	r.state = nil
	loads, faults := make([]*lake.Load, len(r.Deliveries)), make([]error, len(r.Deliveries))
	var readers sync.WaitGroup
	for first := range readersAtOnce {
		readers.Go(func() {
			for i := first; i < len(loads); i += readersAtOnce {
				loads[i], faults[i] = lake.Read(r.Path, r.Deliveries[i].Source, r.Deliveries[i].ID)
			}
		})
	}
	readers.Wait()
	r.Loads = map[string]*lake.Load{}
	for i, d := range r.Deliveries {
		if faults[i] != nil {
			return faults[i]
		}
		if loads[i] != nil {
			r.Loads[lake.Key(d.Source, d.ID)] = loads[i]
		}
	}
	return nil
}

// readersAtOnce is how many small files are read side by side.
const readersAtOnce = 4

// known are the deliveries of sources that the project has a contract for.
func (r *Book) Known() []sources.Delivery {
	var known []sources.Delivery
	gone := r.gone()
	for _, d := range r.Deliveries {
		if sequence, let := gone[lake.Key(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			continue
		}
		if d, ok := r.restrict(d); ok && r.Project.Contract(d.Source) != nil {
			known = append(known, d)
		}
	}
	return known
}

// fold is what is in force of all that is known. Whoever changes what is known clears state.
func (r *Book) State() sources.State {
	if r.state != nil {
		return *r.state
	}
	accepted := r.Accepted()
	state := sources.Fold(r.Known(), r.Decided(), func(d sources.Delivery) sources.Verdict {
		l := r.Loads[lake.Key(d.Source, d.ID)]
		if l == nil {
			return sources.Verdict{Reasons: []string{"nog niet geladen"}}
		}
		inSpite := l.Lenient && !accepted[lake.Key(d.Source, d.ID)] // of a decision that does not count for this run
		return sources.Verdict{Accepted: l.Accepted && !inSpite, Reasons: l.Reasons}
	})
	r.state = &state
	return state
}

// accepted are the deliveries that a person accepted, by loadKey.
func (r *Book) Accepted() map[string]bool {
	accepted := map[string]bool{}
	for _, d := range r.Decided() {
		if d.Kind == sources.Accept {
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

	Deliveries []sources.Delivery
	Decisions  []sources.Decision
	Loads      map[string]*lake.Load // by lake.Key
	state      *sources.State        // of these, once it was asked for
}

// Open reads what is known of the deliveries of the scope.
func (o Scope) Open() (*Book, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	proj, faults, err := project.Load(o.ProjectDir)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	b := &Book{Dir: o.Dir, Asof: o.Asof, Retain: o.Retain, Project: proj}
	return b, b.ReadDeliveries()
}

// Loaded adds loads to what is known.
func (r *Book) Loaded(loads map[string]*lake.Load) {
	maps.Copy(r.Loads, loads)
	r.state = nil
}
