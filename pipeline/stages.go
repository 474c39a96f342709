package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
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

// extract takes what suppliers have left in the inbox, or offer elsewhere.
func (r *runner) extract(ctx context.Context, counts map[string]int64) error {
	state := r.fold()
	largest, err := largestDelivery(r.MaxDelivery)
	if err != nil {
		return err
	}
	res, err := sources.Pull(ctx, sources.Options{
		DataDir: r.Data, Contracts: r.project.Contracts, Wait: r.Wait, Jitter: r.Jitter, Env: r.Env, MaxSize: largest, Now: r.Now(),
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
		r.note("%s: %s%s", inPlace(l.Dir, l.File), l.Reason, expected(l.Expected))
	}
	for _, l := range res.Repeated {
		r.note("%s: %s (%s)", l.File, l.Reason, l.ID)
		r.run.Repeated = append(r.run.Repeated, ledger.Repeated{Source: l.Source, Delivery: l.ID, File: pseudonym.Mask(l.File, r.Data)})
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, f := range res.Failed {
		failed = append(failed, fmt.Errorf("%s: %w", inPlace(f.Dir, f.File), f.Err))
		r.result.Missed = append(r.result.Missed, mart.Missed{
			Source: f.Source, Place: pseudonym.Mask(inPlace(f.Dir, f.File), r.Data), Why: pseudonym.MaskError(f.Err, r.Data).Error(),
		})
	}
	if len(failed) > 0 {
		r.note("%v", errors.Join(failed...))
		r.Log.Error().Err(pseudonym.MaskError(errors.Join(failed...), r.Data)).Msg("some files could not be taken in; they stay for the next run")
	}
	for _, l := range res.Landed {
		if err := r.landed(l.Source, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// landed takes a delivery that has landed into what is known.
func (r *runner) landed(source, id string) error {
	d, err := sources.ReadDelivery(r.Data, source, id)
	if err != nil {
		return err
	}
	r.state = nil
	r.wrote("landing", d.Original(r.Data))
	i, known := slices.BinarySearchFunc(r.deliveries, d, func(a, b sources.Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	if known {
		r.deliveries[i] = d
		return nil
	}
	r.deliveries = slices.Insert(r.deliveries, i, d)
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

func (r *runner) note(format string, args ...any) {
	text := pseudonym.Mask(fmt.Sprintf(format, args...), r.Data)
	r.run.Notes = append(r.run.Notes, text)
	r.Log.Warn().Msg(text)
}

// load loads what was not loaded yet, or by another contract.
func (r *runner) load(ctx context.Context, counts map[string]int64) error {
	var tasks []*parallel.Task
	var done atomic.Int64
	var mu sync.Mutex
	loaded := map[string]*lake.Load{}
	l := &lake.Loader{Data: r.Data, Work: r.work, Key: r.key, Settings: r.settings(), Spill: r.spill(), Accepted: r.accepted()}
	var err error
	if l.Settings.MemoryLimit, err = memoryShare(r.MemoryLimit, r.Threads); err != nil {
		return err
	}
	for _, d := range r.known() {
		c := r.project.Contract(d.Source)
		old := r.loads[lake.Key(d.Source, d.ID)]
		if old.Current(r.Data, c, r.key.Fingerprint()) && !old.Overtaken(d, l.Accepted) {
			continue
		}
		if _, err := os.Stat(d.Original(r.Data)); errors.Is(err, fs.ErrNotExist) {
			if old != nil && old.Whole(r.Data) {
				r.note("%s/%s: het contract is veranderd, maar het origineel is al verwijderd; de geladen rijen blijven gelden", d.Source, d.ID)
				continue
			}
			return fmt.Errorf("delivery %s/%s has neither its original nor a lake file; put one of them back from a backup", d.Source, d.ID)
		}
		tasks = append(tasks, &parallel.Task{Name: d.ID, Run: func(ctx context.Context, _ int) error {
			load, err := l.Load(ctx, c, d)
			if err != nil {
				return err
			}
			r.Log.Info().Str("source", d.Source).Str("delivery", d.ID).Str("file", d.Newest().File).Bool("accepted", load.Accepted).
				Int64("records", load.Balance.Records).Int64("geladen", load.Balance.Geladen).
				Int64("in_quarantaine", load.Balance.InQuarantaine).Int64("niet_data", load.Balance.NietData).Msg("loaded")
			r.wrote("lake", lake.Path(r.Data, d.Source, d.ID, ".parquet"), lake.Path(r.Data, d.Source, d.ID, ".json"))
			r.wrote("quarantine", lake.QuarantinePath(r.Data, d.Source, d.ID))
			mu.Lock()
			loaded[lake.Key(d.Source, d.ID)] = load
			mu.Unlock()
			r.progress("load", int(done.Add(1)), len(tasks))
			return nil
		}})
	}
	counts["loaded"] = int64(len(tasks))
	if err := parallel.Run(ctx, r.Threads, tasks); err != nil {
		return err
	}
	if len(loaded) == 0 {
		return nil
	}
	before := maps.Clone(r.loads)
	maps.Copy(r.loads, loaded)
	r.state = nil
	state := r.fold()
	for _, d := range r.known() {
		key := lake.Key(d.Source, d.ID)
		load := r.loads[key]
		if old := before[key]; old != nil && old.Fingerprint == load.Fingerprint {
			continue
		}
		s, _ := state.Standing(d.Source, d.ID)
		r.run.Loaded = append(r.run.Loaded, ledger.Loaded{
			Source: d.Source, Delivery: d.ID, File: d.Newest().File, Peildatum: d.Peildatum, Status: string(s.Status), Reasons: s.Reasons,
			Records: load.Balance.Records, Geladen: load.Balance.Geladen, InQuarantaine: load.Balance.InQuarantaine, NietData: load.Balance.NietData,
		})
	}
	return nil
}

// accepted are the deliveries that a person accepted, by loadKey.
func (r *runner) accepted() map[string]bool {
	accepted := map[string]bool{}
	for _, d := range r.decided() {
		if d.Kind == sources.Accept {
			accepted[lake.Key(d.Source, d.Delivery)] = true
		}
	}
	return accepted
}

// upToDate tells whether what is published is what this run would publish.
func (r *runner) upToDate() bool {
	state := r.fold()
	parts := []string{"inputs", fingerprint.Program, fingerprint.Engine, r.project.Fingerprint, r.key.Fingerprint(), fmt.Sprint(r.Intern, r.CSV), r.Group, r.InternGroup}
	for _, d := range r.known() {
		s, _ := state.Standing(d.Source, d.ID)
		n := d.Newest()
		parts = append(parts, d.Source, d.ID, string(s.Status), fmt.Sprint(s.Reasons), n.File, n.Modified.UTC().String(), r.loads[lake.Key(d.Source, d.ID)].Fingerprint)
	}
	r.inputs = fingerprint.Of(parts...)
	version, m, err := r.store.Current()
	if err != nil || version == "" || m.Inputs != r.inputs {
		return false
	}
	st, err := r.store.ReadStatus()
	if err != nil || st == nil || st.Version != version || (st.Outcome != mart.Published && st.Outcome != mart.NothingToDo) {
		return false
	}
	if _, err := os.Stat(filepath.Join(r.Data, "warehouse.duckdb")); err != nil {
		return false
	}
	return r.store.Complete(version, *m) == nil
}
