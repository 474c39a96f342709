package lake

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
	"inbeeld/sources/delivery"
)

// store moves the files of a load into the data directory, the load record last.
func (l *Loader) store(d delivery.Delivery, dir string, result *Load) error {
	lake, quarantine := Path(l.Data, d.Source, d.ID, ".parquet"), QuarantinePath(l.Data, d.Source, d.ID)
	for _, target := range []string{lake, quarantine} {
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
	}
	// Remove the load record first, so that an interrupted load is not complete.
	record := Path(l.Data, d.Source, d.ID, ".json")
	if err := errors.Join(durable.RemoveIfExists(record), durable.SyncDir(filepath.Dir(record))); err != nil {
		return err
	}
	moves := map[string]string{filepath.Join(dir, "quarantine.parquet"): quarantine}
	if result.Accepted {
		moves[filepath.Join(dir, "lake.parquet")] = lake
	} else if err := durable.RemoveIfExists(lake); err != nil {
		return err
	}
	for from, to := range moves {
		err := durable.SyncFile(from)
		if errors.Is(err, os.ErrNotExist) {
			err = durable.RemoveIfExists(to)
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
	return durable.WriteFile(record, append(text, '\n'), 0o600)
}
