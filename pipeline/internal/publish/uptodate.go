package publish

import (
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
)

// UpToDate reports whether the published version is what this run would publish. It also returns the
// fingerprint of what the run reads.
func (s *Site) UpToDate(b *intake.Book) (same bool, inputs string) {
	state := b.State()
	parts := []string{"inputs", fingerprint.Program, fingerprint.EngineVersion, b.Project.Fingerprint, b.Key.Fingerprint(), fmt.Sprint(s.Publish.Intern, s.Publish.CSV), s.Publish.Group, s.Publish.InternGroup}
	for _, d := range b.InScope() {
		standing, _ := state.Standing(d.Source, d.ID)
		n := d.Newest()
		parts = append(parts, d.Source, d.ID, string(standing.Status), fmt.Sprint(standing.Reasons), n.File, n.Modified.UTC().String(), b.Loads[lake.Key(d.Source, d.ID)].Fingerprint)
	}
	inputs = fingerprint.Of(parts...)
	version, m, err := s.Store.Current()
	if err != nil || version == "" || m.Inputs != inputs {
		return false, inputs
	}
	st, err := s.Store.ReadStatus()
	if err != nil || st == nil || st.Version != version || (st.Outcome != mart.Published && st.Outcome != mart.NothingToDo) {
		return false, inputs
	}
	if _, err := os.Stat(filepath.Join(s.Path, "warehouse.duckdb")); err != nil {
		return false, inputs
	}
	return s.Store.Complete(version, *m) == nil, inputs
}
