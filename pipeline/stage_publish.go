package pipeline

import (
	"context"

	"inbeeld/pipeline/internal/mart"
)

// publish makes the staged version current.
func (n *night) publish(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	if n.opt.Out != "" {
		return "", n.staged.Export(n.engine, n.opt.Out, counts)
	}
	if err := n.staged.Switch(ctx, n.engine, counts); err != nil {
		return "", err
	}
	return "", n.engine.CleanUp(ctx, counts)
}
