package pipeline

import (
	"context"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/alerts"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/transform"
)

// transform computes the results that marts and checks need, or only the selected models.
func (n *night) transform(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	err := n.bind(ctx)
	if err != nil {
		return "", err
	}
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

// audit judges, then writes and verifies the files of the new version and compares them with the
// published one.
func (n *night) audit(ctx context.Context, counts map[string]int64) (mart.Outcome, error) {
	if err := n.engine.Judge(ctx, counts); err != nil {
		return "", err
	}
	verdicts, err := audit.Record(ctx, n.engine, n.ages.Late, counts)
	if err != nil {
		return "", err
	}
	n.result.Findings, n.result.Alarms, n.result.Blocks = verdicts.Findings, verdicts.Alarms, verdicts.Blocks
	if n.Run.Situation, err = alerts.Situate(ctx, n.engine); err != nil {
		return "", err
	}
	if len(n.result.Blocks) > 0 {
		return mart.Blocked, nil
	}
	_, old, err := n.Store.Current()
	if err != nil {
		return "", err
	}
	if n.staged, err = publish.Stage(ctx, n.engine, n.Site, filepath.Join(n.Work, "version"), n.inputs, counts); err != nil {
		return "", err
	}
	leaks, err := audit.Leaks(ctx, n.engine, n.staged.Dir, n.staged.Files, n.opt.Out == "")
	if err != nil {
		return "", err
	}
	if len(leaks) > 0 {
		n.result.Findings, n.result.Blocks = n.Run.Findings, leaks
		return mart.Blocked, nil
	}
	if n.opt.outside() != "" {
		return "", nil
	}
	if n.pin != nil {
		return mart.Pinned, nil
	}
	if old == nil {
		return "", nil
	}
	return n.staged.Gate(ctx, n.engine, old, counts)
}

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
