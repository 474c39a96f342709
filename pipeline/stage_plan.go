package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
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
