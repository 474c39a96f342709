package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources"
)

// profiler lets the pull look at the text of a delivery while it lands.
type profiler struct{ records.Profiler }

func (p *profiler) JSON() json.RawMessage {
	text, err := json.Marshal(p.Profile())
	if err != nil {
		panic("a profile is plain JSON: " + err.Error())
	}
	return text
}

// pull takes in what suppliers have left in the inbox, or offer elsewhere.
func (r *Book) pull(ctx context.Context, j *Journal, maxDelivery string, counts map[string]int64) (missed []mart.Missed, err error) {
	state := r.fold()
	largest, err := largestDelivery(maxDelivery)
	if err != nil {
		return nil, err
	}
	res, err := sources.Pull(ctx, sources.Options{
		DataDir: r.Path, Contracts: r.Project.Contracts, Wait: r.Wait, Jitter: r.Jitter, Env: r.Env, MaxSize: largest, Now: r.Now(),
		InForce: func(source, peildatum string) (string, bool) {
			d, ok := state.InForce(source, peildatum)
			return d.ID, ok
		},
		Accepted: func(source, id string) bool {
			s, _ := state.Standing(source, id)
			return s.Status == sources.Aanvaard || s.Status == sources.Vervangen
		},
		Profiler: func() sources.Profiler { return &profiler{} },
	})
	counts["landed"], counts["repeated"] = int64(len(res.Landed)), int64(len(res.Repeated))
	counts["left"] = int64(len(res.Growing) + len(res.Unrecognised) + len(res.Failed))
	for _, l := range append(res.Growing, res.Unrecognised...) {
		j.note("%s: %s%s", inPlace(l.Dir, l.File), l.Reason, expected(l.Expected))
	}
	for _, l := range res.Repeated {
		j.note("%s: %s (%s)", l.File, l.Reason, l.ID)
		j.Run.Repeated = append(j.Run.Repeated, ledger.Repeated{Source: l.Source, Delivery: l.ID, File: pseudonym.Mask(l.File, r.Path)})
	}
	if err != nil {
		return missed, err
	}
	var failed []error
	for _, f := range res.Failed {
		failed = append(failed, fmt.Errorf("%s: %w", inPlace(f.Dir, f.File), f.Err))
		missed = append(missed, mart.Missed{
			Source: f.Source, Place: pseudonym.Mask(inPlace(f.Dir, f.File), r.Path), Why: pseudonym.MaskError(f.Err, r.Path).Error(),
		})
	}
	if len(failed) > 0 {
		j.note("%v", errors.Join(failed...))
		r.Log.Error().Err(pseudonym.MaskError(errors.Join(failed...), r.Path)).Msg("some files could not be taken in; they stay for the next run")
	}
	for _, l := range res.Landed {
		if err := r.landed(j, l.Source, l.ID); err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// landed takes a delivery that has landed into what is known.
func (r *Book) landed(j *Journal, source, id string) error {
	d, err := sources.ReadDelivery(r.Path, source, id)
	if err != nil {
		return err
	}
	r.state = nil
	j.wrote("landing", d.Original(r.Path))
	i, known := slices.BinarySearchFunc(r.Deliveries, d, func(a, b sources.Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	if known {
		r.Deliveries[i] = d
		return nil
	}
	r.Deliveries = slices.Insert(r.Deliveries, i, d)
	return nil
}

// inPlace names a file at a place, which may be a URL.
func inPlace(dir, file string) string {
	if file == "" {
		return dir
	}
	return dir + "/" + file
}

func expected(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	return fmt.Sprintf(" (verwacht: %s)", *lake.ReasonText(patterns))
}
