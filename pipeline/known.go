package pipeline

import (
	"sync"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/sources"
)

// readDeliveries reads what has landed, what was decided, and what became of it.
func (r *Book) readDeliveries() (err error) {
	if err := unlessRewriting(r.Path); err != nil {
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
func (r *Book) known() []sources.Delivery {
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
func (r *Book) fold() sources.State {
	if r.state != nil {
		return *r.state
	}
	accepted := r.accepted()
	state := sources.Fold(r.known(), r.decided(), func(d sources.Delivery) sources.Verdict {
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
func (r *Book) accepted() map[string]bool {
	accepted := map[string]bool{}
	for _, d := range r.decided() {
		if d.Kind == sources.Accept {
			accepted[lake.Key(d.Source, d.Delivery)] = true
		}
	}
	return accepted
}

// refusals are the deliveries that are refused now.
func (r *Book) refusals() []mart.Refusal {
	refused := []mart.Refusal{}
	state := r.fold()
	for _, d := range r.known() {
		if s, ok := state.Standing(d.Source, d.ID); ok && s.Status == sources.Geweigerd && r.Loads[lake.Key(d.Source, d.ID)] != nil {
			why := ""
			if text := lake.ReasonText(s.Reasons); text != nil {
				why = *text
			}
			refused = append(refused, mart.Refusal{Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: why})
		}
	}
	return refused
}
