package graph

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

// Version is the definitieversie.
func (b basis) Version() string {
	parts := []string{"definitie"}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		parts = append(parts, name, b[name])
	}
	return fingerprint.Of(parts...)[:12]
}

// define gathers what each mart rests on.
func (b *Graph) define() {
	program := fingerprint.Of(fingerprint.EngineVersion, strconv.Itoa(fingerprint.LoaderVersion))[:12]
	for _, n := range b.Order {
		if n.Model.Schema == "marts" {
			n.Basis = basis{programPart: program}
			b.gather(n, n.Basis)
		}
	}
}

func (b *Graph) gather(n *Query, into basis) {
	name := n.Name
	switch {
	case n.Model != nil:
		name = n.Model.Path
	case n.Check == nil: // a delivery, or what was set apart of it
		for _, source := range n.Sources {
			b.gatherContract(source, into)
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
			b.gatherContract(r.Name, into)
		case ReadRef:
			ref := b.Reference(r.Name)
			into[ref.Path] = ref.Fingerprint()[:12]
		case ReadMeta: // tells of all deliveries, and of what the checks find
			for _, c := range b.Contracts {
				b.gatherContract(c.Name, into)
			}
			if r.Name == Findings {
				for _, check := range b.Checks {
					b.gather(check, into)
				}
			}
		case ReadModel, ReadBefore, ReadYear:
			b.gather(b.node(r.Name), into)
		}
	}
}

func (b *Graph) gatherContract(source string, into basis) {
	if c := b.Contract(source); c != nil {
		into[c.Path] = c.Fingerprint()[:12]
	}
}

// Causes are the parts of a basis that are not those of a manifest. One of before definitions were kept was
// made by another program.
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
