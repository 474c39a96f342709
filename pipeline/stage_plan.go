package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
)

// plan clears what a killed run left, opens the key, and makes sure that the project can be run.
func (n *night) plan(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	if err := os.RemoveAll(filepath.Join(n.Path, "work")); err != nil {
		return "", fmt.Errorf("sweep work: %w", err)
	}
	if err := os.RemoveAll(n.spill()); err != nil {
		return "", fmt.Errorf("sweep what a run before spilled: %w", err)
	}
	for _, dir := range []string{n.Work, n.spill()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("make the work folder: %w", err)
		}
	}
	if err := sweepData(n.Path); err != nil {
		return "", err
	}
	if err := n.Store.Sweep(); err != nil {
		return "", err
	}
	if err := n.checkRoom(n.opt.IgnoreRoom); err != nil {
		return "", err
	}
	if err := n.readDeliveries(); err != nil {
		return "", err
	}
	key, err := lake.OpenKey(n.Path, n.KeyFile, n.Loads)
	if err != nil {
		return "", err
	}
	n.Key = key
	if n.opt.outside() == "" {
		if n.pin, err = n.readPin(ctx, n.Decisions); err != nil {
			return "", err
		}
	}
	counts["deliveries"] = int64(len(n.Deliveries))
	if knownGood(n.Path, n.Project) {
		return "", nil
	}
	return "", n.bind(ctx)
}
