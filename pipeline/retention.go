package pipeline

import (
	"cmp"
	"errors"
	"io/fs"
	"os"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources"
)

// retainLanding is how many days originals stay when nothing else is set.
const retainLanding = 30

// retire removes the originals that have been here long enough, and with them the only BSNs that are
// kept. What was loaded from them, or why they were refused, stays: so one that could still be loaded
// otherwise is never removed.
// What cannot be removed is noted: the check on what stays too long finds it.
func (r *Book) retire(j *Journal) (retired int) {
	for _, d := range r.Deliveries {
		if !aged(d, cmp.Or(r.Retain.Landing, retainLanding), r.Now()) || !r.settled(d) {
			continue
		}
		switch err := os.Remove(d.Original(r.Path)); {
		case err == nil:
			retired++
		case !errors.Is(err, fs.ErrNotExist):
			j.note("%s/%s: het bestand wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	if retired > 0 {
		r.Log.Info().Int("originals", retired).Msg("removed after their retention")
	}
	return retired
}

// settled tells whether a delivery was loaded, by the contract of today when there is one.
func (r *Book) settled(d sources.Delivery) bool {
	load := r.Loads[lake.Key(d.Source, d.ID)]
	if c := r.Project.Contract(d.Source); c != nil {
		return load.Current(r.Path, c, r.Key.Fingerprint())
	}
	return load != nil && load.Whole(r.Path)
}
