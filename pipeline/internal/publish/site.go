package publish

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/contract"
)

// Settings say what is published, for whom, and where it is copied to.
type Settings struct {
	// Intern also publishes person-level marts, in folder intern.
	Intern bool
	// Group and InternGroup are the system groups that may read the marts and the person-level marts;
	// "" means only the owner.
	Group, InternGroup string
	// CSV publishes a CSV copy of each mart that is not intern, for spreadsheets.
	CSV bool
	// To is a folder, such as a share, or an object store that receives a copy of what is published,
	// except person-level marts. Without a kind there is no copy.
	To contract.From
	// Keep is the number of versions to keep; 0 means 14.
	Keep int
}

// A Site is where a data directory publishes.
type Site struct {
	*datadir.Journal
	Store   mart.Store
	Modes   mart.Modes
	Publish Settings
}

// NewSite returns the site of a data directory, after it has looked up the groups that may read.
func NewSite(j *datadir.Journal, settings Settings) (*Site, error) {
	modes, err := modesOf(settings)
	if err != nil {
		return nil, err
	}
	return &Site{Journal: j, Store: mart.Store{Dir: filepath.Join(j.Path, "marts")}, Modes: modes, Publish: settings}, nil
}

// modesOf looks up the groups that may read.
func modesOf(o Settings) (mart.Modes, error) {
	var modes mart.Modes
	for _, g := range []struct {
		Name string
		Into **int
	}{{o.Group, &modes.Group}, {o.InternGroup, &modes.InternGroup}} {
		if g.Name == "" {
			continue
		}
		found, err := user.LookupGroup(g.Name)
		if err != nil {
			return modes, usage.Errorf("publish: group %q does not exist on this system", g.Name)
		}
		gid, err := strconv.Atoi(found.Gid)
		if err != nil {
			return modes, usage.Errorf("publish: group %q has no numeric id on this system", g.Name)
		}
		*g.Into = &gid
	}
	return modes, nil
}

// publishing returns the marts that a run publishes.
func (s Settings) publishing(g *graph.Graph) []*graph.Query {
	var marts []*graph.Query
	for _, n := range g.Order {
		if n.Model.Schema == "marts" && (!n.Model.Intern || s.Intern) {
			marts = append(marts, n)
		}
	}
	return marts
}

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
