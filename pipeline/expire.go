package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources"
)

// retentionWho takes the decisions that let deliveries go.
const retentionWho = "retention.lake"

const day = 24 * time.Hour

// aged tells whether a delivery was received last so many days before a moment, or longer.
func aged(d sources.Delivery, days int, now time.Time) bool {
	landed := d.Newest().Landed
	return !landed.IsZero() && !now.Before(landed.Add(time.Duration(days)*day))
}

// gone are the deliveries that retention let go, by loadKey, with the sequence of that decision. One that
// is received again after it counts again.
func (r *runner) gone() map[string]int64 {
	gone := map[string]int64{}
	for _, d := range r.decisions {
		if d.Kind == sources.Expire {
			key := lake.Key(d.Source, d.Delivery)
			gone[key] = max(gone[key], d.Sequence)
		}
	}
	return gone
}

// expiring are the deliveries that are to go at a moment, in order: those older than retention.lake, but for the
// last in force of each source, and those that a younger date, or such a last one, is made of. Without
// a contract nobody can tell what is in force, and nothing goes: the project may be another by mistake.
func (r *runner) expiring(now time.Time) []sources.Delivery {
	if r.RetainLake == 0 {
		return nil
	}
	state, gone := r.fold(), r.gone()
	dates := map[string]bool{}
	for _, s := range state.Sources() {
		peildata := state.Peildata(s)
		for i, p := range peildata {
			if d, ok := state.InForce(s, p); ok && (i == len(peildata)-1 || !aged(d, r.RetainLake, now)) {
				dates[p] = true
			}
		}
	}
	needed := map[string]bool{}
	for p := range dates {
		for _, s := range state.Sources() {
			if d, ok := state.InForceOn(s, p); ok {
				needed[lake.Key(s, d.ID)] = true
			}
		}
	}
	var out []sources.Delivery
	for _, d := range r.deliveries {
		key := lake.Key(d.Source, d.ID)
		if _, let := gone[key]; r.loads[key] != nil && r.project.Contract(d.Source) != nil && !needed[key] && aged(d, r.RetainLake, now) && (!let || gone[key] < d.Newest().Sequence) {
			out = append(out, d)
		}
	}
	return out
}

// lastRun is when the run before this one began that came far enough to announce, the zero time when the
// ledger knows none.
func (r *runner) lastRun() (time.Time, error) {
	book := ledger.Ledger{Dir: filepath.Join(r.Data, "runs")}
	last, err := book.Latest(recentRuns, func(run *ledger.Run) bool {
		return run.Finished != nil && run.Outcome != string(Exported) && run.Outcome != string(Computed) &&
			slices.ContainsFunc(run.Stages, func(s ledger.Stage) bool { return s.Name == "load" })
	})
	if last == nil {
		return time.Time{}, err
	}
	return last.Started, nil
}

// letting are the deliveries that a run lets go now: those that were to go when the run before it began.
// Announced are those for the next run. So a person has a night to object, and a clock that is wrong
// once costs nothing.
func (r *runner) letting() (going, announced []sources.Delivery, err error) {
	if r.RetainLake == 0 {
		return nil, nil, nil
	}
	before, err := r.lastRun()
	if err != nil {
		return nil, nil, err
	}
	if before.After(r.Now()) {
		before = r.Now()
	}
	going = r.expiring(before)
	announced = slices.DeleteFunc(r.expiring(r.Now()), func(d sources.Delivery) bool {
		return slices.ContainsFunc(going, func(g sources.Delivery) bool { return g.Source == d.Source && g.ID == d.ID })
	})
	return going, announced, nil
}

// expire lets go of what is older than retention.lake: a decision for each delivery first, so that what
// is computed from then on follows from what is kept, and then its files. What cannot be removed is noted,
// and tried again by the next run.
func (r *runner) expire() error {
	going, announced, err := r.letting()
	if err != nil {
		return err
	}
	for _, d := range going {
		decision := sources.Decision{
			Sequence: sources.NextSequence(r.deliveries, r.decisions), Kind: sources.Expire, Source: d.Source, Delivery: d.ID,
			Who: retentionWho, Reason: fmt.Sprintf("langer dan %d dagen geleden ontvangen", r.RetainLake), At: r.Now().UTC(),
		}
		if err := sources.WriteDecision(r.Data, decision); err != nil {
			return err
		}
		r.decisions = append(r.decisions, decision)
	}
	if len(going) > 0 {
		r.state = nil
		r.note("na %d dagen gewist: %s", r.RetainLake, deliveryList(going))
	}
	if len(announced) > 0 {
		r.note("langer dan %d dagen bewaard, de volgende run wist: %s", r.RetainLake, deliveryList(announced))
	}
	r.at("expired")
	for i, gone := 0, r.gone(); i < len(r.deliveries) && len(gone) > 0; i++ {
		d := r.deliveries[i]
		if sequence, let := gone[lake.Key(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			if r.discard(d) {
				r.discarded++
			}
			delete(r.loads, lake.Key(d.Source, d.ID))
		}
	}
	return nil
}

// discard removes all that is kept of a delivery but its receipts, and tells whether there was anything.
func (r *runner) discard(d sources.Delivery) bool {
	there := false
	for _, path := range r.filesOf(d) {
		switch err := os.Remove(path); {
		case err == nil:
			there = true
		case !errors.Is(err, fs.ErrNotExist):
			r.note("%s/%s: wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	return there
}

// filesOf are the files of a delivery, in the order in which they go: what was counted first, for without
// it the rows belong to no load.
func (r *runner) filesOf(d sources.Delivery) []string {
	return []string{
		lake.Path(r.Data, d.Source, d.ID, ".json"), lake.Path(r.Data, d.Source, d.ID, ".parquet"), lake.QuarantinePath(r.Data, d.Source, d.ID), d.Original(r.Data),
	}
}

// planExpiring says what the next run lets go, and the run after that, and leaves the first out of what
// the plan computes.
func (r *runner) planExpiring(plan *Plan) error {
	going, announced, err := r.letting()
	if len(announced) > 0 {
		plan.Notes = append(plan.Notes, fmt.Sprintf("older than retention.lake (%d days), and removed for good by the run after the next: %s", r.RetainLake, deliveryList(announced)))
	}
	if len(going) == 0 {
		return err
	}
	plan.Notes = append(plan.Notes, fmt.Sprintf("older than retention.lake (%d days), and removed for good, with all rows and figures of it: %s", r.RetainLake, deliveryList(going)))
	for _, d := range going {
		r.decisions = append(slices.Clip(r.decisions), sources.Decision{Sequence: sources.NextSequence(r.deliveries, r.decisions), Kind: sources.Expire, Source: d.Source, Delivery: d.ID})
	}
	r.state = nil
	return nil
}

// deliveryList names deliveries by source and peildatum.
func deliveryList(deliveries []sources.Delivery) string {
	var names []string
	for _, d := range deliveries {
		names = append(names, d.Source+" "+d.Peildatum)
	}
	return pseudonym.Mask(strings.Join(slices.Compact(names), ", "))
}
