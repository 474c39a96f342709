package mart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"inbeeld/pipeline/durable"
)

const pinName = "pin.json"

// A Pin keeps current on a version that somebody rolled back to, until it is released.
type Pin struct {
	Version string    `json:"version"`
	From    string    `json:"from"` // the version that was current before
	Who     string    `json:"who"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"` // UTC
	// Blamed lists the deliveries, "source/id", behind From but not behind Version.
	Blamed []string `json:"blamed"`
	// Applied is set once current and the warehouse are of Version; a pin without it is of an interrupted
	// rollback.
	Applied bool `json:"settled"`
}

// Pinned reads the pin. It returns nil if there is none.
func (s Store) Pinned() (*Pin, error) {
	path := filepath.Join(s.Dir, pinName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the pin: %w", err)
	}
	var p Pin
	if err := json.Unmarshal(text, &p); err != nil || validVersion(p.Version) != nil {
		return nil, fmt.Errorf("read the pin: %s is damaged; release it with inbeeld rollback --release, and roll back again", path)
	}
	return &p, nil
}

// SetPin writes the pin. The caller switches to its version.
func (s Store) SetPin(p Pin) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("write the pin: %w", err)
	}
	return durable.WriteFile(filepath.Join(s.Dir, pinName), append(text, '\n'), 0o600)
}

// Release removes the pin, if there is one.
func (s Store) Release() error {
	if err := durable.RemoveIfExists(filepath.Join(s.Dir, pinName)); err != nil {
		return fmt.Errorf("release the pin: %w", err)
	}
	return durable.SyncDir(s.Dir)
}

// Intact hashes all files of a version and returns its manifest, or an error that names the first file
// that differs from it.
func (s Store) Intact(ctx context.Context, version string) (*Manifest, error) {
	if err := validVersion(version); err != nil {
		return nil, err
	}
	m, err := ReadManifest(s.path(version))
	if err != nil {
		return nil, err
	}
	for _, c := range dataFiles(m.Files) {
		sha, err := hashFile(ctx, filepath.Join(s.path(version), filepath.FromSlash(c.path)))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.path, err)
		}
		if sha != c.sha {
			return nil, fmt.Errorf("%s differs from what was published: its sha256 is %s, not %s", c.path, sha, c.sha)
		}
	}
	return m, nil
}
