package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/usage"
)

// network file systems, by the number that Linux gives them: locks and renames cannot be trusted there.
var networkDisks = map[int64]string{
	0x6969: "NFS", 0x517b: "SMB", 0xfe534d42: "SMB2", 0xff534d42: "CIFS", 0x01021997: "9P", 0x65735546: "FUSE",
}

// sweepData removes what a killed run left half written beside files that are replaced as a whole.
// Landing, decisions and marts are swept by those who write there.
func Sweep(dir string) error {
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
func Lock(o Dir, what string) (release func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return ledger.Lock(ledger.LockPath(o.Path), ledger.Holder{PID: os.Getpid(), Host: host, What: what, Since: o.Now()})
}

// CheckData refuses a directory that a run may not use.
func Check(dir string) error {
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

// A Dir is a data directory with what a process needs to work in it.
type Dir struct {
	// Path of the data directory; it exists.
	Path string
	// KeyFile is the pseudonym key; "" is secrets/pseudonym.key in the data directory.
	KeyFile string
	// MemoryLimit of all DuckDB instances together, in DuckDB's notation; "" is 2GB.
	MemoryLimit string
	// Spill is a local directory for what does not fit in memory; "" is work/ in the data directory.
	Spill string
	// Threads is the number of models, loads or marts in progress at once; 0 is one per processor.
	Threads int
	// Free returns the free bytes of the disk of a folder; nil asks the disk.
	Free func(folder string) (int64, error)
	// Now is the clock.
	Now func() time.Time
	// Wait lets time pass; tests and demos return at once.
	Wait func(context.Context, time.Duration) error
	// Jitter returns a random number from 0 to 1, for the pauses between attempts; nil is 0.
	Jitter func() float64
	// Env looks up secrets that contracts and alerts name; nil is an empty environment.
	Env func(name string) string
	Log zerolog.Logger
	// User is the system user, and Who the person it acts for, for the processing log; an empty User
	// is the number of the user, an empty Who is nobody by name.
	User, Who string
}

// lacksRoom says that there is too little room for a run, "" when there is enough.
func (d Dir) SpaceShortage() (free int64, text string, err error) {
	if free, err = d.FreeSpace(); err != nil {
		return 0, "", err
	}
	need, why, err := d.SpaceNeeded()
	if err != nil || free >= need {
		return free, "", err
	}
	return free, fmt.Sprintf("the disk of %s has %s free, and a run needs %s: twice %s", d.Path, SizeText(free), SizeText(need), why), nil
}

func (d Dir) FreeSpace() (int64, error) {
	if d.Free != nil {
		return d.Free(d.Path)
	}
	return freeOnDisk(d.Path)
}

// roomNeeded is how much must be free before a run begins, and of what that is twice: what the last run
// that wrote anything used, or what lies in the inbox when that is more. A first run is thought to use
// what lies in the inbox, and emptyRoom.
func (d Dir) SpaceNeeded() (need int64, why string, err error) {
	book := ledger.Ledger{Dir: filepath.Join(d.Path, "runs")}
	last, err := book.Latest(RecentRuns, func(run *ledger.Run) bool { return run.DiskUse != nil && run.DiskUse.Used > 0 })
	if err != nil {
		return 0, "", err
	}
	inbox, _, err := FolderSize(filepath.Join(d.Path, "inbox"), nil)
	if err != nil {
		return 0, "", err
	}
	switch {
	case last == nil:
		inbox += FirstRunSpace
		return SpaceFactor * inbox, fmt.Sprintf("what a first run takes (%s)", SizeText(inbox)), nil
	case last.DiskUse.Used >= inbox:
		return SpaceFactor * last.DiskUse.Used, fmt.Sprintf("what run %s used (%s)", last.ID, SizeText(last.DiskUse.Used)), nil
	}
	return SpaceFactor * inbox, fmt.Sprintf("what lies in the inbox (%s)", SizeText(inbox)), nil
}
