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
func (r *runner) retire() {
	for _, d := range r.deliveries {
		if !aged(d, cmp.Or(r.RetainLanding, retainLanding), r.Now()) || !r.settled(d) {
			continue
		}
		switch err := os.Remove(d.Original(r.Data)); {
		case err == nil:
			r.retired++
		case !errors.Is(err, fs.ErrNotExist):
			r.note("%s/%s: het bestand wissen lukt niet, de volgende run probeert het weer: %v", d.Source, d.ID, err)
		}
	}
	if r.retired > 0 {
		r.Log.Info().Int("originals", r.retired).Msg("removed after their retention")
	}
}

// settled tells whether a delivery was loaded, by the contract of today when there is one.
func (r *runner) settled(d sources.Delivery) bool {
	load := r.loads[lake.Key(d.Source, d.ID)]
	if c := r.project.Contract(d.Source); c != nil {
		return load.Current(r.Data, c, r.key.Fingerprint())
	}
	return load != nil && load.Whole(r.Data)
}
