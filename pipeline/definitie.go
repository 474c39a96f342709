package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/mart"
)

// A basis is what decides the figures of a mart given the same deliveries, each part with its fingerprint:
// models, reference tables and contracts by the path of their file, the queries of checks by their name,
// and the program. Two with the same fingerprints make the same figures.
type basis map[string]string

// programPart names the program in a basis: how it loads, and how it computes.
const programPart = "program"

// version is the definitieversie.
func (b basis) version() string {
	parts := []string{"definitie"}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		parts = append(parts, name, b[name])
	}
	return fingerprint.Of(parts...)[:12]
}

// define gathers what each mart rests on.
func (b *Bound) define() {
	program := fingerprint.Of(fingerprint.Engine, strconv.Itoa(fingerprint.Loader))[:12]
	for _, n := range b.order {
		if n.model.Schema == "marts" {
			n.basis = basis{programPart: program}
			b.gather(n, n.basis)
		}
	}
}

func (b *Bound) gather(n *node, into basis) {
	name := n.name
	switch {
	case n.model != nil:
		name = n.model.Path
	case n.checking == nil: // a delivery, or what was set apart of it
		for _, source := range n.sources {
			b.gatherContract(source, into)
		}
		return
	}
	if _, seen := into[name]; seen {
		return
	}
	parts := []string{"query", n.definition(), fmt.Sprint(n.per), fmt.Sprint(n.peildata)}
	if n.model != nil {
		parts = append(parts, fmt.Sprint(n.model.Grain))
	}
	into[name] = fingerprint.Of(parts...)[:12]
	for _, r := range n.reads {
		switch r.kind {
		case readRaw:
			b.gatherContract(r.name, into)
		case readRef:
			ref := b.reference(r.name)
			into[ref.Path] = ref.Fingerprint()[:12]
		case readMeta: // tells of all deliveries, and of what the checks find
			for _, c := range b.Contracts {
				b.gatherContract(c.Name, into)
			}
			if r.name == findings {
				for _, check := range b.checks {
					b.gather(check, into)
				}
			}
		case readModel, readBefore, readYear:
			b.gather(b.node(r.name), into)
		}
	}
}

func (b *Bound) gatherContract(source string, into basis) {
	if c := b.Contract(source); c != nil {
		into[c.Path] = c.Fingerprint()[:12]
	}
}

// causes are the parts of a basis that are not those of a manifest. One of before definitions were kept was
// made by another program.
func (b basis) causes(old *mart.Manifest) []string {
	if len(old.Definitions) == 0 {
		return []string{programPart}
	}
	causes := []string{}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if old.Definitions[name] != b[name] {
			causes = append(causes, name)
		}
	}
	return causes
}

// A Redefinition is a mart whose definition is no longer that of what is published.
type Redefinition struct {
	Mart string `json:"mart"`
	// Causes are the project files that changed, or "program"; none when the mart is no longer there.
	Causes []string `json:"causes"`
	Gone   bool     `json:"gone,omitempty"`
}

// publishing are the marts that a run publishes.
func (r *runner) publishing() []*node {
	var marts []*node
	for _, n := range r.bound.order {
		if n.model.Schema == "marts" && (!n.model.Intern || r.Intern) {
			marts = append(marts, n)
		}
	}
	return marts
}

// redefinitions are the published marts that this project defines otherwise.
func (r *runner) redefinitions(old *mart.Manifest) []Redefinition {
	var changed []Redefinition
	now := map[string]*node{}
	for _, n := range r.publishing() {
		now[martPath(n)] = n
	}
	for _, f := range old.Files {
		switch n := now[f.Path]; {
		case n == nil && r.leaves(f):
			changed = append(changed, Redefinition{Mart: f.Mart, Causes: []string{}, Gone: true})
		case n == nil:
		default:
			if n.basis.version() != f.Definition {
				changed = append(changed, Redefinition{Mart: f.Mart, Causes: n.basis.causes(old)})
			}
		}
	}
	return changed
}

// leaves tells whether a published file that this run does not make goes for another reason than that
// person-level marts are no longer asked for.
func (r *runner) leaves(f mart.File) bool { return !f.Intern || r.Intern }
