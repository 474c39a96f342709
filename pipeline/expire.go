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
func (r *Book) gone() map[string]int64 {
	gone := map[string]int64{}
	for _, d := range r.Decisions {
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
func (r *Book) expiring(now time.Time) []sources.Delivery {
	if r.Retain.Lake == 0 {
		return nil
	}
	state, gone := r.fold(), r.gone()
	dates := map[string]bool{}
	for _, s := range state.Sources() {
		peildata := state.Peildata(s)
		for i, p := range peildata {
			if d, ok := state.InForce(s, p); ok && (i == len(peildata)-1 || !aged(d, r.Retain.Lake, now)) {
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
	for _, d := range r.Deliveries {
		key := lake.Key(d.Source, d.ID)
		if _, let := gone[key]; r.Loads[key] != nil && r.Project.Contract(d.Source) != nil && !needed[key] && aged(d, r.Retain.Lake, now) && (!let || gone[key] < d.Newest().Sequence) {
			out = append(out, d)
		}
	}
	return out
}

// lastRun is when the run before this one began that came far enough to announce, the zero time when the
// ledger knows none.
func (r *Book) lastRun() (time.Time, error) {
	book := ledger.Ledger{Dir: filepath.Join(r.Path, "runs")}
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
func (r *Book) letting() (going, announced []sources.Delivery, err error) {
	if r.Retain.Lake == 0 {
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
func (r *Book) expire(j *Journal) (discarded int, err error) {
	going, announced, err := r.letting()
	if err != nil {
		return 0, err
	}
	for _, d := range going {
		decision := sources.Decision{
			Sequence: sources.NextSequence(r.Deliveries, r.Decisions), Kind: sources.Expire, Source: d.Source, Delivery: d.ID,
			Who: retentionWho, Reason: fmt.Sprintf("langer dan %d dagen geleden ontvangen", r.Retain.Lake), At: r.Now().UTC(),
		}
		if err := sources.WriteDecision(r.Path, decision); err != nil {
			return 0, err
		}
		r.Decisions = append(r.Decisions, decision)
	}
	if len(going) > 0 {
		r.state = nil
		j.note("na %d dagen gewist: %s", r.Retain.Lake, deliveryList(going))
	}
	if len(announced) > 0 {
		j.note("langer dan %d dagen bewaard, de volgende run wist: %s", r.Retain.Lake, deliveryList(announced))
	}
	j.at("expired")
	for i, gone := 0, r.gone(); i < len(r.Deliveries) && len(gone) > 0; i++ {
		d := r.Deliveries[i]
		if sequence, let := gone[lake.Key(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			if r.discard(j, d) {
				discarded++
			}
			delete(r.Loads, lake.Key(d.Source, d.ID))
		}
	}
	return discarded, nil
}

// discard removes all that is kept of a delivery but its receipts, and tells whether there was anything.
func (r *Book) discard(j *Journal, d sources.Delivery) bool {
	there := false
	for _, path := range r.filesOf(d) {
		switch err := os.Remove(path); {
		case err == nil:
			there = true
		case !errors.Is(err, fs.ErrNotExist):
			j.note("%s/%s: wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	return there
}

// filesOf are the files of a delivery, in the order in which they go: what was counted first, for without
// it the rows belong to no load.
func (r *Book) filesOf(d sources.Delivery) []string {
	return []string{
		lake.Path(r.Path, d.Source, d.ID, ".json"), lake.Path(r.Path, d.Source, d.ID, ".parquet"), lake.QuarantinePath(r.Path, d.Source, d.ID), d.Original(r.Path),
	}
}

// expectExpiry says what the next run removes, and the run after that, and takes the first out of what is
// known.
func (r *Book) expectExpiry() (notes []string, err error) {
	going, announced, err := r.letting()
	if len(announced) > 0 {
		notes = append(notes, fmt.Sprintf("older than retention.lake (%d days), and removed for good by the run after the next: %s", r.Retain.Lake, deliveryList(announced)))
	}
	if len(going) == 0 {
		return notes, err
	}
	notes = append(notes, fmt.Sprintf("older than retention.lake (%d days), and removed for good, with all rows and figures of it: %s", r.Retain.Lake, deliveryList(going)))
	for _, d := range going {
		r.Decisions = append(slices.Clip(r.Decisions), sources.Decision{Sequence: sources.NextSequence(r.Deliveries, r.Decisions), Kind: sources.Expire, Source: d.Source, Delivery: d.ID})
	}
	r.state = nil
	return notes, nil
}

// deliveryList names deliveries by source and peildatum.
func deliveryList(deliveries []sources.Delivery) string {
	var names []string
	for _, d := range deliveries {
		names = append(names, d.Source+" "+d.Peildatum)
	}
	return pseudonym.Mask(strings.Join(slices.Compact(names), ", "))
}
