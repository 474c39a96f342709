package pipeline

import (
	"context"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
)

// transform computes the results that marts and checks need, or only the selected models.
func (n *night) transform(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	if n.graph == nil {
		if err := n.bind(ctx); err != nil {
			return "", err
		}
	}
	var err error
	n.engine, err = transform.Open(ctx, n.Journal, n.Book, n.graph, transform.Options{
		Settings: n.settings(), Fresh: n.opt.Fresh,
		Prepare: func(ctx context.Context, s *duck.Session) error { return audit.RegisterLeaks(ctx, s, n.Key) },
	})
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(filepath.Join(n.Work, "version")); err != nil {
		return "", err
	}
	if len(n.opt.Select) == 0 {
		return "", n.engine.Transform(ctx, counts)
	}
	n.result.Selected, err = n.engine.Selected(ctx, n.opt.Select, counts)
	return mart.Computed, err
}
