package graph

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/mart"
)

// A basis has the fingerprint of everything besides deliveries that determines the figures of a mart: models,
// reference tables and contracts by path, check queries by name, and the program. Equal bases give equal
// figures.
type basis map[string]string

// programPart is the key of the program in a basis: its loader and engine versions.
const programPart = "program"

// Version returns the definitieversie.
func (b basis) Version() string {
	parts := []string{"definitie"}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		parts = append(parts, name, b[name])
	}
	return fingerprint.Of(parts...)[:12]
}

// setBases sets the basis of each mart.
func (g *Graph) setBases() {
	program := fingerprint.Of(fingerprint.EngineVersion, strconv.Itoa(fingerprint.LoaderVersion))[:12]
	for _, n := range g.Order {
		if n.Model.Schema == "marts" {
			n.Basis = basis{programPart: program}
			g.collect(n, n.Basis)
		}
	}
}

// collect adds a query, and everything below it, to a basis.
func (g *Graph) collect(n *Query, into basis) {
	name := n.Name
	switch {
	case n.Model != nil:
		name = n.Model.Path
	case n.Check == nil: // a delivery or its quarantine
		for _, source := range n.Sources {
			g.collectContract(source, into)
		}
		return
	}
	if _, seen := into[name]; seen {
		return
	}
	parts := []string{"query", n.Definition(), fmt.Sprint(n.Per), fmt.Sprint(n.Peildata)}
	if n.Model != nil {
		parts = append(parts, fmt.Sprint(n.Model.Grain))
	}
	into[name] = fingerprint.Of(parts...)[:12]
	for _, r := range n.Reads {
		switch r.Kind {
		case ReadRaw:
			g.collectContract(r.Name, into)
		case ReadRef:
			ref := g.Reference(r.Name)
			into[ref.Path] = ref.Fingerprint()[:12]
		case ReadMeta: // describes all deliveries, and perhaps findings
			for _, c := range g.Contracts {
				g.collectContract(c.Name, into)
			}
			if r.Name == Findings {
				for _, check := range g.Checks {
					g.collect(check, into)
				}
			}
		case ReadModel, ReadBefore, ReadYear:
			g.collect(g.lookup(r.Name), into)
		}
	}
}

func (g *Graph) collectContract(source string, into basis) {
	if c := g.Contract(source); c != nil {
		into[c.Path] = c.Fingerprint()[:12]
	}
}

// Causes returns the parts of a basis that differ from those in a manifest, sorted. A manifest without
// definitions was written by an older program.
func (b basis) Causes(old *mart.Manifest) []string {
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
