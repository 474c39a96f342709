package lake

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
	"inbeeld/sources/delivery"
)

// keep moves what was made into the data directory, the Load last.
func (l *Loader) store(d delivery.Delivery, dir string, result *Load) error {
	lake, quarantine := Path(l.Data, d.Source, d.ID, ".parquet"), QuarantinePath(l.Data, d.Source, d.ID)
	for _, target := range []string{lake, quarantine} {
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
	}
	// What was counted goes first: the files of a load that stops half-way belong to no load.
	counted := Path(l.Data, d.Source, d.ID, ".json")
	if err := os.Remove(counted); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := durable.SyncDir(filepath.Dir(counted)); err != nil {
		return err
	}
	made := map[string]string{filepath.Join(dir, "quarantine.parquet"): quarantine}
	if result.Accepted {
		made[filepath.Join(dir, "lake.parquet")] = lake
	} else if err := os.Remove(lake); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for from, to := range made {
		err := durable.SyncFile(from)
		if errors.Is(err, os.ErrNotExist) {
			err = os.Remove(to)
			if errors.Is(err, os.ErrNotExist) {
				err = nil
			}
		} else if err == nil {
			if err = os.Chmod(from, 0o600); err == nil {
				err = durable.Rename(from, to)
			}
		}
		if err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(counted, append(text, '\n'), 0o600)
}
