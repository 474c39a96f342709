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

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/transform"
)

// plan removes what a killed run left, opens the key, reads what is known, and binds the project unless
// it is the one that was published last.
func (n *night) plan(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	if err := os.RemoveAll(filepath.Join(n.Path, "work")); err != nil {
		return "", fmt.Errorf("sweep work: %w", err)
	}
	if err := os.RemoveAll(n.SpillDir()); err != nil {
		return "", fmt.Errorf("sweep the spill folder: %w", err)
	}
	for _, dir := range []string{n.Work, n.SpillDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("make the work folder: %w", err)
		}
	}
	if err := datadir.Sweep(n.Path); err != nil {
		return "", err
	}
	if err := n.Store.Sweep(); err != nil {
		return "", err
	}
	if err := n.CheckSpace(n.opt.IgnoreDiskSpace); err != nil {
		return "", err
	}
	if err := n.ReadDeliveries(); err != nil {
		return "", err
	}
	key, err := lake.OpenKey(n.Path, n.KeyFile, n.Loads)
	if err != nil {
		return "", err
	}
	n.Key = key
	if n.opt.outside() == "" {
		if n.pin, err = n.Pin(ctx, n.Decisions); err != nil {
			return "", err
		}
	}
	counts["deliveries"] = int64(len(n.Deliveries))
	if transform.WasBound(n.Path, n.Project) {
		return "", nil
	}
	return "", n.bind(ctx)
}

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

// retain applies the retention terms, judges ages, and ends a run that has nothing new to publish.
func (n *night) retain(ctx context.Context, _ map[string]int64) (mart.Outcome, error) {
	if n.opt.outside() == "" {
		if err := n.removeOld(ctx); err != nil {
			return "", err
		}
	}
	same, inputs := n.UpToDate(n.Book)
	n.inputs = inputs
	if same && n.opt.outside() == "" && !n.opt.Fresh {
		return mart.NothingToDo, nil
	}
	return "", nil
}

// removeOld removes originals and deliveries past their term, and judges ages.
func (n *night) removeOld(ctx context.Context) (err error) {
	n.retired = n.RemoveOriginals(n.Journal)
	if n.expired, err = n.Expire(n.Journal); err != nil {
		return err
	}
	if n.ages, err = audit.JudgeAges(ctx, n.Book, n.graph); err != nil {
		return err
	}
	n.graph = n.ages.Graph
	if err := n.ages.AddOverdue(n.Book, 0); err != nil {
		return err
	}
	n.Run.Findings, n.result.Findings, n.result.Alarms = n.ages.Late, n.ages.Late, audit.Alarms(n.ages.Late)
	return nil
}
