package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

// network file systems, by the number that Linux gives them: locks and renames cannot be trusted there.
var networkDisks = map[int64]string{
	0x6969: "NFS", 0x517b: "SMB", 0xfe534d42: "SMB2", 0xff534d42: "CIFS", 0x01021997: "9P", 0x65735546: "FUSE",
}

// CreateData makes a data directory with an inbox folder for each source. It may exist already; then
// what is missing is added.
func CreateData(dir string, p *project.Project) error {
	for _, d := range []string{"", "landing", "lake", "quarantine", "decisions", "stand", "work", "runs", "alerts", processingDir, "secrets"} {
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

// sweepData removes what a killed run left half written beside files that are replaced as a whole.
// Landing, decisions and marts are swept by those who write there.
func sweepData(dir string) error {
	folders := []string{filepath.Join(dir, "runs"), filepath.Join(dir, "stand"), filepath.Join(dir, "secrets")}
	sources, err := os.ReadDir(filepath.Join(dir, "lake"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep the lake: %w", err)
	}
	for _, s := range sources {
		if s.IsDir() {
			folders = append(folders, filepath.Join(dir, "lake", s.Name()))
		}
	}
	for _, f := range folders {
		if err := durable.Sweep(f); err != nil {
			return err
		}
	}
	return nil
}

// lockData takes the lock of a data directory, for what changes something in it. A *ledger.LockedError
// names who has it.
func lockData(o Dir, what string) (release func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return ledger.Lock(ledger.LockPath(o.Path), ledger.Holder{PID: os.Getpid(), Host: host, What: what, Since: o.Now()})
}

// CheckData refuses a directory that a run may not use.
func CheckData(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage.Errorf("data directory %s does not exist; make it with: inbeeld init --data %s", dir, dir)
	case err != nil:
		return fmt.Errorf("data directory: %w", err)
	case !info.IsDir():
		return usage.Errorf("data directory %s is a file", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "landing")); err != nil {
		return usage.Errorf("%s is no data directory: it has no landing; make it one with: inbeeld init --data %s", dir, dir)
	}
	return checkDisk(dir)
}

func checkDisk(dir string) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
	if name, ok := networkDisks[int64(st.Type)]; ok { //nolint:unconvert // int32 on some platforms
		return usage.Errorf("data directory %s is on a network disk (%s), where locks and renames are not safe; use a local disk", dir, name)
	}
	return nil
}
