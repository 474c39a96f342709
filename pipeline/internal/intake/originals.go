package intake

import (
	"cmp"
	"errors"
	"io/fs"
	"os"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/sources/delivery"
)

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
	return load != nil && load.Complete(b.Path)
}
