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
	return fmt.Sprintf(" (verwacht: %s)", *reasonText(patterns))
}

func (r *runner) note(format string, args ...any) {
	text := pseudonym.Mask(fmt.Sprintf(format, args...), r.Data)
	r.run.Notes = append(r.run.Notes, text)
	r.Log.Warn().Msg(text)
}

// load loads what was not loaded yet, or by another contract.
func (r *runner) load(ctx context.Context, counts map[string]int64) error {
	var tasks []*task
	var done atomic.Int64
	var mu sync.Mutex
	loaded := map[string]*Load{}
	l := &loader{data: r.Data, work: r.work, key: r.key, settings: r.settings(), spill: r.spill(), accepted: r.accepted()}
	var err error
	if l.settings.MemoryLimit, err = memoryShare(r.MemoryLimit, r.Threads); err != nil {
		return err
	}
	for _, d := range r.known() {
		c := r.project.Contract(d.Source)
		old := r.loads[loadKey(d.Source, d.ID)]
		if old.current(r.Data, c, r.key.Fingerprint()) && !old.overtaken(d, l.accepted) {
			continue
		}
		if _, err := os.Stat(d.Original(r.Data)); errors.Is(err, fs.ErrNotExist) {
			if old != nil && old.whole(r.Data) {
				r.note("%s/%s: het contract is veranderd, maar het origineel is al verwijderd; de geladen rijen blijven gelden", d.Source, d.ID)
				continue
			}
			return fmt.Errorf("delivery %s/%s has neither its original nor a lake file; put one of them back from a backup", d.Source, d.ID)
		}
		tasks = append(tasks, &task{name: d.ID, run: func(ctx context.Context, _ int) error {
			load, err := l.load(ctx, c, d)
			if err != nil {
				return err
			}
			r.Log.Info().Str("source", d.Source).Str("delivery", d.ID).Str("file", d.Newest().File).Bool("accepted", load.Accepted).
				Int64("records", load.Balance.Records).Int64("geladen", load.Balance.Geladen).
				Int64("in_quarantaine", load.Balance.InQuarantaine).Int64("niet_data", load.Balance.NietData).Msg("loaded")
			r.wrote("lake", lakePath(r.Data, d.Source, d.ID, ".parquet"), lakePath(r.Data, d.Source, d.ID, ".json"))
			r.wrote("quarantine", quarantinePath(r.Data, d.Source, d.ID))
			mu.Lock()
			loaded[loadKey(d.Source, d.ID)] = load
			mu.Unlock()
			r.progress("load", int(done.Add(1)), len(tasks))
			return nil
		}})
	}
	counts["loaded"] = int64(len(tasks))
	if err := runTasks(ctx, r.Threads, tasks); err != nil {
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
		key := loadKey(d.Source, d.ID)
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

// current tells whether a load is what this contract, key and loader make of the delivery, and whole.
func (l *Load) current(data string, c *sources.Contract, key string) bool {
	return l != nil && !l.Again && l.Contract == c.Fingerprint() && l.Key == key && l.Loader == loaderVersion && l.whole(data)
}

// overtaken tells whether a load is to be done again for what came after it: a person who set aside the
// limits for which it was refused, or another pakbon.
func (l *Load) overtaken(d sources.Delivery, accepted map[string]bool) bool {
	return !l.Accepted && l.Lenient && accepted[loadKey(l.Source, l.Delivery)] || l.Pakbon != d.Pakbon.Fingerprint()
}

// accepted are the deliveries that a person accepted, by loadKey.
func (r *runner) accepted() map[string]bool {
	accepted := map[string]bool{}
	for _, d := range r.decided() {
		if d.Kind == sources.Accept {
			accepted[loadKey(d.Source, d.Delivery)] = true
		}
	}
	return accepted
}

// whole tells whether the files of a load are there.
func (l *Load) whole(data string) bool {
	if l.Accepted {
		if _, err := os.Stat(lakePath(data, l.Source, l.Delivery, ".parquet")); err != nil {
			return false
		}
	}
	if l.Balance.InQuarantaine > 0 {
		if _, err := os.Stat(quarantinePath(data, l.Source, l.Delivery)); err != nil {
			return false
		}
	}
	return true
}

// upToDate tells whether what is published is what this run would publish.
func (r *runner) upToDate() bool {
	state := r.fold()
	parts := []string{"inputs", Program, engineVersion, r.project.Fingerprint, r.key.Fingerprint(), fmt.Sprint(r.Intern, r.CSV), r.Group, r.InternGroup}
	for _, d := range r.known() {
		s, _ := state.Standing(d.Source, d.ID)
		n := d.Newest()
		parts = append(parts, d.Source, d.ID, string(s.Status), fmt.Sprint(s.Reasons), n.File, n.Modified.UTC().String(), r.loads[loadKey(d.Source, d.ID)].Fingerprint)
	}
	r.inputs = digest(parts...)
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
