package publish

import (
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/mart"
)

// A Redefinition is a published mart that this project defines differently, or no longer.
type Redefinition struct {
	Mart string `json:"mart"`
	// Causes are the project files that changed, or "program"; empty if the mart is gone.
	Causes []string `json:"causes"`
	Gone   bool     `json:"gone,omitempty"`
}

// Redefinitions returns the published marts that this project defines differently.
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

// dropped reports whether a published file that this run does not write was removed from the project,
// rather than left out because person-level marts are no longer published.
func (s Settings) dropped(f mart.File) bool { return !f.Intern || s.Intern }
