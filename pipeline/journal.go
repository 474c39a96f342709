package pipeline

import (
	"fmt"
	"path/filepath"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/pseudonym"
)

// at notes a boundary of the run: tests kill it there.
func (r *Journal) at(point string) {
	r.measure()
	if r.Crash != nil {
		r.Crash(point)
	}
}

func (r *Journal) progress(stage string, done, total int) {
	if r.Progress != nil {
		r.Progress(stage, done, total)
	}
}

// spill is the folder for what does not fit in memory, of this data directory alone.
func (r *Journal) spill() string {
	if r.Spill == "" {
		return filepath.Join(r.Work, "spill")
	}
	data, err := filepath.Abs(r.Path)
	if err != nil {
		data = r.Path
	}
	return filepath.Join(r.Spill, "inbeeld-"+fingerprint.Of(data)[:12])
}

func (r *Journal) note(format string, args ...any) {
	text := pseudonym.Mask(fmt.Sprintf(format, args...), r.Path)
	r.Run.Notes = append(r.Run.Notes, text)
	r.Log.Warn().Msg(text)
}
