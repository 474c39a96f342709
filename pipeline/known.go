package pipeline

import (
	"sync"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources"
)

// readDeliveries reads what has landed, what was decided, and what became of it.
func (r *runner) readDeliveries() (err error) {
	if err := unlessRewriting(r.Data); err != nil {
		return err
	}
	if r.deliveries, err = sources.ReadDeliveries(r.Data); err != nil {
		return err
	}
	if r.decisions, err = sources.ReadDecisions(r.Data); err != nil {
		return err
	}
	r.state = nil
	loads, faults := make([]*lake.Load, len(r.deliveries)), make([]error, len(r.deliveries))
	var readers sync.WaitGroup
	for first := range readersAtOnce {
		readers.Go(func() {
			for i := first; i < len(loads); i += readersAtOnce {
				loads[i], faults[i] = lake.Read(r.Data, r.deliveries[i].Source, r.deliveries[i].ID)
			}
		})
	}
	readers.Wait()
	r.loads = map[string]*lake.Load{}
	for i, d := range r.deliveries {
		if faults[i] != nil {
			return faults[i]
		}
		if loads[i] != nil {
			r.loads[lake.Key(d.Source, d.ID)] = loads[i]
		}
	}
	return nil
}

// readersAtOnce is how many small files are read side by side.
const readersAtOnce = 4

// known are the deliveries of sources that the project has a contract for.
func (r *runner) known() []sources.Delivery {
	var known []sources.Delivery
	gone := r.gone()
	for _, d := range r.deliveries {
		if sequence, let := gone[lake.Key(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			continue
		}
		if d, ok := r.restrict(d); ok && r.project.Contract(d.Source) != nil {
			known = append(known, d)
		}
	}
	return known
}

// fold is what is in force of all that is known. Whoever changes what is known clears state.
func (r *runner) fold() sources.State {
	if r.state != nil {
		return *r.state
	}
	accepted := r.accepted()
	state := sources.Fold(r.known(), r.decided(), func(d sources.Delivery) sources.Verdict {
		l := r.loads[lake.Key(d.Source, d.ID)]
		if l == nil {
			return sources.Verdict{Reasons: []string{"nog niet geladen"}}
		}
		inSpite := l.Lenient && !accepted[lake.Key(d.Source, d.ID)] // of a decision that does not count for this run
		return sources.Verdict{Accepted: l.Accepted && !inSpite, Reasons: l.Reasons}
	})
	r.state = &state
	return state
}
