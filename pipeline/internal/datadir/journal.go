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

// Checkpoint notes a boundary of the run: tests kill it there.
func (j *Journal) Checkpoint(point string) {
	j.Measure()
	if j.Crash != nil {
		j.Crash(point)
	}
}

func (j *Journal) Advance(stage string, done, total int) {
	if j.Progress != nil {
		j.Progress(stage, done, total)
	}
}

// spill is the folder for what does not fit in memory, of this data directory alone.
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

func (j *Journal) Note(format string, args ...any) {
	text := pseudonym.Mask(fmt.Sprintf(format, args...), j.Path)
	j.Run.Notes = append(j.Run.Notes, text)
	j.Log.Warn().Msg(text)
}

// A Journal records a run as it goes: notes and disk use in the ledger, progress on the terminal.
type Journal struct {
	Dir
	// Run is the entry in the ledger; nil for a command that is no run.
	Run    *ledger.Run
	Ledger ledger.Ledger
	// Work is the scratch folder of the run.
	Work string
	// Progress, if set, is called as a stage advances.
	Progress func(stage string, done, total int)
	// Crash, if set, is called at every stage boundary, for tests that kill the run there.
	Crash func(at string)

	written writeCounter
}

// A roomMeter adds up what a run writes.
type writeCounter struct {
	mu      sync.Mutex
	written map[string]int64
}

// Wrote counts files that stay, under the folder that they are in. Those that are not there count for
// nothing.
func (j *Journal) Wrote(folder string, paths ...string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			j.add(folder, blocks(info))
		}
	}
}

// WroteNew is wrote for a file that may be shared with an earlier version.
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
	j.written.mu.Lock()
	defer j.written.mu.Unlock()
	if j.written.written == nil {
		j.written.written = map[string]int64{}
	}
	j.written.written[folder] += bytes
}

// Measure notes in the ledger of the run what it uses now, if that is more than before.
func (j *Journal) Measure() {
	if j.Run == nil || j.Run.DiskUse == nil {
		return
	}
	work, _, err := FolderSize(j.Work, nil)
	if err != nil {
		j.Log.Debug().Err(err).Msg("what the run uses is not measured here")
		return
	}
	j.written.mu.Lock()
	defer j.written.mu.Unlock()
	j.Run.DiskUse.Written = maps.Clone(j.written.written)
	for _, n := range j.written.written {
		work += n
	}
	j.Run.DiskUse.Used = max(j.Run.DiskUse.Used, work)
}

// checkRoom refuses a run for which the disk of the data directory is too full. It frees nothing:
// what may go is not for a run to say.
func (j *Journal) CheckSpace(ignore bool) error {
	free, lacks, err := j.SpaceShortage()
	if err != nil {
		return err
	}
	j.Run.DiskUse = &ledger.DiskUse{Free: free}
	switch {
	case lacks == "":
	case ignore:
		j.Log.Warn().Msg(lacks)
	default:
		return errors.New(lacks + "; make room, or run once with --ignore-room when you know that it fits (inbeeld status shows what takes room)")
	}
	return nil
}
