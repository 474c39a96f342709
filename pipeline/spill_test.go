package pipeline

import (
	"os"
	"path/filepath"
	"testing"
)

// A run may spill in another place; what a killed run left there goes, and nothing stays behind.
func TestSpillElsewhere(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.create(t)
	n.first(t)
	o := nightOptions(n.data, n.project)
	o.Spill = t.TempDir()
	left := (&Journal{Dir: o.Dir}).spill()
	nightWrite(t, filepath.Join(left, "models", "left.tmp"), "x")
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(o.Spill)
	if err != nil || len(entries) > 0 {
		t.Errorf("the spill directory holds %v, %v", entries, err)
	}
}
