package publish

import (
	"path/filepath"
	"slices"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/mart"
)

// A VersionRow is a version as inbeeld versions lists it.
type VersionRow struct {
	Version   string            `json:"version"`
	Published time.Time         `json:"published"`
	Peildata  map[string]string `json:"peildata"`
	Size      int64             `json:"size"` // bytes of its files; unchanged files are shared with other versions
	Rows      int64             `json:"rows"`
	Changed   []string          `json:"changed"`   // marts that differ from the version before it
	Redefined []string          `json:"redefined"` // marts whose definition changed
	Current   bool              `json:"current"`
	Pinned    bool              `json:"pinned"`
	Fault     string            `json:"fault,omitempty"` // why a rollback to it is impossible
}

// Versions lists the stored versions, newest first.
func Versions(o datadir.Dir) ([]VersionRow, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	store := mart.Store{Dir: filepath.Join(o.Path, "marts")}
	names, err := store.Versions()
	if err != nil {
		return nil, err
	}
	current, _ := store.Version() // "" if it cannot be read
	pin, err := store.Pinned()
	if err != nil {
		return nil, err
	}
	rows := []VersionRow{}
	before, defined := map[string]string{}, map[string]string{}
	for _, name := range names {
		row := VersionRow{Version: name, Current: name == current, Pinned: pin != nil && pin.Version == name, Changed: []string{}, Redefined: []string{}}
		m, err := mart.ReadManifest(filepath.Join(store.Dir, "versions", name))
		if err == nil {
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
		for name := range before {
			if now[name] == "" {
				row.Changed = append(row.Changed, name)
			}
		}
		slices.Sort(row.Changed)
		before = now
		rows = append(rows, row)
	}
	slices.Reverse(rows)
	return rows, nil
}
