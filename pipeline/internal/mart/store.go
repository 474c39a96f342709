package mart

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
)

const (
	versionsDir = "versions"
	currentName = "current"
	// Leftovers of a crash begin with one of these.
	tmpVersion = ".tmp-"
	tmpCurrent = ".current.tmp"
)

// Store is the directory of all versions, <data>/marts.
type Store struct {
	Dir string

	// For tests only: after is called after each step, and may panic as a crash; link replaces os.Link,
	// and exchange the function of that name.
	after    func(step string)
	link     func(oldname, newname string) error
	exchange func(a, b string) error
}

// Current returns the published version and its manifest, or "" and nil if nothing has been published. It
// follows the link once, so the two belong together.
func (s Store) Current() (version string, m *Manifest, err error) {
	if version, err = s.Version(); err != nil || version == "" {
		return "", nil, err
	}
	m, err = ReadManifest(s.path(version))
	if err != nil {
		return "", nil, fmt.Errorf("read current: version %s is damaged; switch to another with inbeeld rollback: %w", version, err)
	}
	return version, m, nil
}

// Version returns the published version, or "" if nothing has been published.
func (s Store) Version() (string, error) {
	target, err := os.Readlink(filepath.Join(s.Dir, currentName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read current: it is not a link that inbeeld made: %w", err)
	}
	dir, version := filepath.Split(target)
	if filepath.Clean(dir) != versionsDir || validVersion(version) != nil {
		return "", fmt.Errorf("read current: %s points at %q, which is not a version; switch back with inbeeld rollback",
			filepath.Join(s.Dir, currentName), target)
	}
	return version, nil
}

// Versions returns all versions, the oldest publication first. Those with an unreadable manifest come
// before the others, so that Prune removes them first.
func (s Store) Versions() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.Dir, versionsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	var names []string
	published := map[string]time.Time{}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || validVersion(name) != nil {
			continue
		}
		names = append(names, name)
		if m, err := ReadManifest(s.path(name)); err == nil {
			published[name] = m.Published
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(published[a].Compare(published[b]), cmp.Compare(a, b))
	})
	return names, nil
}

// Prune removes all versions except the newest keep, the current one and the pinned ones. A reader with an
// open file of a removed version can go on reading it.
func (s Store) Prune(keep int, pinned ...string) error {
	if keep < 1 {
		return fmt.Errorf("prune versions: keep at least 1, not %d", keep)
	}
	current, _, err := s.Current()
	if err != nil {
		return fmt.Errorf("prune versions: %w", err)
	}
	versions, err := s.Versions()
	if err != nil {
		return fmt.Errorf("prune versions: %w", err)
	}
	for _, v := range versions[:max(0, len(versions)-keep)] {
		if v == current || slices.Contains(pinned, v) {
			continue
		}
		if err := s.discard(v); err != nil {
			return fmt.Errorf("prune version %s: %w", v, err)
		}
	}
	return nil
}

// discard removes a version. It renames the version first, so that readers never see part of it.
func (s Store) discard(version string) error {
	tmp := s.path(tmpVersion + version)
	if err := errors.Join(os.RemoveAll(tmp), durable.Rename(s.path(version), tmp)); err != nil {
		return err
	}
	s.done("set aside " + version)
	return os.RemoveAll(tmp)
}

// Switch makes a complete version the current one, by one atomic rename.
func (s Store) Switch(version string) error {
	if err := validVersion(version); err != nil {
		return fmt.Errorf("switch current: %w", err)
	}
	if err := s.Check(version); err != nil {
		return fmt.Errorf("switch current to %s: %w", version, err)
	}
	link, tmp := filepath.Join(s.Dir, currentName), filepath.Join(s.Dir, tmpCurrent)
	if err := errors.Join(durable.RemoveIfExists(tmp), os.Symlink(versionsDir+"/"+version, tmp)); err != nil {
		return fmt.Errorf("switch current: %w", err)
	}
	s.done("make link")
	if err := durable.Rename(tmp, link); err != nil {
		return fmt.Errorf("switch current: %w", err)
	}
	s.done("switch current")
	return nil
}

// Sweep removes what a crash has left: half-removed versions, and temporary links and files. Only the
// writer of the store may call it.
func (s Store) Sweep() error {
	for dir, prefixes := range map[string][]string{
		s.Dir:                             {tmpCurrent, "." + statusName + ".tmp-", "." + statusTextName + ".tmp-"},
		filepath.Join(s.Dir, versionsDir): {tmpVersion},
	} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep marts: %w", err)
		}
		for _, e := range entries {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(e.Name(), p) }) {
				continue
			}
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("sweep marts: %w", err)
			}
		}
	}
	return nil
}

func (s Store) path(version string) string {
	return filepath.Join(s.Dir, versionsDir, version)
}

// done marks the end of a step, so that a test can crash there.
func (s Store) done(step string) {
	if s.after != nil {
		s.after(step)
	}
}

// validVersion reports an error for a name that would be outside versions/ or hidden in it.
func validVersion(name string) error {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\`+"\x00") {
		return fmt.Errorf("%q cannot be the name of a version", name)
	}
	return nil
}

// Check reports an error unless a version has all files of its manifest. It compares sizes, not content.
func (s Store) Check(version string) error {
	m, err := ReadManifest(s.path(version))
	if err != nil {
		return err
	}
	return s.Complete(version, *m)
}

// Complete is Check for a manifest that was already read.
func (s Store) Complete(version string, m Manifest) error { return complete(s.path(version), m) }

// Discard removes a version that is not current.
func (s Store) Discard(version string) error {
	if current, err := s.Version(); err != nil || current == version {
		return errors.Join(fmt.Errorf("version %s is current", version), err)
	}
	if err := s.discard(version); err != nil {
		return fmt.Errorf("discard version %s: %w", version, err)
	}
	return nil
}

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
	return durable.WriteJSON(filepath.Join(s.Dir, pinName), p)
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
		sha, err := HashFile(ctx, filepath.Join(s.path(version), filepath.FromSlash(c.Path)))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.Path, err)
		}
		if sha != c.SHA256 {
			return nil, fmt.Errorf("%s differs from what was published: its sha256 is %s, not %s", c.Path, sha, c.SHA256)
		}
	}
	return m, nil
}
