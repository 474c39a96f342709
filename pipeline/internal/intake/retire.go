package intake

import (
	"cmp"
	"errors"
	"io/fs"
	"os"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/delivery"
)

// RetainLanding is how many days originals stay when nothing else is set.
const RetainLanding = 30

// Retire removes the originals that have been here long enough, and with them the only BSNs that are
// kept. What was loaded from them, or why they were refused, stays: so one that could still be loaded
// otherwise is never removed.
// What cannot be removed is noted: the check on what stays too long finds it.
func (b *Book) Retire(j *datadir.Journal) (retired int) {
	for _, d := range b.Deliveries {
		if !aged(d, cmp.Or(b.Retain.Landing, RetainLanding), b.Now()) || !b.Settled(d) {
			continue
		}
		switch err := os.Remove(d.Original(b.Path)); {
		case err == nil:
			retired++
		case !errors.Is(err, fs.ErrNotExist):
			j.Note("%s/%s: het bestand wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	if retired > 0 {
		b.Log.Info().Int("originals", retired).Msg("removed after their retention")
	}
	return retired
}

// Settled tells whether a delivery was loaded, by the contract of today when there is one.
func (b *Book) Settled(d delivery.Delivery) bool {
	load := b.Loads[lake.Key(d.Source, d.ID)]
	if c := b.Project.Contract(d.Source); c != nil {
		return load.Current(b.Path, c, b.Key.Fingerprint())
	}
	return load != nil && load.Complete(b.Path)
}
