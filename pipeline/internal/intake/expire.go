package intake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources/delivery"
)

// retentionWho takes the decisions that let deliveries go.
const retentionWho = "retention.lake"

const Day = 24 * time.Hour

// aged tells whether a delivery was received last so many days before a moment, or longer.
func aged(d delivery.Delivery, days int, now time.Time) bool {
	landed := d.Newest().Landed
	return !landed.IsZero() && !now.Before(landed.Add(time.Duration(days)*Day))
}

// deliveryList names deliveries by source and peildatum.
func deliveryList(deliveries []delivery.Delivery) string {
	var names []string
	for _, d := range deliveries {
		names = append(names, d.Source+" "+d.Peildatum)
	}
	return pseudonym.Mask(strings.Join(slices.Compact(names), ", "))
}

// gone are the deliveries that retention let go, by loadKey, with the sequence of that decision. One that
// is received again after it counts again.
func (b *Book) expired() map[string]int64 {
	gone := map[string]int64{}
	for _, d := range b.Decisions {
		if d.Kind == delivery.Expire {
			key := lake.Key(d.Source, d.Delivery)
			gone[key] = max(gone[key], d.Sequence)
		}
	}
	return gone
}

// expiring are the deliveries that are to go at a moment, in order: those older than retention.lake, but for the
// last in force of each source, and those that a younger date, or such a last one, is made of. Without
// a contract nobody can tell what is in force, and nothing goes: the project may be another by mistake.
func (b *Book) expiring(now time.Time) []delivery.Delivery {
	if b.Retain.Lake == 0 {
		return nil
	}
	state, gone := b.State(), b.expired()
	dates := map[string]bool{}
	for _, s := range state.Sources() {
		peildata := state.Peildata(s)
		for i, p := range peildata {
			if d, ok := state.InForce(s, p); ok && (i == len(peildata)-1 || !aged(d, b.Retain.Lake, now)) {
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
	var out []delivery.Delivery
	for _, d := range b.Deliveries {
		key := lake.Key(d.Source, d.ID)
		if _, let := gone[key]; b.Loads[key] != nil && b.Project.Contract(d.Source) != nil && !needed[key] && aged(d, b.Retain.Lake, now) && (!let || gone[key] < d.Newest().Sequence) {
			out = append(out, d)
		}
	}
	return out
}

// lastRun is when the run before this one began that came far enough to announce, the zero time when the
// ledger knows none.
func (b *Book) lastRun() (time.Time, error) {
	book := ledger.Ledger{Dir: filepath.Join(b.Path, "runs")}
	last, err := book.Latest(datadir.RecentRuns, func(run *ledger.Run) bool {
		return run.Finished != nil && run.Outcome != string(mart.Exported) && run.Outcome != string(mart.Computed) &&
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
func (b *Book) expiringNow() (going, announced []delivery.Delivery, err error) {
	if b.Retain.Lake == 0 {
		return nil, nil, nil
	}
	before, err := b.lastRun()
	if err != nil {
		return nil, nil, err
	}
	if before.After(b.Now()) {
		before = b.Now()
	}
	going = b.expiring(before)
	announced = slices.DeleteFunc(b.expiring(b.Now()), func(d delivery.Delivery) bool {
		return slices.ContainsFunc(going, func(g delivery.Delivery) bool { return g.Source == d.Source && g.ID == d.ID })
	})
	return going, announced, nil
}

// Expire lets go of what is older than retention.lake: a decision for each delivery first, so that what
// is computed from then on follows from what is kept, and then its files. What cannot be removed is noted,
// and tried again by the next run.
func (b *Book) Expire(j *datadir.Journal) (discarded int, err error) {
	going, announced, err := b.expiringNow()
	if err != nil {
		return 0, err
	}
	for _, d := range going {
		decision := delivery.Decision{
			Sequence: delivery.NextSequence(b.Deliveries, b.Decisions), Kind: delivery.Expire, Source: d.Source, Delivery: d.ID,
			Who: retentionWho, Reason: fmt.Sprintf("langer dan %d dagen geleden ontvangen", b.Retain.Lake), At: b.Now().UTC(),
		}
		if err := delivery.WriteDecision(b.Path, decision); err != nil {
			return 0, err
		}
		b.Decisions = append(b.Decisions, decision)
	}
	if len(going) > 0 {
		b.state = nil
		j.Note("na %d dagen gewist: %s", b.Retain.Lake, deliveryList(going))
	}
	if len(announced) > 0 {
		j.Note("langer dan %d dagen bewaard, de volgende run wist: %s", b.Retain.Lake, deliveryList(announced))
	}
	j.Checkpoint("expired")
	for i, gone := 0, b.expired(); i < len(b.Deliveries) && len(gone) > 0; i++ {
		d := b.Deliveries[i]
		if sequence, let := gone[lake.Key(d.Source, d.ID)]; let && sequence > d.Newest().Sequence {
			if b.discard(j, d) {
				discarded++
			}
			delete(b.Loads, lake.Key(d.Source, d.ID))
		}
	}
	return discarded, nil
}

// discard removes all that is kept of a delivery but its receipts, and tells whether there was anything.
func (b *Book) discard(j *datadir.Journal, d delivery.Delivery) bool {
	there := false
	for _, path := range b.filesOf(d) {
		switch err := os.Remove(path); {
		case err == nil:
			there = true
		case !errors.Is(err, fs.ErrNotExist):
			j.Note("%s/%s: wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	return there
}

// filesOf are the files of a delivery, in the order in which they go: what was counted first, for without
// it the rows belong to no load.
func (b *Book) filesOf(d delivery.Delivery) []string {
	return []string{
		lake.Path(b.Path, d.Source, d.ID, ".json"), lake.Path(b.Path, d.Source, d.ID, ".parquet"), lake.QuarantinePath(b.Path, d.Source, d.ID), d.Original(b.Path),
	}
}

// ExpectExpiry says what the next run removes, and the run after that, and takes the first out of what is
// known.
func (b *Book) ExpectExpiry() (notes []string, err error) {
	going, announced, err := b.expiringNow()
	if len(announced) > 0 {
		notes = append(notes, fmt.Sprintf("older than retention.lake (%d days), and removed for good by the run after the next: %s", b.Retain.Lake, deliveryList(announced)))
	}
	if len(going) == 0 {
		return notes, err
	}
	notes = append(notes, fmt.Sprintf("older than retention.lake (%d days), and removed for good, with all rows and figures of it: %s", b.Retain.Lake, deliveryList(going)))
	for _, d := range going {
		b.Decisions = append(slices.Clip(b.Decisions), delivery.Decision{Sequence: delivery.NextSequence(b.Deliveries, b.Decisions), Kind: delivery.Expire, Source: d.Source, Delivery: d.ID})
	}
	b.state = nil
	return notes, nil
}
