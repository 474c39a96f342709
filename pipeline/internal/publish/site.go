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

// Redefinitions are the published marts that this project defines otherwise.
func (s Settings) Redefinitions(g *graph.Graph, old *mart.Manifest) []Redefinition {
	var changed []Redefinition
	now := map[string]*graph.Query{}
	for _, n := range s.publishing(g) {
		now[graph.MartPath(n)] = n
	}
	for _, f := range old.Files {
		switch n := now[f.Path]; {
		case n == nil && s.dropped(f):
			changed = append(changed, Redefinition{Mart: f.Mart, Causes: []string{}, Gone: true})
		case n == nil:
		default:
			if n.Basis.Version() != f.Definition {
				changed = append(changed, Redefinition{Mart: f.Mart, Causes: n.Basis.Causes(old)})
			}
		}
	}
	return changed
}

// leaves tells whether a published file that this run does not make goes for another reason than that
// person-level marts are no longer asked for.
func (s Settings) dropped(f mart.File) bool { return !f.Intern || s.Intern }

// publishing are the marts that a run publishes.
func (s Settings) publishing(g *graph.Graph) []*graph.Query {
	var marts []*graph.Query
	for _, n := range g.Order {
		if n.Model.Schema == "marts" && (!n.Model.Intern || s.Intern) {
			marts = append(marts, n)
		}
	}
	return marts
}

// PublishSettings say what is published, for whom, and where else.
type Settings struct {
	// Intern publishes person-level marts too, in a folder of their own.
	Intern bool
	// Group and InternGroup are the system groups that may read the marts, and the person-level ones;
	// "" is nobody but the owner.
	Group, InternGroup string
	// CSV publishes a CSV copy of each mart that is not intern, for spreadsheets.
	CSV bool
	// To is a folder, such as a share, or an object store that also receives what is published, except
	// person-level marts. Without a kind it is none.
	To contract.From
	// Keep is how many versions stay; 0 is 14.
	Keep int
}

// A Site is where a data directory publishes.
type Site struct {
	*datadir.Journal
	Store   mart.Store
	Modes   mart.Modes
	Publish Settings
}

// NewSite looks up the groups that may read.
func NewSite(j *datadir.Journal, settings Settings) (*Site, error) {
	modes, err := modesOf(settings)
	if err != nil {
		return nil, err
	}
	return &Site{Journal: j, Store: mart.Store{Dir: filepath.Join(j.Path, "marts")}, Modes: modes, Publish: settings}, nil
}

// ModesOf looks up the groups that may read.
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
			return modes, usage.Errorf("publish: there is no group %q on this system", g.Name)
		}
		gid, err := strconv.Atoi(found.Gid)
		if err != nil {
			return modes, usage.Errorf("publish: group %q has no number here", g.Name)
		}
		*g.Into = &gid
	}
	return modes, nil
}
