package intake

import (
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/project"
)

// Create makes a data directory with an inbox folder for each source. In one that exists, it adds missing
// folders.
func Create(dir string, p *project.Project) error {
	folders := []string{"", "landing", "lake", "quarantine", "decisions", "stand", "work", "runs", "alerts", datadir.ProcessingDir, "secrets"}
	for _, c := range p.Contracts {
		if c.Dir != "" {
			folders = append(folders, filepath.FromSlash(c.Dir))
		}
	}
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return fmt.Errorf("create data directory: %w", err)
		}
	}
	return nil
}
