package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
)

// extract lands the files in the inbox and at other places.
func (n *night) extract(ctx context.Context, counts map[string]int64) (outcome mart.Outcome, err error) {
	if n.opt.outside() != "" {
		return "", nil
	}
	n.result.Missed, err = n.Pull(ctx, n.Journal, n.opt.MaxDelivery, counts)
	return "", err
}

// load loads each delivery that has no load by the contract, key and loader of today.
func (n *night) load(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	var tasks []*parallel.Task
	var done atomic.Int64
	var mu sync.Mutex
	loaded := map[string]*lake.Load{}
	l := &lake.Loader{Data: n.Path, Work: n.Work, Key: n.Key, Settings: n.settings(), Spill: n.SpillDir(), Accepted: n.Accepted()}
	var err error
	if l.Settings.MemoryLimit, err = datadir.MemoryShare(n.MemoryLimit, n.Threads); err != nil {
		return "", err
	}
	for _, d := range n.InScope() {
		c := n.Project.Contract(d.Source)
		old := n.Loads[lake.Key(d.Source, d.ID)]
		if old.Current(n.Path, c, n.Key.Fingerprint()) && !old.Outdated(d, l.Accepted) {
			continue
		}
		if _, err := os.Stat(d.Original(n.Path)); errors.Is(err, fs.ErrNotExist) {
			if old != nil && old.Complete(n.Path) {
				n.Note("%s/%s: het contract is veranderd, maar het origineel is al verwijderd; de geladen rijen blijven gelden", d.Source, d.ID)
				continue
			}
			return "", fmt.Errorf("delivery %s/%s has neither its original nor a lake file; restore one of them from a backup", d.Source, d.ID)
		}
		tasks = append(tasks, &parallel.Task{Name: d.ID, Run: func(ctx context.Context, _ int) error {
			load, err := l.Load(ctx, c, d)
			if err != nil {
				return err
			}
			n.Log.Info().Str("source", d.Source).Str("delivery", d.ID).Str("file", d.Newest().File).Bool("accepted", load.Accepted).
				Int64("records", load.Balance.Records).Int64("geladen", load.Balance.Geladen).
				Int64("in_quarantaine", load.Balance.InQuarantaine).Int64("niet_data", load.Balance.NietData).Msg("loaded")
			n.Wrote("lake", lake.Path(n.Path, d.Source, d.ID, ".parquet"), lake.Path(n.Path, d.Source, d.ID, ".json"))
			n.Wrote("quarantine", lake.QuarantinePath(n.Path, d.Source, d.ID))
			mu.Lock()
			loaded[lake.Key(d.Source, d.ID)] = load
			mu.Unlock()
			n.Advance("load", int(done.Add(1)), len(tasks))
			return nil
		}})
	}
	counts["loaded"] = int64(len(tasks))
	if err := parallel.Run(ctx, n.Threads, tasks); err != nil {
		return "", err
	}
	if len(loaded) == 0 {
		return "", nil
	}
	before := maps.Clone(n.Loads)
	n.AddLoads(loaded)
	state := n.State()
	for _, d := range n.InScope() {
		key := lake.Key(d.Source, d.ID)
		load := n.Loads[key]
		if old := before[key]; old != nil && old.Fingerprint == load.Fingerprint {
			continue
		}
		s, _ := state.Standing(d.Source, d.ID)
		n.Run.Loaded = append(n.Run.Loaded, ledger.Loaded{
			Source: d.Source, Delivery: d.ID, File: d.Newest().File, Peildatum: d.Peildatum, Status: string(s.Status), Reasons: load.PublicReasonsFor(s),
			Records: load.Balance.Records, Geladen: load.Balance.Geladen, InQuarantaine: load.Balance.InQuarantaine, NietData: load.Balance.NietData,
		})
	}
	return "", nil
}

// settings returns those of the DuckDB instance for models and marts.
func (n *night) settings() duck.Settings {
	return duck.Settings{MemoryLimit: n.MemoryLimit, Threads: 1, TempDir: filepath.Join(n.SpillDir(), "models")}
}
