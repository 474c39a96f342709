package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
	"inbeeld/sources/pull"
)

// inPlace joins the name of a file to its folder or URL.
func inPlace(dir, file string) string {
	if file == "" {
		return dir
	}
	return dir + "/" + file
}

// Pull takes in the files that suppliers offer, in the inbox or elsewhere. It returns the files it could not
// take in.
func (b *Book) Pull(ctx context.Context, j *datadir.Journal, maxDelivery string, counts map[string]int64) (missed []mart.Missed, err error) {
	state := b.State()
	largest, err := datadir.LargestDelivery(maxDelivery)
	if err != nil {
		return nil, err
	}
	res, err := pull.Pull(ctx, pull.Options{
		Dialer:    place.Dialer{DataDir: b.Path, Wait: b.Wait, Jitter: b.Jitter, Env: b.Env, Now: b.Now()},
		Contracts: b.Project.Contracts, MaxSize: largest,
		InForce: func(source, peildatum string) (string, bool) {
			d, ok := state.InForce(source, peildatum)
			return d.ID, ok
		},
		Accepted: func(source, id string) bool {
			s, _ := state.Standing(source, id)
			return s.Status == delivery.Aanvaard || s.Status == delivery.Vervangen
		},
		Profiler: func() pull.Profiler { return &records.Profiler{} },
	})
	counts["landed"], counts["repeated"] = int64(len(res.Landed)), int64(len(res.Repeated))
	counts["left"] = int64(len(res.Growing) + len(res.Unrecognised) + len(res.Failed))
	for _, l := range append(res.Growing, res.Unrecognised...) {
		expected := ""
		if len(l.Expected) > 0 {
			expected = " (verwacht: " + strings.Join(l.Expected, "; ") + ")"
		}
		j.Note("%s: %s%s", inPlace(l.Dir, l.File), l.Reason, expected)
	}
	for _, l := range res.Repeated {
		j.Note("%s: %s (%s)", l.File, l.Reason, l.ID)
		j.Run.Repeated = append(j.Run.Repeated, ledger.Repeated{Source: l.Source, Delivery: l.ID, File: pseudonym.Mask(l.File, b.Path)})
	}
	if err != nil {
		return missed, err
	}
	var failed []error
	for _, f := range res.Failed {
		failed = append(failed, fmt.Errorf("%s: %w", inPlace(f.Dir, f.File), f.Err))
		missed = append(missed, mart.Missed{
			Source: f.Source, Place: pseudonym.Mask(inPlace(f.Dir, f.File), b.Path), Why: pseudonym.MaskError(f.Err, b.Path).Error(),
		})
	}
	if err := errors.Join(failed...); err != nil {
		j.Note("%v", err)
		b.Log.Error().Err(pseudonym.MaskError(err, b.Path)).Msg("some files could not be taken in; the next run tries again")
	}
	for _, l := range res.Landed {
		if err := b.addLanded(j, l.Source, l.ID); err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// addLanded adds a delivery that has landed to the book.
func (b *Book) addLanded(j *datadir.Journal, source, id string) error {
	d, err := delivery.ReadDelivery(b.Path, source, id)
	if err != nil {
		return err
	}
	b.state = nil
	j.Wrote("landing", d.Original(b.Path))
	i, known := slices.BinarySearchFunc(b.Deliveries, d, func(x, y delivery.Delivery) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.ID, y.ID))
	})
	if known {
		b.Deliveries[i] = d
	} else {
		b.Deliveries = slices.Insert(b.Deliveries, i, d)
	}
	return nil
}
