package datadir

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/pseudonym"
)

// Checkpoint measures disk use at a boundary of the run. Tests kill the run there.
func (j *Journal) Checkpoint(point string) {
	j.Measure()
	if j.Crash != nil {
		j.Crash(point)
	}
}

// Advance reports the progress of a stage.
func (j *Journal) Advance(stage string, done, total int) {
	if j.Progress != nil {
		j.Progress(stage, done, total)
	}
}

// SpillDir returns the folder for data that does not fit in memory. Data directories do not share it.
func (j *Journal) SpillDir() string {
	if j.Spill == "" {
		return filepath.Join(j.Work, "spill")
	}
	data, err := filepath.Abs(j.Path)
	if err != nil {
		data = j.Path
	}
	return filepath.Join(j.Spill, "inbeeld-"+fingerprint.Of(data)[:12])
}

// Note masks BSNs in a text, adds it to the ledger and logs it as a warning.
func (j *Journal) Note(format string, args ...any) {
	text := pseudonym.Mask(fmt.Sprintf(format, args...), j.Path)
	j.Run.Notes = append(j.Run.Notes, text)
	j.Log.Warn().Msg(text)
}

// A Journal records a run: notes and disk use in the ledger, progress on the terminal.
type Journal struct {
	Dir
	// Run is the entry in the ledger; nil for other commands.
	Run    *ledger.Run
	Ledger ledger.Ledger
	// Work is the scratch folder of the run.
	Work string
	// Progress, if set, is called as a stage advances.
	Progress func(stage string, done, total int)
	// Crash, if set, is called at every checkpoint, for tests that kill the run there.
	Crash func(at string)

	mu      sync.Mutex
	written map[string]int64 // bytes by folder
}

// Wrote counts files that a run adds to a folder. Missing files count as 0.
func (j *Journal) Wrote(folder string, paths ...string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			j.add(folder, blocks(info))
		}
	}
}

// WroteNew is Wrote for a file that counts as 0 if it is a hard link into an earlier version.
func (j *Journal) WroteNew(folder, path string) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return
	}
	j.add(folder, blocks(info))
}

func (j *Journal) add(folder string, bytes int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.written == nil {
		j.written = map[string]int64{}
	}
	j.written[folder] += bytes
}

// Measure records the disk use of the run in the ledger, if it is the highest so far.
func (j *Journal) Measure() {
	if j.Run == nil || j.Run.DiskUse == nil {
		return
	}
	work, _, err := FolderSize(j.Work, nil)
	if err != nil {
		j.Log.Debug().Err(err).Msg("disk use not measured")
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.Run.DiskUse.Written = maps.Clone(j.written)
	for _, n := range j.written {
		work += n
	}
	j.Run.DiskUse.Used = max(j.Run.DiskUse.Used, work)
}

// CheckSpace returns an error if the disk has too little free space for a run, and only logs it if ignore
// is set. It removes nothing.
func (j *Journal) CheckSpace(ignore bool) error {
	free, shortage, err := j.SpaceShortage()
	if err != nil {
		return err
	}
	j.Run.DiskUse = &ledger.DiskUse{Free: free}
	switch {
	case shortage == "":
	case ignore:
		j.Log.Warn().Msg(shortage)
	default:
		return errors.New(shortage + "; free some space (inbeeld status shows what uses it), or run once with --ignore-room if you know that it fits")
	}
	return nil
}
