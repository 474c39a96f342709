package datadir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/usage"
)

// networkDisks names the network file systems by their Linux magic number. Locks and renames are not
// reliable there.
var networkDisks = map[int64]string{
	0x6969: "NFS", 0x517b: "SMB", 0xfe534d42: "SMB2", 0xff534d42: "CIFS", 0x01021997: "9P", 0x65735546: "FUSE",
}

// Sweep removes the temporary files that a killed run left in runs/, stand/, secrets/ and the lake. The
// packages that write landing, decisions and marts sweep those.
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

// Lock takes the lock of a data directory, which every writer needs. A *ledger.LockedError names the
// holder.
func Lock(d Dir, what string) (release func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return ledger.Lock(ledger.LockPath(d.Path), ledger.Holder{PID: os.Getpid(), Host: host, What: what, Since: d.Now()})
}

// Check returns an error for a directory that is no data directory or is on a network disk.
func Check(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage.Errorf("data directory %s does not exist; create it with: inbeeld init --data %s", dir, dir)
	case err != nil:
		return fmt.Errorf("data directory: %w", err)
	case !info.IsDir():
		return usage.Errorf("data directory %s is a file", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "landing")); err != nil {
		return usage.Errorf("%s is not a data directory: it has no landing folder; create one with: inbeeld init --data %s", dir, dir)
	}
	return checkDisk(dir)
}

func checkDisk(dir string) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
	if name, ok := networkDisks[int64(st.Type)]; ok { //nolint:unconvert // int32 on some platforms
		return usage.Errorf("data directory %s is on a network disk (%s), where locks and renames are not reliable; use a local disk", dir, name)
	}
	return nil
}

// A Dir is a data directory with the settings of a process that works in it.
type Dir struct {
	// Path is the data directory, which exists.
	Path string
	// KeyFile is the file of the pseudonym key. Default: secrets/pseudonym.key in the data directory.
	KeyFile string
	// MemoryLimit is for all DuckDB instances together, in DuckDB's notation. Default: 2GB.
	MemoryLimit string
	// Spill is a local directory for data that does not fit in memory. Default: work/ in the data directory.
	Spill string
	// Threads is how many models, loads or marts run at once. Default: one per processor.
	Threads int
	// Free returns the free bytes on the disk of a folder. Default: statfs.
	Free func(folder string) (int64, error)
	// Now is the clock.
	Now func() time.Time
	// Wait sleeps; tests and demos return at once.
	Wait func(context.Context, time.Duration) error
	// Jitter returns a random number from 0 to 1, for the pauses between attempts. Default: 0.
	Jitter func() float64
	// Env looks up the secrets that contracts and alerts name. Default: an empty environment.
	Env func(name string) string
	Log zerolog.Logger
	// User is the system user and Who the person it acts for, for the processing log. User defaults to
	// the numeric user id; Who may be empty.
	User, Who string
}

// SpaceShortage returns the free bytes, and a text if they are too few for a run.
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

// FreeSpace returns the free bytes on the disk of the data directory.
func (d Dir) FreeSpace() (int64, error) {
	if d.Free != nil {
		return d.Free(d.Path)
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.Path, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", d.Path, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert,gosec // the types differ by platform
}

// SpaceNeeded returns how many bytes must be free before a run begins, and what that is SpaceFactor times:
// the disk use of the last run that wrote anything, or the size of the inbox if that is larger. A first run
// counts as the inbox plus FirstRunSpace.
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
		return SpaceFactor * inbox, fmt.Sprintf("the estimate for a first run (%s)", SizeText(inbox)), nil
	case last.DiskUse.Used >= inbox:
		return SpaceFactor * last.DiskUse.Used, fmt.Sprintf("what run %s used (%s)", last.ID, SizeText(last.DiskUse.Used)), nil
	}
	return SpaceFactor * inbox, fmt.Sprintf("the size of the inbox (%s)", SizeText(inbox)), nil
}

// Within reports whether a path is a directory or lies in it.
func Within(path, dir string) bool {
	path, perr := filepath.Abs(path)
	dir, derr := filepath.Abs(dir)
	rel, err := filepath.Rel(dir, path)
	return perr == nil && derr == nil && err == nil && (rel == "." || filepath.IsLocal(rel) && !strings.HasPrefix(rel, ".."))
}

// CheckOutput returns an error unless out is a new file outside the data directory.
func CheckOutput(data, out string) error {
	if out == "" {
		return usage.Errorf("say where the file goes with --out FILE")
	}
	if Within(out, data) {
		return usage.Errorf("%s is inside the data directory; name a file elsewhere", out)
	}
	if _, err := os.Lstat(out); err == nil {
		return usage.Errorf("%s exists; name a new file", out)
	}
	return nil
}

// WriteNew writes a new file that only its owner can read.
func WriteNew(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return durable.SyncDir(filepath.Dir(path))
}

// Kinds of rewrites of the data directory.
const (
	Rotation = "rotation"
	Erasure  = "erasure"
)

// RewriteCommand returns the command that starts a kind of rewrite.
func RewriteCommand(kind string) string {
	if kind == Rotation {
		return "key rotate"
	}
	return "persoon wis"
}

// RewritePath returns the path of the journal of a rewrite.
func RewritePath(data string) string { return filepath.Join(data, "secrets", "rewrite.json") }

// CheckNoRewrite returns an error if a rewrite has changed some pseudonyms but not all.
func CheckNoRewrite(data string) error {
	text, err := os.ReadFile(RewritePath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var w struct {
		Kind     string `json:"kind"`
		Switched bool   `json:"switched"`
	}
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil {
		return fmt.Errorf("read the rewrite journal %s: %w; restore the data directory from a backup", RewritePath(data), err)
	}
	if !w.Switched {
		return nil
	}
	return usage.Errorf("a %s in %s is in progress or was interrupted; if no other inbeeld is running there, finish it with: inbeeld run", RewriteCommand(w.Kind), data)
}
