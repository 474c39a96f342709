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

// at notes a boundary of the run: tests kill it there.
func (r *Journal) At(point string) {
	r.Measure()
	if r.Crash != nil {
		r.Crash(point)
	}
}

func (r *Journal) Advance(stage string, done, total int) {
	if r.Progress != nil {
		r.Progress(stage, done, total)
	}
}

// spill is the folder for what does not fit in memory, of this data directory alone.
func (r *Journal) SpillDir() string {
	if r.Spill == "" {
		return filepath.Join(r.Work, "spill")
	}
	data, err := filepath.Abs(r.Path)
	if err != nil {
		data = r.Path
	}
	return filepath.Join(r.Spill, "inbeeld-"+fingerprint.Of(data)[:12])
}

func (r *Journal) Note(format string, args ...any) {
	text := pseudonym.Mask(fmt.Sprintf(format, args...), r.Path)
	r.Run.Notes = append(r.Run.Notes, text)
	r.Log.Warn().Msg(text)
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

// wrote counts files that stay, under the folder that they are in. Those that are not there count for
// nothing.
func (r *Journal) Wrote(folder string, paths ...string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			r.add(folder, blocks(info))
		}
	}
}

// wroteNew is wrote for a file that may be shared with an earlier version.
func (r *Journal) WroteNew(folder, path string) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return
	}
	r.add(folder, blocks(info))
}

func (r *Journal) add(folder string, bytes int64) {
	r.written.mu.Lock()
	defer r.written.mu.Unlock()
	if r.written.written == nil {
		r.written.written = map[string]int64{}
	}
	r.written.written[folder] += bytes
}

// measure notes in the ledger of the run what it uses now, if that is more than before.
func (r *Journal) Measure() {
	if r.Run == nil || r.Run.Room == nil {
		return
	}
	work, _, err := FolderSize(r.Work, nil)
	if err != nil {
		r.Log.Debug().Err(err).Msg("what the run uses is not measured here")
		return
	}
	r.written.mu.Lock()
	defer r.written.mu.Unlock()
	r.Run.Room.Written = maps.Clone(r.written.written)
	for _, n := range r.written.written {
		work += n
	}
	r.Run.Room.Used = max(r.Run.Room.Used, work)
}

// checkRoom refuses a run for which the disk of the data directory is too full. It frees nothing:
// what may go is not for a run to say.
func (r *Journal) CheckSpace(ignore bool) error {
	free, lacks, err := r.LacksSpace()
	if err != nil {
		return err
	}
	r.Run.Room = &ledger.Room{Free: free}
	switch {
	case lacks == "":
	case ignore:
		r.Log.Warn().Msg(lacks)
	default:
		return errors.New(lacks + "; make room, or run once with --ignore-room when you know that it fits (inbeeld status shows what takes room)")
	}
	return nil
}
