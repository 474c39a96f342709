package intake

import (
	"cmp"
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

// retentionWho is recorded as who decided that a delivery expires.
const retentionWho = "retention.lake"

// Day is 24 hours.
const Day = 24 * time.Hour

// aged reports whether a delivery was last received at least so many days before a moment.
func aged(d delivery.Delivery, days int, now time.Time) bool {
	landed := d.Newest().Landed
	return !landed.IsZero() && !now.Before(landed.Add(time.Duration(days)*Day))
}

// deliveryList lists deliveries by source and peildatum.
func deliveryList(deliveries []delivery.Delivery) string {
	var names []string
	for _, d := range deliveries {
		names = append(names, d.Source+" "+d.Peildatum)
	}
	return pseudonym.Mask(strings.Join(slices.Compact(names), ", "))
}

// expired returns a function that reports whether a decision let a delivery expire. A delivery that was
// received again after the decision has not expired.
func (b *Book) expired() func(delivery.Delivery) bool {
	decided := map[string]int64{}
	for _, d := range b.Decisions {
		if d.Kind == delivery.Expire {
			key := lake.Key(d.Source, d.Delivery)
			decided[key] = max(decided[key], d.Sequence)
		}
	}
	return func(d delivery.Delivery) bool { return decided[keyOf(d)] > d.Newest().Sequence }
}

// expiring returns the deliveries that are to expire at a moment, in order: those older than retention.lake.
// It excludes the last delivery in force of each source, and deliveries that this or a newer peildatum still
// reads. A delivery without a contract stays: the project may be the wrong one.
func (b *Book) expiring(now time.Time) []delivery.Delivery {
	if b.Retain.Lake == 0 {
		return nil
	}
	state, expired := b.State(), b.expired()
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
		if b.load(d) != nil && b.Project.Contract(d.Source) != nil && !needed[keyOf(d)] && aged(d, b.Retain.Lake, now) && !expired(d) {
			out = append(out, d)
		}
	}
	return out
}

// lastRun returns when the last run began that came far enough to announce expiries, or the zero time.
func (b *Book) lastRun() (time.Time, error) {
	runs := ledger.Ledger{Dir: filepath.Join(b.Path, "runs")}
	last, err := runs.Latest(datadir.RecentRuns, func(run *ledger.Run) bool {
		return run.Finished != nil && run.Outcome != string(mart.Exported) && run.Outcome != string(mart.Computed) &&
			slices.ContainsFunc(run.Stages, func(s ledger.Stage) bool { return s.Name == "load" })
	})
	if last == nil {
		return time.Time{}, err
	}
	return last.Started, nil
}

// expiringNow returns the deliveries that expire in this run, which were already due when the previous run
// began, and those announced for the next run. This leaves people a night to object, and makes a clock that
// is wrong once harmless.
func (b *Book) expiringNow() (due, announced []delivery.Delivery, err error) {
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
	due = b.expiring(before)
	announced = slices.DeleteFunc(b.expiring(b.Now()), func(d delivery.Delivery) bool {
		return slices.ContainsFunc(due, func(g delivery.Delivery) bool { return keyOf(g) == keyOf(d) })
	})
	return due, announced, nil
}

// Expire removes deliveries older than retention.lake, and returns how many. It records a decision for each
// first, so that everything computed from then on leaves it out, and then removes the files. It notes files
// that it cannot remove; the next run tries again.
func (b *Book) Expire(j *datadir.Journal) (removed int, err error) {
	due, announced, err := b.expiringNow()
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		decision := delivery.Decision{
			Sequence: delivery.NextSequence(b.Deliveries, b.Decisions), Kind: delivery.Expire, Source: d.Source, Delivery: d.ID,
			Who: retentionWho, Reason: fmt.Sprintf("langer dan %d dagen geleden ontvangen", b.Retain.Lake), At: b.Now().UTC(),
		}
		if err := delivery.WriteDecision(b.Path, decision); err != nil {
			return 0, err
		}
		b.Decisions = append(b.Decisions, decision)
	}
	if len(due) > 0 {
		b.state = nil
		j.Note("na %d dagen gewist: %s", b.Retain.Lake, deliveryList(due))
	}
	if len(announced) > 0 {
		j.Note("langer dan %d dagen bewaard, de volgende run wist: %s", b.Retain.Lake, deliveryList(announced))
	}
	j.Checkpoint("expired")
	expired := b.expired()
	for _, d := range b.Deliveries {
		if expired(d) {
			if b.removeFiles(j, d) {
				removed++
			}
			delete(b.Loads, keyOf(d))
		}
	}
	return removed, nil
}

// removeFiles removes everything stored of a delivery except its receipts. It reports whether there was
// anything to remove.
func (b *Book) removeFiles(j *datadir.Journal, d delivery.Delivery) (removed bool) {
	for _, path := range append(b.loadFiles(d), d.Original(b.Path)) {
		switch err := os.Remove(path); {
		case err == nil:
			removed = true
		case !errors.Is(err, fs.ErrNotExist):
			j.Note("%s/%s: wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	return removed
}

// loadFiles returns the files of the load of a delivery, the load record first: without it, the rest counts
// as an incomplete load.
func (b *Book) loadFiles(d delivery.Delivery) []string {
	return []string{lake.Path(b.Path, d.Source, d.ID, ".json"), lake.Path(b.Path, d.Source, d.ID, ".parquet"), lake.QuarantinePath(b.Path, d.Source, d.ID)}
}

// PlanExpiry returns notes on what the next two runs would remove, and lets what the next run removes expire
// in the book.
func (b *Book) PlanExpiry() (notes []string, err error) {
	due, announced, err := b.expiringNow()
	if len(announced) > 0 {
		notes = append(notes, fmt.Sprintf("older than retention.lake (%d days); the run after the next removes it permanently: %s", b.Retain.Lake, deliveryList(announced)))
	}
	if len(due) == 0 {
		return notes, err
	}
	notes = append(notes, fmt.Sprintf("older than retention.lake (%d days); the next run permanently removes it with all its rows and figures: %s", b.Retain.Lake, deliveryList(due)))
	for _, d := range due {
		b.Decisions = append(slices.Clip(b.Decisions), delivery.Decision{Sequence: delivery.NextSequence(b.Deliveries, b.Decisions), Kind: delivery.Expire, Source: d.Source, Delivery: d.ID})
	}
	b.state = nil
	return notes, nil
}

// RetainLanding is the default of Retention.Landing, in days.
const RetainLanding = 30

// RemoveOriginals removes originals past their retention, and with them the only stored BSNs. It returns how
// many. It leaves originals that still have to be loaded. It notes files that it cannot remove; the check
// on retention finds them.
func (b *Book) RemoveOriginals(j *datadir.Journal) (removed int) {
	for _, d := range b.Deliveries {
		if !aged(d, cmp.Or(b.Retain.Landing, RetainLanding), b.Now()) || !b.Settled(d) {
			continue
		}
		switch err := os.Remove(d.Original(b.Path)); {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist):
			j.Note("%s/%s: het bestand wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	if removed > 0 {
		b.Log.Info().Int("originals", removed).Msg("removed at the end of their retention")
	}
	return removed
}

// Settled reports whether a delivery is loaded, and by the present contract if there is one.
func (b *Book) Settled(d delivery.Delivery) bool {
	load := b.load(d)
	if c := b.Project.Contract(d.Source); c != nil {
		return load.Current(b.Path, c, b.Key.Fingerprint())
	}
	return load.Complete(b.Path)
}
