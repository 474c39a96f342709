package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// Blamed are the deliveries that a version was made of and an earlier one was not.
func Blamed(left, to *mart.Manifest) []string {
	names := []string{}
	for _, d := range left.Deliveries {
		if !slices.ContainsFunc(to.Deliveries, func(t mart.Delivery) bool { return t.Source == d.Source && t.ID == d.ID }) {
			names = append(names, lake.Key(d.Source, d.ID))
		}
	}
	return names
}

// Released is the decision that releases a pin, nil when there is none: the withdrawal, since then, of
// a delivery that it blames.
func Released(decisions []delivery.Decision, pin *mart.Pin) *delivery.Decision {
	i := slices.IndexFunc(decisions, func(d delivery.Decision) bool {
		return d.Kind == delivery.Withdraw && !d.At.Before(pin.At) && slices.Contains(pin.Blamed, lake.Key(d.Source, d.Delivery))
	})
	if i < 0 {
		return nil
	}
	return &decisions[i]
}

// A VersionRow is a version as the list of versions shows it.
type VersionRow struct {
	Version   string            `json:"version"`
	Published time.Time         `json:"published"`
	Peildata  map[string]string `json:"peildata"`
	Size      int64             `json:"size"` // bytes of its files; what did not change is shared with other versions
	Rows      int64             `json:"rows"`
	Changed   []string          `json:"changed"`   // marts that are not those of the version before it
	Redefined []string          `json:"redefined"` // those of them whose definition is another one
	Current   bool              `json:"current"`
	Pinned    bool              `json:"pinned"`
	Fault     string            `json:"fault,omitempty"` // why it cannot be gone back to
}

// Versions lists what is kept, the newest first.
func Versions(o datadir.Dir) ([]VersionRow, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	store := mart.Store{Dir: filepath.Join(o.Path, "marts")}
	names, err := store.Versions()
	if err != nil {
		return nil, err
	}
	current, err := store.Version()
	if err != nil {
		current = ""
	}
	pin, err := store.Pinned()
	if err != nil {
		return nil, err
	}
	rows := []VersionRow{}
	before, defined := map[string]string{}, map[string]string{}
	for _, name := range names {
		row := VersionRow{Version: name, Current: name == current, Pinned: pin != nil && pin.Version == name, Changed: []string{}, Redefined: []string{}}
		m, err := mart.ReadManifest(filepath.Join(store.Dir, "versions", name))
		if errors.Is(err, fs.ErrNotExist) {
			row.Fault = "it has no manifest"
		} else if err == nil {
			err = store.Complete(name, *m)
		}
		if err != nil {
			row.Fault = err.Error()
			rows = append(rows, row)
			continue
		}
		row.Published, row.Peildata = m.Published, m.Peildata
		now := map[string]string{}
		for _, f := range m.Files {
			row.Size += f.Size
			row.Rows += f.Rows
			now[f.Mart] = f.SHA256
			if before[f.Mart] != f.SHA256 {
				row.Changed = append(row.Changed, f.Mart)
			}
			if was, ok := defined[f.Mart]; ok && was != f.Definition {
				row.Redefined = append(row.Redefined, f.Mart)
			}
			defined[f.Mart] = f.Definition
		}
		for mart := range before {
			if now[mart] == "" {
				row.Changed = append(row.Changed, mart)
			}
		}
		slices.Sort(row.Changed)
		before = now
		rows = append(rows, row)
	}
	slices.Reverse(rows)
	return rows, nil
}

// Target is the version to go back to.
func (s *Site) Target(version, current string) (string, error) {
	kept, err := s.Store.Versions()
	if err != nil {
		return "", err
	}
	if version != "" {
		if !slices.Contains(kept, version) {
			return "", usage.Errorf("there is no version %s; the last %d are kept, list them with: inbeeld versions --data %s", version, project.KeepVersions, s.Path)
		}
		return version, nil
	}
	i := slices.Index(kept, current)
	if i < 1 {
		return "", usage.Errorf("there is no version before the current one; list them with: inbeeld versions --data %s", s.Path)
	}
	return kept[i-1], nil
}

// Settle makes the pinned version current, and the warehouse the one of that version. It may be done
// again at any point.
func (s *Site) ApplyPin(ctx context.Context, p mart.Pin) (err error) {
	work := filepath.Join(s.Path, "work", "rollback")
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	path := filepath.Join(work, "warehouse.duckdb")
	if err := s.VersionWarehouse(ctx, p.Version, path); err != nil {
		return err
	}
	s.At("warehouse")
	if err := s.Store.Switch(p.Version); err != nil {
		return err
	}
	s.At("switched")
	if err := PublishWarehouse(path, s.Path, s.Modes); err != nil {
		return err
	}
	s.At("warehouse published")
	p.Applied = true
	if err := s.Store.SetPin(p); err != nil {
		return err
	}
	return s.RewriteStatus(ctx)
}

// RewriteStatus says that what people read is no longer as the last run left it.
func (s *Site) RewriteStatus(ctx context.Context) error {
	status := mart.Status{Finished: s.Now()}
	if last, err := s.Store.ReadStatus(); err == nil && last != nil {
		status = *last
	}
	status.Outcome, status.Copy = mart.Pinned, s.UpdateCopy(ctx)
	return s.Store.WriteStatus(status)
}

func (s *Site) VersionWarehouse(ctx context.Context, version, path string) (err error) {
	dir := filepath.Join(s.Store.Dir, "versions", version)
	m, err := mart.ReadManifest(dir)
	if err != nil {
		return err
	}
	db, err := duck.Open(ctx, duck.Settings{MemoryLimit: s.MemoryLimit, Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return writeWarehouse(ctx, session, path, dir, m.Files, nil)
}

// readPin finishes a rollback that was cut short, and releases the pin when a delivery that it blames
// was withdrawn since.
func (s *Site) Pin(ctx context.Context, decisions []delivery.Decision) (*mart.Pin, error) {
	pin, err := s.Store.Pinned()
	if err != nil || pin == nil {
		return nil, err
	}
	if d := Released(decisions, pin); d != nil {
		s.Note("versie %s is niet meer gepind: %s/%s is ingetrokken", pin.Version, d.Source, d.Delivery)
		return nil, s.Store.Release()
	}
	// Without warehouse it is a data directory that was restored from a backup.
	if _, err := os.Stat(filepath.Join(s.Path, "warehouse.duckdb")); pin.Applied && err == nil {
		return pin, nil
	}
	return pin, s.ApplyPin(ctx, *pin)
}
