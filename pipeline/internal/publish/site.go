package publish

import (
	"os/user"
	"path/filepath"
	"strconv"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/graph"
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
