package intake

import (
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/project"
)

// CreateData makes a data directory with an inbox folder for each source. It may exist already; then
// what is missing is added.
func Create(dir string, p *project.Project) error {
	for _, d := range []string{"", "landing", "lake", "quarantine", "decisions", "stand", "work", "runs", "alerts", datadir.ProcessingDir, "secrets"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return fmt.Errorf("create data directory: %w", err)
		}
	}
	for _, c := range p.Contracts {
		if c.Dir == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(c.Dir)), 0o700); err != nil {
			return fmt.Errorf("create data directory: %w", err)
		}
	}
	return nil
}
