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

// A Pin holds current on a version that somebody went back to, until it is released.
type Pin struct {
	Version string `json:"version"`
	// From is the version that was left.
	From   string    `json:"from"`
	Who    string    `json:"who"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"` // UTC
	// Blamed are the deliveries, "source/id", that From was made of and Version was not.
	Blamed []string `json:"blamed"`
	// Settled tells that Version is current, and the warehouse the one of it; before that a rollback was
	// cut short.
	Applied bool `json:"settled"`
}

// Pinned reads the pin; nil when there is none.
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

// Hold writes the pin. Switching to its version is for the caller.
func (s Store) SetPin(p Pin) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("write the pin: %w", err)
	}
	return durable.WriteFile(filepath.Join(s.Dir, pinName), append(text, '\n'), 0o600)
}

// Release takes the pin away. That there is none is no error.
func (s Store) Release() error {
	if err := os.Remove(filepath.Join(s.Dir, pinName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("release the pin: %w", err)
	}
	return durable.SyncDir(s.Dir)
}

// Intact tells, by an error, which file of a version is no longer what its manifest says, byte for byte.
func (s Store) Intact(ctx context.Context, version string) (*Manifest, error) {
	if err := validVersion(version); err != nil {
		return nil, err
	}
	m, err := ReadManifest(s.path(version))
	if err != nil {
		return nil, err
	}
	for _, c := range dataFiles(m.Files) {
		file, err := os.Open(filepath.Join(s.path(version), filepath.FromSlash(c.path)))
		if err != nil {
			return nil, err
		}
		sha, _, err := digest(ctx, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("read %s: %w", c.path, err)
		}
		if sha != c.sha {
			return nil, fmt.Errorf("%s is not what was published: its sha256 is %s, not %s", c.path, sha, c.sha)
		}
	}
	return m, nil
}
